"""What anybody may read: the editions that went out, and the comparisons that are published."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from digest.app.parts import App
from digest.content.listing import get_comparison
from digest.content.models import Comparison as ComparisonRow
from digest.delivery.reaching import began, is_out
from digest.editions.models import Edition, Item
from digest.editions.stories import comparison_values
from digest.editions.story import Comparison
from digest.editions.weeks import is_key
from digest.errors import NotFound

# Whatever else stands in an address names nothing, and some of it no database would take (NUL).
SLUG: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,599}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One edition in a list; it began to go out at `sent`."""

    key: str
    subject: str
    preheader: str
    sent: datetime


@dataclass(frozen=True, slots=True)
class Title:
    """One comparison in a list."""

    slug: str
    title: str


@dataclass(frozen=True, slots=True)
class Opened:
    """An edition, what it tells that can still be read, and the editions before and after it."""

    entry: Entry
    comparisons: tuple[Title, ...]
    older: Entry | None
    newer: Entry | None


@dataclass(frozen=True, slots=True)
class Frozen:
    """An edition's bytes; `marker` stands where a reader's own links go."""

    html: str
    text: str
    marker: str | None


def latest(app: App, count: int | None = None) -> list[Entry]:
    """The editions that anybody may read, the newest first."""
    with app.database.read() as session:
        return _entries(session, _listed().order_by(Edition.key.desc()).limit(count))


def opened(app: App, key: str) -> Opened:
    """The edition called `key`; raises NotFound for one that is not out."""
    with app.database.read() as session:
        found = _entries(session, _listed().where(Edition.key == _named(is_key, key)))
        if not found:
            raise NotFound("there is no such edition")
        older = _entries(session, _listed().where(Edition.key < key).order_by(Edition.key.desc()).limit(1))
        newer = _entries(session, _listed().where(Edition.key > key).order_by(Edition.key).limit(1))
        told = _titles(session, _told(key, app.clock.now()))
    return Opened(found[0], tuple(told), _first(older), _first(newer))


def frozen(app: App, key: str) -> Frozen:
    """The bytes of the edition called `key`; raises NotFound for one that is not out."""
    query = select(Edition.html, Edition.text, Edition.marker)
    with app.database.read() as session:
        row = session.execute(query.where(Edition.key == _named(is_key, key), _readable())).one_or_none()
    if row is None:
        raise NotFound("there is no such edition")
    return Frozen(row.html, row.text or "", row.marker)


def comparison(app: App, slug: str) -> Comparison:
    """The comparison called `slug`; raises NotFound for one that was withdrawn or is not published yet."""
    with app.database.read() as session:
        row = get_comparison(session, _named(SLUG.fullmatch, slug))
        if row.withdrawn_at is not None or row.published_at > app.clock.now():
            raise NotFound("this comparison was withdrawn, or is not published yet")
        return comparison_values(row, row.url or "")


def count_comparisons(app: App) -> int:
    """How many comparisons can be read."""
    query = select(func.count()).select_from(ComparisonRow).where(_published(app.clock.now()))
    with app.database.read() as session:
        return session.scalar(query) or 0


def some_comparisons(app: App, skip: int, count: int) -> list[Title]:
    """`count` of the comparisons that can be read, in the order of their import, after the first `skip`."""
    query = select(ComparisonRow.slug, ComparisonRow.title).where(_published(app.clock.now()))
    with app.database.read() as session:
        return _titles(session, query.order_by(ComparisonRow.id).offset(skip).limit(count))


def _named(fits: Callable[[str], object], name: str) -> str:
    if not fits(name):
        raise NotFound("there is nothing of that name")
    return name


def _listed() -> Select[str, str, str, datetime]:
    query = select(Edition.key, Edition.subject, Edition.preheader, began())
    return query.where(_readable())


def _readable() -> ColumnElement[bool]:
    return is_out() & Edition.html.is_not(None)


def _published(now: datetime) -> ColumnElement[bool]:
    return ComparisonRow.withdrawn_at.is_(None) & (ComparisonRow.published_at <= now)


def _told(key: str, now: datetime) -> Select[str, str]:
    query = select(ComparisonRow.slug, ComparisonRow.title).join(Item).join(Edition)
    return query.where(Edition.key == key, _published(now)).order_by(Item.position)


def _entries(session: Session, query: Select[str, str, str, datetime]) -> list[Entry]:
    return [Entry(*row) for row in session.execute(query)]


def _titles(session: Session, query: Select[str, str]) -> list[Title]:
    return [Title(*row) for row in session.execute(query)]


def _first(entries: Sequence[Entry]) -> Entry | None:
    return entries[0] if entries else None
