"""The front page with the form and the latest editions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from digest.app.parts import App
from digest.app.reading import latest
from digest.web.guards import route
from digest.web.pages import Pages
from digest.web.subscribing import FRONT, empty_form

ON_FRONT: Final = 3


@dataclass(frozen=True, slots=True)
class Front:
    """`/` and `/healthz`."""

    app: App
    pages: Pages

    def routes(self) -> list[Route]:
        """The paths answered here."""
        return [
            route("/", self.front),
            route("/healthz", self.health),
        ]

    def front(self, _request: Request) -> Response:
        """The newsletter in one screen."""
        filled = empty_form(self.app, self.pages, FRONT)
        editions = latest(self.app, ON_FRONT)
        return self.pages.show("front", public=True, filled=filled, editions=editions)

    def health(self, _request: Request) -> Response:
        """For monitors: this process answers."""
        return PlainTextResponse("ok")
