"""What holds for every page of the readers: how much may be posted, which headers, which methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from digest.serving.failures import log_failure
from digest.serving.gate import Gate
from digest.web.speaking import asking

BODY_LIMIT: Final = 64 * 1024
BODY_SECONDS: Final = 20

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


def policy(pictures: str = "") -> str:
    """The Content-Security-Policy of our pages; `pictures` is an origin that the logo comes from."""
    return POLICY.replace("img-src 'self'", f"img-src 'self' {pictures}".rstrip())


class Guard(Gate):
    """Small bodies, the headers above, and pages of ours where something goes wrong."""

    def __init__(
        self, app: ASGIApp, *, secure: bool, page: Callable[[int], Response], pictures: str = ""
    ) -> None:
        """`secure`: readers come by https, and browsers shall remember that; `page` shows a failure."""
        headers = {**HEADERS, "Content-Security-Policy": policy(pictures), **(HSTS if secure else {})}
        super().__init__(app, headers=headers, limit=BODY_LIMIT, seconds=BODY_SECONDS)
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, in the language it asks for."""
        with asking(scope):
            await super().__call__(scope, receive, send)

    def refusal(self, scope: Scope) -> Response | None:
        """None: these pages are for everybody."""
        return None

    def answer_for(self, status: int) -> Response:
        """A page in our frame."""
        return self._page(status)

    def log(self, error: Exception) -> None:
        """Keep what nobody expected."""
        log_failure(error, "a page could not be answered", "web.failed")
