"""The link that confirms a new address: a page with one button, and what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.app import moving, preferring
from digest.app.moving import Change
from digest.app.parts import App
from digest.errors import Conflict, ExpiredToken
from digest.tokens import Purpose
from digest.web.guards import route
from digest.web.pages import Pages

SOURCE: Final = "the link to the new address"


@dataclass(frozen=True, slots=True)
class Moving:
    """`/change/{token}`."""

    app: App
    pages: Pages

    def routes(self) -> list[Route]:
        """The paths answered here."""
        return [route("/change/{token}", self.ask, self.act)]

    def ask(self, request: Request) -> Response:
        """The button; changes nothing, since scanners open every link."""
        token = request.path_params["token"]
        try:
            return self._page(moving.check_change(self.app, token))
        except (ExpiredToken, Conflict) as error:
            return self._spent(token, error)

    def act(self, request: Request) -> Response:
        """The owner of the new address has said yes."""
        token = request.path_params["token"]
        try:
            return self._page(moving.change(self.app, token, source=SOURCE))
        except (ExpiredToken, Conflict) as error:
            return self._spent(token, error)

    def _page(self, change: Change) -> Response:
        self.pages.speak(change.language)
        return self.pages.show("changed" if change.done else "change", address=change.address)

    def _spent(self, token: str, error: ExpiredToken | Conflict) -> Response:
        self.pages.speak(preferring.language_of(self.app, token, Purpose.CHANGE))
        return self.pages.show("spent", 410 if isinstance(error, ExpiredToken) else 409)
