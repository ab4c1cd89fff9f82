"""The subscribe form: the same answer for every address, known or not; what follows goes by mail."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.app import subscribing
from digest.app.admitting import Visitor
from digest.app.parts import App
from digest.app.reading import latest
from digest.audience.addresses import NotAnAddress, read_address
from digest.audience.limits import TooMany
from digest.audience.names import tidy_name
from digest.mailbox import LONGEST
from digest.web.clients import client_of
from digest.web.forms import fields, one_line
from digest.web.guards import route
from digest.web.pages import Pages
from digest.web.stamps import age, new_stamp

# People do not see this field, so whoever fills it in is a program.
HONEYPOT: Final = "website"
PAGE, FRONT, EMBEDDED = "page", "front", "embedded"
# Which form it was, as the history of a consent tells it. Other sites copy the embedded one, and change it.
SOURCES: Final = {PAGE: "the subscribe form", FRONT: "the front page", EMBEDDED: "an embedded form"}
EMPTY: Final = "please enter your email address"


@dataclass(frozen=True, slots=True)
class Filled:
    """The form as templates show it: which one it is, its stamp, and what was typed so far."""

    kind: str
    stamp: str
    email: str = ""
    name: str = ""


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
        return self._show(empty_form(self.app, self.pages, PAGE), public=True)

    def act(self, request: Request) -> Response:
        """Take the address; only a malformed one is told apart."""
        form = fields(request)
        try:
            read_address(form.get("email", ""))
        except NotAnAddress as error:
            return self._show(self._filled(form), 422, problem=str(error) if form.get("email") else EMPTY)
        if self._is_hasty(form):
            return self._show(self._filled(form), once_more=True)
        try:
            self._subscribe(form, client_of(request, self.app.settings.web.trusted_proxies))
        except TooMany as error:
            return too_often(self.pages, error, self.app.clock.now())
        return self.pages.show("subscribed")

    def _subscribe(self, form: Mapping[str, str], client: str | None) -> None:
        subscribing.subscribe(
            self.app,
            form["email"],
            source=SOURCES[_kind(form)],
            name=tidy_name(form.get("name", "")),
            language=self.pages.language_to_keep(),
            wording=self.pages.wording(),
            visitor=Visitor(client, genuine=not form.get(HONEYPOT)),
        )

    def _age(self, form: Mapping[str, str]) -> timedelta | None:
        return age(self.app.keyring, form.get("stamp", ""), self.app.clock.now(), self.pages.wording())

    def _is_hasty(self, form: Mapping[str, str]) -> bool:
        """Whether the form came back sooner than people type, or without a stamp of ours that says when."""
        least = self.app.settings.signup.fill_time
        return bool(least) and ((passed := self._age(form)) is None or passed < least)

    def _filled(self, form: Mapping[str, str]) -> Filled:
        """What was typed, to be shown once more; time that has passed goes on counting."""
        filled = Filled(
            _kind(form),
            form.get("stamp", ""),
            one_line(form.get("email", ""), LONGEST) or "",
            tidy_name(form.get("name", "")) or "",
        )
        fresh = empty_form(self.app, self.pages, filled.kind)
        return filled if self._age(form) is not None else replace(filled, stamp=fresh.stamp)

    def _show(
        self,
        filled: Filled,
        status: int = 200,
        *,
        problem: str = "",
        once_more: bool = False,
        public: bool = False,
    ) -> Response:
        return self.pages.show(
            "subscribe",
            status,
            public=public,
            filled=filled,
            problem=problem,
            once_more=once_more,
            editions=latest(self.app, 1),
            signup=self.app.settings.signup,
        )


def empty_form(app: App, pages: Pages, kind: str) -> Filled:
    """A form with a fresh stamp."""
    return Filled(kind, new_stamp(app.keyring, app.clock.now(), pages.wording()))


def too_often(pages: Pages, error: TooMany, now: datetime) -> Response:
    """The page for who asked too often, and in its header when to come back (RFC 6585 §4)."""
    seconds = max(1, math.ceil((error.until - now).total_seconds()))
    page = pages.show("too_often", 429, minutes=math.ceil(seconds / 60))
    page.headers["Retry-After"] = str(seconds)
    return page


def _kind(form: Mapping[str, str]) -> str:
    kind = form.get("form", "")
    return kind if kind in SOURCES else EMBEDDED
