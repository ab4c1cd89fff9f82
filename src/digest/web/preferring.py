"""The preferences link: what we call a reader, where and how mail comes, a pause, and the way out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.app import preferring
from digest.app.parts import App
from digest.app.preferring import Absent, Preferences
from digest.audience.addresses import Address, NotAnAddress, read_address
from digest.audience.moving import Move, Stay
from digest.audience.preferring import (
    NO_BUTTON,
    WEEKS,
    BadChoice,
    Fetch,
    Pause,
    Rename,
    Resume,
    Shape,
    Speak,
    Wish,
    read_language,
    read_name,
    read_shape,
    read_weeks,
)
from digest.mailbox import LONGEST
from digest.rendering.languages import match
from digest.tokens import LIFETIMES, Purpose
from digest.web.forms import fields, one_line
from digest.web.guards import route
from digest.web.pages import Pages
from digest.web.speaking import QUESTION, asked

SOURCE: Final = "the preferences page"
BUTTONS: Final = frozenset({"name", "move", "stay", "format", "language", "pause", "resume", "data"})


@dataclass(frozen=True, slots=True)
class Preferring:
    """`/preferences/{token}`, and `/preferences` for those who come without their link."""

    app: App
    pages: Pages

    def routes(self) -> list[Route]:
        """The paths answered here."""
        return [
            route("/preferences", self.explain),
            route("/preferences/{token}", self.ask, self.act),
            route("/preferences/{token}/erase", self.ask_to_erase, self.erase),
        ]

    def explain(self, _request: Request) -> Response:
        """Where everybody finds their own link; the archive leads here."""
        return self.pages.show("choosing")

    def ask(self, request: Request) -> Response:
        """How things stand, and what has just been done; changes nothing, since scanners open every link."""
        token, done = request.path_params["token"], request.query_params.get("done", "")
        found = preferring.preferences(self.app, token)
        return self._page(token, found, done=done if _may_be_done(done, found) else "")

    def act(self, request: Request) -> Response:
        """Do what the button pressed says, and nothing for whatever is none of ours."""
        token, form = request.path_params["token"], fields(request)
        try:
            wish = read_wish(form, self.pages.languages)
            absent = preferring.prefer(self.app, token, wish, source=SOURCE)
        except BadChoice as problem:
            return self._again(token, form, problem)
        return self._page(token, absent) if absent else _see(form["button"])

    def ask_to_erase(self, request: Request) -> Response:
        """One more button: there is no way back from it."""
        token = request.path_params["token"]
        self.pages.speak(preferring.preferences(self.app, token).language)
        return self.pages.show("erase")

    def erase(self, request: Request) -> Response:
        """The person is forgotten; the answer is the same for those who were before."""
        token = request.path_params["token"]
        self.pages.speak(preferring.preferences(self.app, token).language)
        if fields(request).get("button") != "erase":
            return self.pages.show("erase", 422)
        preferring.forget(self.app, token, source=SOURCE)
        return self.pages.show("erased")

    def _again(self, token: str, form: Mapping[str, str], problem: BadChoice) -> Response:
        """The page once more, with what was typed and why it will not do."""
        typed = one_line(form.get(problem.field, ""), 2 * LONGEST)
        found = preferring.preferences(self.app, token)
        return self._page(token, found, 422, typed={problem.field: typed or ""}, problem=problem)

    def _page(
        self,
        token: str,
        found: Preferences | Absent,
        status: int = 200,
        *,
        done: str = "",
        typed: Mapping[str, str] | None = None,
        problem: BadChoice | None = None,
    ) -> Response:
        self.pages.speak(found.language)
        if isinstance(found, Absent):
            return self.pages.show("absent", token=token)
        until = found.paused_until and found.paused_until.astimezone(self.app.rhythm.zone)
        return self.pages.show(
            "preferences",
            status,
            chosen=found,
            token=token,
            name=(typed or {}).get("name") or found.name or "",
            email=(typed or {}).get("email", ""),
            weeks=WEEKS,
            until=until,
            span=LIFETIMES[Purpose.CHANGE],
            languages=self.pages.languages,
            speaks=match(found.language or "", self.pages.languages),
            done=done,
            problem=problem,
        )


def _may_be_done(button: str, found: Preferences | Absent) -> bool:
    """Whether that can have been done a moment ago: such a link may be kept, or be somebody's joke."""
    waits = isinstance(found, Preferences) and bool(found.next_address)
    return button in BUTTONS and (waits or button != "move")


def _see(done: str) -> Response:
    """The same page by GET, so that going back or reloading sends nothing again (RFC 9110 §15.4.4)."""
    wish = asked().wish
    said = ({QUESTION: wish} if wish else {}) | {"done": done}
    return Response(status_code=303, headers={"Location": f"?{urlencode(said)}"})


def read_wish(form: Mapping[str, str], languages: Collection[str]) -> Wish | Move | Stay | Fetch:
    """What the button pressed asks for, in one of the codes of `languages`; raises BadChoice."""
    match form.get("button"):
        case "name":
            return Rename(read_name(form.get("name", "")))
        case "move":
            return Move(_read_address(form.get("email", "")))
        case "stay":
            return Stay()
        case "format":
            return Shape(read_shape(form.get("format", "")))
        case "language":
            return Speak(read_language(form.get("language", ""), languages))
        case "pause":
            return Pause(read_weeks(form.get("weeks", "")))
        case "resume":
            return Resume()
        case "data":
            return Fetch()
    raise BadChoice("button", NO_BUTTON)


def _read_address(text: str) -> Address:
    try:
        return read_address(text)
    except NotAnAddress as error:
        raise BadChoice("email", str(error)) from error
