"""The front page with the form and the latest editions, and the small files around it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from digest.app.parts import App
from digest.errors import NotFound
from digest.web.archive import latest
from digest.web.guards import PUBLIC, route
from digest.web.pages import Pages

ON_FRONT: Final = 3
ASSET: Final = re.compile(r"[A-Za-z0-9_-]+\.(css|png|jpg|svg|ico)")


@dataclass(frozen=True, slots=True)
class Front:
    """`/`, `/static/…` and `/healthz`."""

    app: App
    pages: Pages

    def routes(self) -> list[Route]:
        """The paths answered here."""
        return [
            route("/", self.front),
            route("/static/{name}", self.asset),
            route("/healthz", self.health),
        ]

    def front(self, _request: Request) -> Response:
        """The newsletter in one screen."""
        return self.pages.show("front", public=True, editions=latest(self.app, ON_FRONT))

    def asset(self, request: Request) -> Response:
        """A style sheet or picture of the pages; raises NotFound."""
        name = request.path_params["name"]
        file = self.pages.asset(name) if ASSET.fullmatch(name) else None
        if file is None:
            raise NotFound("there is no such file")
        return FileResponse(file, headers=PUBLIC)

    def health(self, _request: Request) -> Response:
        """For monitors: this process answers."""
        return PlainTextResponse("ok")
