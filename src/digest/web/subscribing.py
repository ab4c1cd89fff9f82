"""The subscribe form: the same answer for every address, known or not; what follows goes by mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.app import readers
from digest.app.parts import App
from digest.audience.addresses import NotAnAddress
from digest.web.forms import fields, one_line
from digest.web.guards import route
from digest.web.pages import Pages

# People do not see this field, so whoever fills it in is a program.
HONEYPOT: Final = "website"
LONGEST_NAME: Final = 200
SOURCE: Final = "the subscribe form"


@dataclass(frozen=True, slots=True)
class Subscribing:
    """`/subscribe`."""

    app: App
    pages: Pages

    def routes(self) -> list[Route]:
        """The paths answered here."""
        return [route("/subscribe", self.ask, self.act)]

    def ask(self, _request: Request) -> Response:
        """The form."""
        return self.pages.show("subscribe", public=True, email="", name="", problem="")

    def act(self, request: Request) -> Response:
        """Take the address; only a malformed one is told apart."""
        form = fields(request)
        try:
            if not form.get(HONEYPOT):
                self._subscribe(form.get("email", ""), form.get("name", ""))
        except NotAnAddress as error:
            return self._again(form, str(error))
        return self.pages.show("subscribed")

    def _subscribe(self, email: str, name: str) -> None:
        named, wording = one_line(name, LONGEST_NAME), self.pages.wording()
        readers.subscribe(self.app, email, source=SOURCE, name=named, wording=wording)

    def _again(self, form: Mapping[str, str], problem: str) -> Response:
        """The form once more, with what was typed and why it will not do."""
        email, name = (one_line(form.get(key, ""), LONGEST_NAME) or "" for key in ("email", "name"))
        problem = problem if email else "please enter your email address"
        return self.pages.show("subscribe", 422, email=email, name=name, problem=problem)
