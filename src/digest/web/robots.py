"""For search engines: what may be found (`robots.txt`) and where it is (`sitemap.xml`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from digest.app import reading
from digest.app.parts import App
from digest.clock import second
from digest.errors import NotFound
from digest.web.fresh import fresh
from digest.web.guards import PUBLIC, route
from digest.web.years import by_year

KIND: Final = "application/xml; charset=utf-8"
# Fewer than the 50,000 that https://www.sitemaps.org/protocol.html allows, so that none takes long to make.
MOST: Final = 10_000
_PART: Final = re.compile(r"[1-9][0-9]{0,5}")
_NAMESPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"

# Nothing is forbidden to crawlers: one that may not look at a page cannot see that it says `noindex`, and
# lists its bare address when somebody links to it, with the token that is in it.
ROBOTS: Final = "User-agent: *\nDisallow:\n\nSitemap: {sitemap}\n"


@dataclass(frozen=True, slots=True)
class Location:
    """One page for search engines; `changed` where we know."""

    path: str
    changed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Robots:
    """`/robots.txt`, `/sitemap.xml`, and its parts `/sitemap-1.xml`… where one has no room for all pages."""

    app: App

    def routes(self) -> list[Route]:
        """The paths answered here."""
        return [
            route("/robots.txt", self.robots),
            route("/sitemap.xml", self.sitemap),
            route("/sitemap-{part}.xml", self.part),
        ]

    def robots(self, _request: Request) -> Response:
        """Everything may be looked at."""
        sitemap = f"{self.app.branding.base_url}/sitemap.xml"
        return PlainTextResponse(ROBOTS.format(sitemap=sitemap), headers=PUBLIC)

    def sitemap(self, request: Request) -> Response:
        """Every page that may be found, or where their lists are."""
        pages = self._pages()
        parts = -(-(len(pages) + reading.count_comparisons(self.app)) // MOST)
        base = self.app.branding.base_url
        content = _urls(base, self._part(pages, 1)) if parts <= 1 else _index(base, parts)
        return fresh(request, content, KIND, PUBLIC)

    def part(self, request: Request) -> Response:
        """One of those lists; raises NotFound."""
        name = request.path_params["part"]
        part = self._part(self._pages(), int(name)) if _PART.fullmatch(name) else []
        if not part:
            raise NotFound("the sitemap has no such part")
        return fresh(request, _urls(self.app.branding.base_url, part), KIND, PUBLIC)

    def _pages(self) -> list[Location]:
        """The front page, the form, the archive, its years, and each edition with what was in it."""
        entries = reading.latest(self.app)
        newest = max((entry.sent for entry in entries), default=None)
        years = by_year(entries, self.app.rhythm.zone)
        fixed = [Location("/", newest), Location("/subscribe"), Location("/archive", newest)]
        fixed += [Location(f"/archive/{year.number}", year.months[0].editions[0].sent) for year in years]
        return [*fixed, *(Location(f"/archive/{entry.key}", entry.sent) for entry in entries)]

    def _part(self, pages: Sequence[Location], number: int) -> list[Location]:
        """The pages, and the comparisons after them, as if they were one list cut into parts."""
        start = (number - 1) * MOST
        own = pages[start : start + MOST]
        rest = reading.some_comparisons(self.app, max(0, start - len(pages)), MOST - len(own))
        return [*own, *(Location(f"/comparisons/{quote(one.slug)}") for one in rest)]


def _urls(base_url: str, locations: Iterable[Location]) -> bytes:
    return _document("urlset", "url", (_location(base_url, one) for one in locations))


def _index(base_url: str, parts: int) -> bytes:
    paths = (f"/sitemap-{number}.xml" for number in range(1, parts + 1))
    return _document("sitemapindex", "sitemap", (_location(base_url, Location(path)) for path in paths))


def _location(base_url: str, one: Location) -> str:
    changed = f"<lastmod>{second(one.changed)}</lastmod>" if one.changed else ""
    return f"<loc>{escape(base_url + one.path)}</loc>{changed}"


def _document(root: str, item: str, items: Iterable[str]) -> bytes:
    lines = "".join(f"<{item}>{one}</{item}>\n" for one in items)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<{root} xmlns="{_NAMESPACE}">\n{lines}</{root}>\n'.encode()
