"""Who may talk to the desk: this machine's browser, opened by the person who started it, and nobody else.

Other web sites in the same browser are kept out by Host (DNS rebinding), Origin and `SameSite`; other people
on the same machine by a secret that only the opened address holds.
"""

from __future__ import annotations

import hmac
import html
import secrets
from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Scope

from digest.desk.answers import log_desk_failure, problem
from digest.serving.failures import bare_page
from digest.serving.gate import Gate

HOSTS: Final = ("127.0.0.1", "localhost")
BODY_LIMIT: Final = 1024 * 1024
BODY_SECONDS: Final = 20
ENTER: Final = "/enter/"

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
    """Lets in who has the cookie, hands it to who has the secret, and refuses everybody else."""

    def __init__(self, app: ASGIApp, *, secret: str) -> None:
        """`secret` is what the opened address holds; the cookie's value is another one."""
        super().__init__(app, headers=HEADERS, limit=BODY_LIMIT, seconds=BODY_SECONDS)
        self._secret = secret
        self._pass = secrets.token_urlsafe(32)

    def answer_for(self, status: int) -> Response:
        """A problem that the page shows."""
        return problem(*SAID[status], status)

    def log(self, error: Exception) -> None:
        """Keep what nobody expected."""
        log_desk_failure(error)

    def refusal(self, scope: Scope) -> Response | None:
        """What strangers and other sites are told; None for a request that may pass."""
        request = Request(scope)
        port = scope["server"][1]
        host = request.headers.get("host", "")
        if host not in {f"{name}:{port}" for name in HOSTS}:
            return problem("refused", "this address belongs to somebody else", 403)
        if request.url.path.startswith(ENTER):
            return self._enter(request, port)
        if not _same(request.cookies.get(_cookie(port), ""), self._pass):
            return _stranger(request)
        return (
            _from_elsewhere(request.headers, host) if request.method != "GET" else _embedded(request.headers)
        )

    def _enter(self, request: Request, port: int) -> Response:
        if request.method != "GET" or not _same(request.url.path.removeprefix(ENTER), self._secret):
            return _stranger(request)
        # Not a redirect: where another site holds the link, a browser would leave a strict cookie behind.
        key = request.query_params.get("key", "")
        goal = html.escape(f"/?key={key}" if key.replace("-", "").isalnum() else "/")
        page = bare_page(200, "The desk is open", f'<a href="{goal}">Go on to it</a>', goal)
        page.set_cookie(_cookie(port), self._pass, path="/", httponly=True, samesite="strict")
        return page


def _cookie(port: int) -> str:
    """Cookies know no ports, and two desks may be open at once."""
    return f"digest-desk-{port}"


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _stranger(request: Request) -> Response:
    if request.url.path.startswith("/api/"):
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
