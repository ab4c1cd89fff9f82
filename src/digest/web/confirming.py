"""The confirm link: a page with one button; only pressing it subscribes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.app import readers
from digest.app.parts import App
from digest.web.guards import route
from digest.web.pages import Pages

SOURCE: Final = "the confirm link"


@dataclass(frozen=True, slots=True)
class Confirming:
    """`/confirm/{token}`."""

    app: App
    pages: Pages

    def routes(self) -> list[Route]:
        """The paths answered here."""
        return [route("/confirm/{token}", self.ask, self.act)]

    def ask(self, request: Request) -> Response:
        """The button, and the words it agrees to; changes nothing, since scanners open every link."""
        readers.check_confirm(self.app, request.path_params["token"])
        return self.pages.show("confirm")

    def act(self, request: Request) -> Response:
        """The person says yes; saying it twice is fine."""
        token, wording = request.path_params["token"], self.pages.wording()
        readers.confirm(self.app, token, source=SOURCE, wording=wording)
        return self.pages.show("confirmed")
