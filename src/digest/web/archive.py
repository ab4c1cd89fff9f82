"""Past editions for everybody: by year, and each one as it was frozen, without anybody's own links."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from babel.dates import format_skeleton
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from digest.app import reading
from digest.app.parts import App
from digest.app.reading import Entry
from digest.editions.phrasing import shorten
from digest.errors import NotFound
from digest.rendering.rendered import with_links
from digest.web.guards import PUBLIC, policy, route
from digest.web.leafing import leaf_number, sheets
from digest.web.looks import picture_origin
from digest.web.pages import Pages
from digest.web.years import Year, by_year

# An email carries its styles inside itself; pictures come by https; nothing else is let in.
MAIL_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors "
)
# The page with the frame is the one to be found; what is in the frame counts as its words
# (https://developers.google.com/search/docs/crawling-indexing/robots-meta-tag#indexifembedded).
ALONE: Final = {**PUBLIC, "X-Robots-Tag": "noindex", "Content-Security-Policy": f"{MAIL_POLICY}'none'"}
FRAMED: Final = {
    **PUBLIC,
    "X-Robots-Tag": "noindex, indexifembedded",
    "Content-Security-Policy": f"{MAIL_POLICY}'self'",
}
MOST_BESIDE: Final = 20  # comparisons named beside the frame; a page of its own has them all
ON_PAGE: Final = 60  # comparisons on one page of an edition's contents
_YEAR: Final = re.compile(r"[0-9]{4}")
_BEFORE_HEAD: Final = re.compile(r"\s*(<!doctype[^>]*>)?(.*?<head\b[^>]*>)?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Archive:
    """`/archive`, its years, and each edition in a frame, alone, as text, and by its comparisons."""

    app: App
    pages: Pages

    def routes(self) -> list[Route]:
        """The paths answered here."""
        return [
            route("/archive", self.index),
            route("/archive/{key}", self.year_or_edition),
            route("/archive/{key}/mail", self.mail),
            route("/archive/{key}/framed", self.framed),
            route("/archive/{key}/text", self.text),
            route("/archive/{key}/contents", self.contents),
            route("/archive/{key}/contents/{leaf}", self.contents),
        ]

    def index(self, _request: Request) -> Response:
        """The newest year, and the way to the others."""
        years = self._years()
        return self._year(years[0] if years else None, years, newest=True)

    def year_or_edition(self, request: Request) -> Response:
        """`/archive/2026` or `/archive/2026-W47`; raises NotFound."""
        name = request.path_params["key"]
        if not _YEAR.fullmatch(name):
            return self._edition(name)
        years = self._years()
        shown = next((year for year in years if year.number == int(name)), None)
        if shown is None:
            raise NotFound("nothing went out in that year")
        return self._year(shown, years)

    def mail(self, request: Request) -> Response:
        """The frozen bytes of one edition, alone; raises NotFound for one that is not out."""
        return HTMLResponse(self._mail(request), headers=ALONE)

    def framed(self, request: Request) -> Response:
        """The same for the frame of our page, with links that leave the frame; raises NotFound."""
        return HTMLResponse(out_of_frame(self._mail(request)), headers=FRAMED)

    def text(self, request: Request) -> Response:
        """The frozen text of one edition; raises NotFound for one that is not out."""
        found = reading.frozen(self.app, request.path_params["key"])
        words = for_everybody(found.text, found.marker, self.app.branding.base_url)
        return PlainTextResponse(words, headers=ALONE)

    def contents(self, request: Request) -> Response:
        """Every comparison of an edition, also those that its mail had no room for; raises NotFound."""
        found = reading.opened(self.app, request.path_params["key"])
        leaf = leaf_number(request.path_params.get("leaf"))
        pages = sheets(found.comparisons, ON_PAGE)
        if leaf > len(pages):
            raise NotFound("the edition has fewer comparisons")
        listed = {"comparisons": pages[leaf - 1], "leaf": leaf, "leaves": len(pages)}
        return self.pages.show("contents", public=True, edition=found.entry, **listed)

    def _years(self) -> list[Year]:
        return by_year(reading.latest(self.app), self.app.rhythm.zone)

    def _year(self, shown: Year | None, years: Sequence[Year], *, newest: bool = False) -> Response:
        locale = self.pages.spoken().locale
        months = [
            (format_skeleton("yMMMM", month.first, locale=locale), list(map(_short, month.editions)))
            for month in (shown.months if shown else ())
        ]
        return self.pages.show(
            "archive",
            public=True,
            year=shown.number if shown else None,
            months=months,
            years=[year.number for year in years],
            newest=newest,
        )

    def _edition(self, key: str) -> Response:
        found = reading.opened(self.app, key)
        day = found.entry.sent.astimezone(self.app.rhythm.zone).date()
        answer = self.pages.show("edition", public=True, opened=found, day=day, most=MOST_BESIDE)
        ours = policy(picture_origin(self.app.branding.theme.logo))
        answer.headers["Content-Security-Policy"] = f"{ours}; frame-src 'self'"
        return answer

    def _mail(self, request: Request) -> str:
        found = reading.frozen(self.app, request.path_params["key"])
        return for_everybody(found.html, found.marker, html.escape(self.app.branding.base_url))


def _short(entry: Entry) -> Entry:
    """The entry in a few words: fifty of them are one page."""
    return replace(entry, subject=shorten(entry.subject, 100), preheader=shorten(entry.preheader, 140))


def for_everybody(page: str, marker: str | None, base_url: str) -> str:
    """The page with every reader's own link leading to where anybody learns how to choose or leave."""
    if not marker:
        return page

    def link(name: str) -> str:
        return f"{base_url}/{'preferences' if name == 'preferences' else 'unsubscribe'}"

    return with_links(page, marker, link)


def out_of_frame(page: str) -> str:
    """The page with its links opening in the window instead of the frame; nothing else is changed."""
    found = _BEFORE_HEAD.match(page)
    head = found.end() if found else 0
    return f'{page[:head]}<base target="_top">{page[head:]}'
