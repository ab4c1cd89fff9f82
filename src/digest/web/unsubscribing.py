"""The unsubscribe link: a page with one button for people, RFC 8058 one-click for their mail programs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from digest.app import readers
from digest.app.parts import App
from digest.errors import InvalidToken
from digest.tokens import Purpose
from digest.web.forms import fields, is_url_encoded
from digest.web.guards import route
from digest.web.pages import Pages

BUTTON: Final = ("button", "leave")
BY_PAGE: Final = "the unsubscribe page"
BY_ONE_CLICK: Final = "one-click unsubscribe"


@dataclass(frozen=True, slots=True)
class Unsubscribing:
    """`/unsubscribe/{token}`, and `/unsubscribe` for those who come without their link."""

    app: App
    pages: Pages

    def routes(self) -> list[Route]:
        """The paths answered here."""
        return [
            route("/unsubscribe", self.explain),
            route("/unsubscribe/{token}", self.ask, self.act),
        ]

    def explain(self, _request: Request) -> Response:
        """Where everybody finds their own link; the archive leads here."""
        return self.pages.show("leaving")

    def ask(self, request: Request) -> Response:
        """The button, or that it needs none any more; changes nothing, since scanners open every link."""
        token = request.path_params["token"]
        self._check(token)
        with suppress(InvalidToken):
            if readers.check_unsubscribe(self.app, token):
                return self.pages.show("unsubscribe")
        return self.pages.show("left")

    def act(self, request: Request) -> Response:
        """The person leaves. Whatever is not our own button is one-click: no body is wrong."""
        token, by_button = request.path_params["token"], _is_button(request)
        self._check(token)
        with suppress(InvalidToken):
            readers.unsubscribe(self.app, token, source=BY_PAGE if by_button else BY_ONE_CLICK)
        return self.pages.show("left") if by_button else PlainTextResponse("You are unsubscribed.\n")

    def _check(self, token: str) -> None:
        """Raise InvalidToken unless the link is ours; that its person was erased since is no error."""
        self.app.keyring.read(token, Purpose.UNSUBSCRIBE, self.app.clock.now())


def _is_button(request: Request) -> bool:
    name, value = BUTTON
    return is_url_encoded(request) and fields(request).get(name) == value
