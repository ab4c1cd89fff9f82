"""Who may talk to the desk: this machine's browser, opened by the person who started it, and nobody else.

Everything lies below a secret path, which only the opened address holds: that keeps out other people on the
same machine, and other sites in the same browser. A cookie would not do: it goes to every port of a host.
Host (DNS rebinding) and Origin are asked besides.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from digest.desk.answers import log_desk_failure, problem
from digest.serving.failures import bare_page
from digest.serving.gate import Gate

HOSTS: Final = ("127.0.0.1", "localhost")
USUAL_PORT: Final = 80
BODY_LIMIT: Final = 1024 * 1024
BODY_SECONDS: Final = 20

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "frame-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

# What the page is told, by status.
SAID: Final[Mapping[int, tuple[str, str]]] = {
    408: ("bad", "that took too long to arrive; try again"),
    413: ("bad", "that was too much text"),
    500: ("failed", "something went wrong here; the terminal says where"),
}


class Guard(Gate):
    """Lets in who knows the secret, and refuses everybody else."""

    def __init__(self, app: ASGIApp, *, secret: str) -> None:
        """The desk lies below `/{secret}/`; `app` knows nothing of that."""
        super().__init__(_below(app), headers=HEADERS, limit=BODY_LIMIT, seconds=BODY_SECONDS)
        self._secret = secret

    def answer_for(self, status: int) -> Response:
        """A problem that the page shows."""
        return problem(*SAID[status], status)

    def log(self, error: Exception) -> None:
        """Keep what nobody expected."""
        log_desk_failure(error)

    def refusal(self, scope: Scope) -> Response | None:
        """What strangers and other sites are told; None for a request that may pass."""
        request = Request(scope)
        host = request.headers.get("host", "")
        if host not in _hosts(scope["server"][1]):
            return problem("refused", "this address belongs to somebody else", 403)
        secret, below, _ = _parted(scope["path"])
        if not below or not _same(secret, self._secret):
            return _stranger(request)
        return (
            _from_elsewhere(request.headers, host) if request.method != "GET" else _embedded(request.headers)
        )


def _below(app: ASGIApp) -> ASGIApp:
    """The application as if it stood at the root."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            _, _, path = _parted(scope["path"])
            scope = {**scope, "path": f"/{path}", "raw_path": f"/{path}".encode()}
        await app(scope, receive, send)

    return answer


def _parted(path: str) -> tuple[str, str, str]:
    """The secret, the slash behind it, and what is asked for."""
    return path.removeprefix("/").partition("/")


def _hosts(port: int) -> set[str]:
    """What browsers call us; they leave the usual port out."""
    return {name if port == USUAL_PORT else f"{name}:{port}" for name in HOSTS}


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _stranger(request: Request) -> Response:
    if "/api/" in request.url.path:
        return problem("stranger", "this desk was closed or opened anew; start `digest preview` again", 401)
    sentence = "Open the address that <code>digest preview</code> printed: it holds the key to this page."
    return bare_page(401, "The desk is locked", sentence)


def _from_elsewhere(headers: Headers, host: str) -> Response | None:
    """A refusal for what another site's page could send: a form, or a script's request."""
    if headers.get("origin") != f"http://{host}":
        return problem("refused", "this did not come from the desk's own page", 403)
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return problem("bad", "expected JSON", 415)
    return None


def _embedded(headers: Headers) -> Response | None:
    """A refusal for what another site loads into itself; opening the desk from there is fine."""
    site, mode = headers.get("sec-fetch-site", "same-origin"), headers.get("sec-fetch-mode", "")
    if site in ("same-origin", "none") or (
        mode == "navigate" and headers.get("sec-fetch-dest") == "document"
    ):
        return None
    return problem("refused", "this did not come from the desk's own page", 403)
