"""The confirm link: a page with one button; only pressing it subscribes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.app import readers
from digest.app.admitting import Visitor
from digest.app.parts import App
from digest.audience.joining import Link
from digest.audience.limits import TooMany
from digest.errors import ExpiredToken
from digest.web.clients import client_of
from digest.web.forms import fields
from digest.web.guards import route
from digest.web.pages import Pages
from digest.web.subscribing import later

SOURCE: Final = "the confirm link"
AGAIN: Final = ("button", "again")


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
        return self._void(request) or self.pages.show("confirm")

    def act(self, request: Request) -> Response:
        """The person says yes, and twice is fine; or, on the page of a void link, asks for a new one."""
        name, value = AGAIN
        if fields(request).get(name) == value:
            return self._send_another(request)
        return self._void(request) or self._confirm(request)

    def _void(self, request: Request) -> Response | None:
        """The page of a link that confirms nothing, or nothing any more; raises InvalidToken."""
        try:
            link = readers.check_confirm(self.app, request.path_params["token"])
        except ExpiredToken:
            return self.pages.show("confirm_again", 410, expired=True)
        match link:
            case Link.DONE:
                return self.pages.show("confirmed")
            case Link.OLD:
                return self.pages.show("confirm_again", 409, expired=False)
            case Link.BARRED:
                return self.pages.show("barred", 409)
        return None

    def _confirm(self, request: Request) -> Response:
        token, wording = request.path_params["token"], self.pages.wording()
        readers.confirm(self.app, token, source=SOURCE, wording=wording, client=self._client(request))
        return self.pages.show("confirmed")

    def _send_another(self, request: Request) -> Response:
        """By mail, to the address that this one was mailed to: so it brings in nobody else."""
        token, wording = request.path_params["token"], self.pages.wording()
        visitor = Visitor(self._client(request))
        try:
            readers.ask_again(self.app, token, source=SOURCE, wording=wording, visitor=visitor)
        except TooMany as error:
            return later(self.pages, error, self.app.clock.now())
        return self.pages.show("subscribed")

    def _client(self, request: Request) -> str | None:
        return client_of(request, self.app.settings.web.trusted_proxies)
