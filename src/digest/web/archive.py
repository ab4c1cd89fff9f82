"""Past editions for everybody: a list, and each one as it was frozen, without anybody's own links."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, select
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from digest.app.parts import App
from digest.editions.models import Edition, Status
from digest.editions.stories import comparison_url
from digest.errors import NotFound
from digest.rendering.rendered import reader_link
from digest.web.guards import PUBLIC, route
from digest.web.pages import Pages

# An email carries its styles inside itself; pictures come by https; nothing else is let in.
POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One edition in the list."""

    key: str
    subject: str
    preheader: str


def latest(app: App, count: int | None = None) -> list[Entry]:
    """The editions anybody may read, the newest first."""
    query = select(Edition.key, Edition.subject, Edition.preheader).where(_is_out(app.clock.now()))
    with app.database.read() as session:
        rows = session.execute(query.order_by(Edition.slot.desc()).limit(count))
        return [Entry(key, subject, preheader) for key, subject, preheader in rows]


@dataclass(frozen=True, slots=True)
class Archive:
    """`/archive`, `/archive/{key}` and what was in it."""

    app: App
    pages: Pages

    def routes(self) -> list[Route]:
        """The paths answered here."""
        return [
            route("/archive", self.index),
            route("/archive/{key}", self.edition),
            route("/archive/{key}/contents", self.contents),
        ]

    def index(self, _request: Request) -> Response:
        """Every edition that is out."""
        return self.pages.show("archive", public=True, editions=latest(self.app))

    def edition(self, request: Request) -> Response:
        """The frozen bytes of one edition; raises NotFound for one that is not out."""
        query = select(Edition.html, Edition.marker)
        query = query.where(Edition.key == request.path_params["key"], _is_out(self.app.clock.now()))
        with self.app.database.read() as session:
            found = session.execute(query).one_or_none()
        if found is None or found.html is None:
            raise NotFound("there is no such edition")
        page = _for_everybody(found.html, found.marker, self.app.branding.base_url)
        return HTMLResponse(page, headers={**PUBLIC, "Content-Security-Policy": POLICY})

    def contents(self, request: Request) -> Response:
        """Every comparison of an edition, also those that its mail had no room for; raises NotFound."""
        key = request.path_params["key"]
        with self.app.database.read() as session:
            edition = session.scalar(select(Edition).where(Edition.key == key, _is_out(self.app.clock.now())))
            if edition is None:
                raise NotFound("there is no such edition")
            base_url = self.app.branding.base_url
            told = [
                (item.comparison.title, comparison_url(item.comparison, base_url)) for item in edition.items
            ]
        return self.pages.show("contents", public=True, edition=edition, comparisons=told)


def _is_out(now: datetime) -> ColumnElement[bool]:
    due = (Edition.status == Status.APPROVED) & (Edition.slot <= now)
    return Edition.status.in_((Status.SENDING, Status.SENT)) | due


def _for_everybody(page: str, marker: str | None, base_url: str) -> str:
    """The page with every reader's own link leading to where anybody learns how to choose or leave."""
    if not marker:
        return page

    def link(match: re.Match[str]) -> str:
        place = match[1] if match[1] == "preferences" else "unsubscribe"
        return html.escape(f"{base_url}/{place}")

    return re.sub(re.escape(reader_link(marker, "")) + "([a-z-]+)", link, page)
