"""What holds for every page of the readers: how much may be posted, which headers, which methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Scope

from digest.serving.failures import bare_page, log_failure
from digest.serving.gate import Gate

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

# Title and sentence of the plain pages, by status.
SAID: Final[Mapping[int, tuple[str, str]]] = {
    408: ("That took too long", "Please try again."),
    413: ("That was too much", "Nothing here needs more than a few words."),
    500: ("Something went wrong here", "Please try again in a minute."),
}

Endpoint = Callable[[Request], Response]


def route(path: str, get: Endpoint, post: Endpoint | None = None) -> Route:
    """A path that shows by GET and HEAD and acts, if at all, by POST; other methods get 405."""

    def answer(request: Request) -> Response:
        return post(request) if post and request.method == "POST" else get(request)

    return Route(path, answer, methods=["GET", "POST"] if post else ["GET"])


class Guard(Gate):
    """Small bodies, the headers above, and plain pages where something goes wrong."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        """`secure`: readers come by https, and browsers shall remember that."""
        headers = {**HEADERS, **(HSTS if secure else {})}
        super().__init__(app, headers=headers, limit=BODY_LIMIT, seconds=BODY_SECONDS)

    def refusal(self, scope: Scope) -> Response | None:
        """None: these pages are for everybody."""
        return None

    def answer_for(self, status: int) -> Response:
        """A plain page."""
        return bare_page(status, *SAID[status])

    def log(self, error: Exception) -> None:
        """Keep what nobody expected."""
        log_failure(error, "a page could not be answered", "web.failed")
