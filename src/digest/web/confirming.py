"""The confirm link: a page with one button; only pressing it subscribes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.app import preferring, subscribing
from digest.app.admitting import Visitor
from digest.app.parts import App
from digest.audience.joining import Link
from digest.audience.limits import TooMany
from digest.tokens import LIFETIMES, Purpose
from digest.web.clients import client_of
from digest.web.forms import fields
from digest.web.guards import route
from digest.web.pages import Pages
from digest.web.subscribing import too_often

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
        return self._page(subscribing.check_confirm(self.app, self._token(request)))

    def act(self, request: Request) -> Response:
        """The person says yes, and twice is fine; or, on the page of a void link, asks for a new one."""
        name, value = AGAIN
        if fields(request).get(name) == value:
            return self._send_another(request)
        token, wording = self._token(request), self.pages.wording()
        client = self._client(request)
        return self._page(subscribing.confirm(self.app, token, source=SOURCE, wording=wording, client=client))

    def _page(self, link: Link) -> Response:
        match link:
            case Link.GOOD:
                return self.pages.show("confirm")
            case Link.DONE:
                return self.pages.show("confirmed")
            case Link.SUPPRESSED:
                return self.pages.show("suppressed", 409)
            case Link.OLD | Link.EXPIRED | Link.NOBODY:
                return self._void(link)

    def _void(self, link: Link) -> Response:
        """The page of a link that confirms nothing any more, with a new one to be had if it is somebody's."""
        return self.pages.show(
            "confirm_again",
            409 if link is Link.OLD else 410,
            expired=link is Link.EXPIRED,
            nobody=link is Link.NOBODY,
            span=LIFETIMES[Purpose.CONFIRM],
        )

    def _send_another(self, request: Request) -> Response:
        """By mail, to the address that this one was mailed to: so it brings in nobody else."""
        token, wording = self._token(request), self.pages.wording()
        visitor = Visitor(self._client(request))
        try:
            done = subscribing.ask_again(self.app, token, source=SOURCE, wording=wording, visitor=visitor)
        except TooMany as error:
            return too_often(self.pages, error, self.app.clock.now())
        return self.pages.show("subscribed") if done else self._void(Link.NOBODY)

    def _token(self, request: Request) -> str:
        """The link's; its person's language is spoken from here on, also in the words they agree to."""
        token: str = request.path_params["token"]
        self.pages.speak(preferring.language_of(self.app, token, Purpose.CONFIRM))
        return token

    def _client(self, request: Request) -> str | None:
        return client_of(request, self.app.settings.web.trusted_proxies)
