"""The preferences link: what we call a reader, a pause of some weeks, and the way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.app import readers
from digest.app.parts import App
from digest.app.readers import Preferences
from digest.audience.preferring import (
    LONGEST_NAME,
    WEEKS,
    BadChoice,
    Pause,
    Rename,
    Resume,
    Wish,
    read_name,
    read_weeks,
)
from digest.web.forms import fields, one_line
from digest.web.guards import route
from digest.web.pages import Pages

SOURCE: Final = "the preferences page"


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
        ]

    def explain(self, _request: Request) -> Response:
        """Where everybody finds their own link; the archive leads here."""
        return self.pages.show("choosing")

    def ask(self, request: Request) -> Response:
        """How things stand; changes nothing, since scanners open every link."""
        return self._page(readers.preferences(self.app, request.path_params["token"]))

    def act(self, request: Request) -> Response:
        """Do what the button pressed says, and nothing for whatever is none of ours."""
        token, form = request.path_params["token"], fields(request)
        try:
            wish = read_wish(form)
        except BadChoice as problem:
            return self._again(readers.preferences(self.app, token), form, problem)
        return self._page(readers.prefer(self.app, token, wish, source=SOURCE), saved=True)

    def _again(self, found: Preferences | None, form: Mapping[str, str], problem: BadChoice) -> Response:
        """The page once more, with what was typed and why it will not do."""
        typed = one_line(form.get("name", ""), 2 * LONGEST_NAME) if problem.field == "name" else None
        return self._page(found, 422, typed=typed, problem=problem)

    def _page(
        self,
        found: Preferences | None,
        status: int = 200,
        *,
        saved: bool = False,
        typed: str | None = None,
        problem: BadChoice | None = None,
    ) -> Response:
        if found is None:
            return self.pages.show("absent")
        return self.pages.show(
            "preferences",
            status,
            address=found.address,
            name=typed or found.name or "",
            longest=LONGEST_NAME,
            weeks=WEEKS,
            until=day(found.paused_until, self.app.rhythm.zone) if found.paused_until else "",
            leave=found.leave,
            saved=saved,
            problem=problem,
        )


def read_wish(form: Mapping[str, str]) -> Wish:
    """What the button pressed asks for; raises BadChoice."""
    match form.get("button"):
        case "name":
            return Rename(read_name(form.get("name", "")))
        case "pause":
            return Pause(read_weeks(form.get("weeks", "")))
        case "resume":
            return Resume()
    raise BadChoice("button", "Please use one of the buttons below.")


def day(moment: datetime, zone: ZoneInfo) -> str:
    """A day as people write it, `3 December 2026`, by the clocks of `zone`."""
    local = moment.astimezone(zone)
    return f"{local.day} {local:%B %Y}"
