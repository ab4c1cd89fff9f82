"""The link to one's own data: a page with one button, and the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.app import dossier, preferring
from digest.app.parts import App
from digest.errors import ExpiredToken
from digest.tokens import LIFETIMES, Purpose
from digest.web.guards import route
from digest.web.pages import Pages

FILE: Final[Mapping[str, str]] = {
    "Content-Type": "application/json; charset=utf-8",
    "Content-Disposition": 'attachment; filename="my-data.json"',
}


@dataclass(frozen=True, slots=True)
class MyData:
    """`/data/{token}`: a button, so that scanners of mail do not take the file along."""

    app: App
    pages: Pages

    def routes(self) -> list[Route]:
        """The paths answered here."""
        return [route("/data/{token}", self.ask, self.download)]

    def ask(self, request: Request) -> Response:
        """The button."""
        try:
            self.pages.speak(dossier.check_data(self.app, request.path_params["token"]))
        except ExpiredToken:
            return self._spent(request)
        return self.pages.show("data", span=LIFETIMES[Purpose.DATA])

    def download(self, request: Request) -> Response:
        """The file; nothing is changed by it."""
        try:
            held = dossier.my_data(self.app, request.path_params["token"])
        except ExpiredToken:
            return self._spent(request)
        return Response(json.dumps(held, ensure_ascii=False, indent=2), headers=FILE)

    def _spent(self, request: Request) -> Response:
        self.pages.speak(preferring.language_of(self.app, request.path_params["token"], Purpose.DATA))
        return self.pages.show("spent", 410)
