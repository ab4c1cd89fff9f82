"""The unsubscribe link: a page with one button for people, RFC 8058 one-click for their mail programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from digest.app import leaving, preferring
from digest.app.leaving import BY_PAGE, Person
from digest.app.parts import App
from digest.audience.reasons import LONGEST
from digest.errors import Conflict, ExpiredToken
from digest.tokens import LIFETIMES, Purpose
from digest.web.forms import fields, is_url_encoded, one_line
from digest.web.guards import route
from digest.web.pages import Pages

BUTTON: Final = ("button", "leave")
BY_ONE_CLICK: Final = "one-click unsubscribe"
MINUTE: Final = LIFETIMES[Purpose.RETURN]


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
            route("/unsubscribe/{token}/reason", self.ask, self.hear),
            route("/return/{token}", self.offer, self.bring_back),
        ]

    def explain(self, _request: Request) -> Response:
        """Where everybody finds their own link; the archive leads here."""
        return self.pages.show("leaving")

    def ask(self, request: Request) -> Response:
        """The button, or that it needs none any more; changes nothing, since scanners open every link."""
        token = request.path_params["token"]
        person = leaving.check_unsubscribe(self.app, token)
        self.pages.speak(person.language)
        return self.pages.show("unsubscribe", token=token) if person.on_list else self._left(person)

    def act(self, request: Request) -> Response:
        """The person leaves. Whatever is not our own button is one-click: no body is wrong."""
        token, by_button = request.path_params["token"], _is_button(request)
        person = leaving.unsubscribe(self.app, token, source=BY_PAGE if by_button else BY_ONE_CLICK)
        return self._left(person, token) if by_button else PlainTextResponse("You are unsubscribed.\n")

    def hear(self, request: Request) -> Response:
        """Why somebody left, as far as they say; only for the person behind the link, and not for long."""
        form = fields(request)
        words = one_line(form.get("words", ""), LONGEST)
        person = leaving.say_why(self.app, request.path_params["token"], form.get("reason", ""), words)
        return self._back(person.language) if person.on_list else self._left(person, told=True)

    def offer(self, request: Request) -> Response:
        """The button that brings them back, once more."""
        token = request.path_params["token"]
        try:
            person = leaving.check_return(self.app, token)
        except (ExpiredToken, Conflict):
            return self._late(token)
        return self._back(person.language) if person.on_list else self._left(person)

    def bring_back(self, request: Request) -> Response:
        """It was a slip: they are on the list again, if they say so within the minute."""
        token = request.path_params["token"]
        try:
            language = leaving.come_back(self.app, token)
        except (ExpiredToken, Conflict):
            return self._late(token)
        return self._back(language)

    def _left(self, person: Person, asking: str = "", *, told: bool = False) -> Response:
        """That they are off the list; `asking` is the unsubscribe token by which they may say why."""
        self.pages.speak(person.language)
        return self.pages.show(
            "left", back=person.back or "", span=MINUTE, asking=asking, told=told, longest=LONGEST
        )

    def _back(self, language: str | None) -> Response:
        """That they are on the list, as before."""
        self.pages.speak(language)
        return self.pages.show("returned")

    def _late(self, token: str) -> Response:
        self.pages.speak(preferring.language_of(self.app, token, Purpose.RETURN))
        return self.pages.show("no_return", 410, span=MINUTE)


def _is_button(request: Request) -> bool:
    name, value = BUTTON
    return is_url_encoded(request) and fields(request).get(name) == value
