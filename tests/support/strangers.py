"""Requests as strangers send them, put to the web application just as the server would put them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import islice
from typing import Any
from urllib.parse import unquote

from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message

EVIL = "evil.example"
ELEMENT = "x1y2z3"  # that no page of ours has

# How an address of ours begins: a path of this site, a place on the page, or what asks nobody.
_OURS = re.compile(r"(/(?![/\\])|#|\?|mailto:|data:image/|data:,$|$)")
_ADDRESSES = {"href", "src", "action", "formaction", "poster", "data", "srcset"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request; `target` is the path and query as they come over the wire."""

    method: str
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    client: tuple[str, int] | None = ("192.0.2.7", 50000)

    def scope(self) -> dict[str, Any]:
        """As uvicorn makes it: the path is decoded, everything else stays bytes."""
        path, _, query = self.target.partition(b"?")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
            "client": self.client,
            "scheme": "http",
            "method": self.method,
            "root_path": "",
            "path": unquote(path.decode("ascii")),
            "raw_path": path,
            "query_string": query,
            "headers": [(name.lower(), value) for name, value in self.headers],
            "state": {},
        }


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The header `name`, which stands there once at most."""
        values = [value for key, value in self.headers if key.lower() == name]
        assert len(values) <= 1, f"{name} stands there {len(values)} times"
        return values[0] if values else None


class Stranger:
    """Asks an application, one request after the other; whatever it raises comes through."""

    def __init__(self, application: ASGIApp) -> None:
        """Used as `with Stranger(…) as stranger`."""
        self._application = application
        self._runner = asyncio.Runner()

    def __enter__(self) -> Stranger:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.close()

    def ask(self, every: Iterable[Asked]) -> Iterator[tuple[Asked, Answered]]:
        """Each request with its answer; a hundred at a time, since every start costs the server a thread."""
        rest = iter(every)
        while batch := list(islice(rest, 100)):
            yield from zip(batch, self._runner.run(self._ask_all(batch)), strict=True)

    async def _ask_all(self, batch: list[Asked]) -> list[Answered]:
        return [await self._ask(asked) for asked in batch]

    async def _ask(self, asked: Asked) -> Answered:
        sent: list[Message] = []
        arriving: list[Message] = [{"type": "http.request", "body": asked.body, "more_body": False}]

        async def receive() -> Message:
            return arriving.pop() if arriving else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        await self._application(asked.scope(), receive, send)
        start, *rest = sent
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
        return Answered(start["status"], tuple(headers), b"".join(piece.get("body", b"") for piece in rest))


def templates(routes: Iterable[BaseRoute], method: str = "GET", above: str = "") -> Iterator[str]:
    """The path of every route for a method as it was written, `/archive/{key}`, those of mounted ones too."""
    for route in routes:
        if isinstance(route, Mount):
            yield from templates(route.routes, method, above + route.path)
        elif isinstance(route, Route) and method in (route.methods or ()):
            yield above + route.path


def filled(template: str, part: bytes) -> bytes:
    """The path with `part` in place of what varies."""
    return re.sub(rb"\{\w+(:\w+)?\}", lambda _: part, template.encode())


def complaints(asked: Asked, answered: Answered, ours: Sequence[str]) -> list[str]:
    """What is wrong with an answer, whatever was asked; `ours` are the beginnings of links that are right."""
    found = [*_of_status(answered), *_of_headers(answered), *_of_body(answered, ours)]
    known = b"".join([asked.target, asked.body])
    said = answered.body.decode("utf-8", "replace") + str(answered.headers)
    if EVIL in said and EVIL.encode() not in known:
        found.append("a header of the request is repeated")
    return [f"{complaint}: {asked.method} {asked.target[:200]!r}" for complaint in found]


def _of_status(answered: Answered) -> Iterator[str]:
    if answered.status >= 500 or answered.status < 200:
        yield f"status {answered.status}"


def _of_headers(answered: Answered) -> Iterator[str]:
    policy = answered.header("content-security-policy") or ""
    if (
        "default-src 'none'" not in policy
        or "frame-ancestors" not in policy
        or "base-uri 'none'" not in policy
    ):
        yield f"policy {policy!r}"
    if "script" in policy:
        yield "scripts are let in"
    for name, value in (("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer")):
        if answered.header(name) != value:
            yield f"no {name}: {value}"
    if "max-age=" not in (answered.header("strict-transport-security") or ""):
        yield "no strict-transport-security"
    if answered.header("set-cookie") is not None:
        yield "a cookie"
    if not _OURS.match(answered.header("location") or ""):
        yield f"sent elsewhere: {answered.header('location')}"
    if any(character in value for _, value in answered.headers for character in "\r\n\0"):
        yield "a header of two lines"


def _of_body(answered: Answered, ours: Sequence[str]) -> Iterator[str]:
    kind = answered.header("content-type") or ""
    if answered.body and not kind:
        yield "no content-type"
    if not kind.startswith("text/html"):
        return
    page = _Page()
    page.feed(answered.body.decode("utf-8"))
    if page.elements & {ELEMENT, "script"}:
        yield "markup of a stranger, or a script"
    if handlers := {name for name, _ in page.attributes if name.startswith("on")}:
        yield f"attributes {handlers}"
    for name, value in page.attributes:
        if name in _ADDRESSES and not _OURS.match(value) and not value.startswith(tuple(ours)):
            yield f"a link to {value[:100]}"


class _Page(HTMLParser):
    """The elements of a page, and every attribute with its value."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep them."""
        self.elements.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
