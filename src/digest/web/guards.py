"""What stands between the network and every page: small bodies, safe headers, no details of failures."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Mapping
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digest.logs import get_logger

BODY_LIMIT: Final = 64 * 1024
BODY_SECONDS: Final = 20
BODY: Final = "digest.body"

POLICY: Final = (
    "default-src 'none'; style-src 'self'; form-action 'self'; img-src 'self' data:; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# Private unless a page says otherwise: most of them have a token in their address.
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}
PUBLIC: Final[Mapping[str, str]] = {"Cache-Control": "public, max-age=300", "X-Robots-Tag": "all"}
HSTS: Final = {"Strict-Transport-Security": "max-age=31536000"}

Endpoint = Callable[[Request], Response]


def route(path: str, get: Endpoint, post: Endpoint | None = None) -> Route:
    """A path that shows by GET and HEAD and acts, if at all, by POST; other methods get 405."""

    def answer(request: Request) -> Response:
        return post(request) if post and request.method == "POST" else get(request)

    return Route(path, answer, methods=["GET", "POST"] if post else ["GET"])


def body_of(request: Request) -> bytes:
    """The whole body, which the guard has read already."""
    body: bytes = request.scope[BODY]
    return body


class Guard:
    """Reads bodies within limits, adds headers to responses, and turns failures into a plain 500."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        """`secure`: readers come by https, and browsers shall remember that."""
        self._app = app
        self._headers = {**HEADERS, **(HSTS if secure else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        out = _Sender(send, self._headers)
        try:
            await self._answer(scope, receive, out)
        except Exception as error:
            _log(error)
            if out.started:
                raise
            await _plain(500, "Something went wrong here", "Please try again in a minute.")(
                scope, receive, out
            )

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _read(receive)
        except TimeoutError:
            await _plain(408, "That took too long", "Please try again.")(scope, receive, send)
            return
        if body is None:  # the other side hung up half-way: nothing was asked
            return
        if len(body) > BODY_LIMIT:
            await _plain(413, "That was too much", "Nothing here needs more than a few words.")(
                scope, receive, send
            )
            return
        await self._app({**scope, BODY: body}, receive, send)


class _Sender:
    """`send`, adding the headers that a response does not set itself."""

    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        self._send = send
        self._headers = headers
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
        await self._send(message)


async def _read(receive: Receive) -> bytes | None:
    """The body, or as much of it as shows that it is too large; None when the client is gone."""
    body = b""
    while len(body) <= BODY_LIMIT:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return body


def _plain(status: int, title: str, sentence: str) -> Response:
    """A page that needs no template, for when templates may be what is broken."""
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><h1>{title}</h1><p>{sentence}</p></html>"
    )
    return HTMLResponse(page, status)


def _log(error: Exception) -> None:
    """Kind and place only: the words of a database error hold addresses, those of others may."""
    frames = traceback.extract_tb(error.__traceback__)
    trace = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    kind = type(error).__name__
    get_logger().error("a page could not be answered", action="web.failed", error=kind, trace=trace)
