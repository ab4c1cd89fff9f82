"""How often something may be asked: counted in the database, for all processes together.

Rows are named by a kind and a keyed hash, so that they hold nobody's address; they outlive whoever is erased.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from typing import Final, cast

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    String,
    Table,
    bindparam,
    case,
    delete,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from digest.audience.models import Allowance
from digest.config.signup import Limit
from digest.db import UtcDateTime
from digest.db.upserting import dialect_of, inserting_in
from digest.errors import DigestError
from digest.tokens import allowance_hash

DAY: Final = timedelta(days=1)
FORGOTTEN_AT_ONCE: Final = 1000
ROWS: Final = cast("Table", Allowance.__table__)  # for statements that do without the mapper


class TooMany(DigestError):
    """Asked too often; `until` is when it may be asked again."""

    def __init__(self, until: datetime) -> None:
        """The same words, whatever was counted."""
        super().__init__("this was asked too often; try again later")
        self.until = until


class Allowances:
    """Questions to the counts, and additions to them; all of it inside write units."""

    def __init__(self, key: bytes) -> None:
        """`key` is the settings' suppression key, which is never rotated."""
        self._key = key

    def name(self, kind: str, of: str) -> str:
        """The row that counts `kind` for whatever `of` is: its keyed hash."""
        return f"{kind}:{allowance_hash(self._key, of)}"

    def count(self, session: Session, kind: str, of: str, limit: Limit, now: datetime) -> datetime | None:
        """Count one more; None, or until when it was one too many.

        The first one opens a window of the limit's span. By one upsert, so that two processes cannot both
        take the last one.
        """
        values = {"row": self.name(kind, of), **_times(limit.span, now)}
        since, used = session.execute(_one_more(dialect_of(session)), values).one()
        return since + limit.span if used > limit.count else None

    def take(self, session: Session, kind: str, of: str, now: datetime, places: tuple[int, ...]) -> bool:
        """Take the first of these places that nobody took in the last day; False when there is none.

        With three places at most three are granted in any 24 hours: a window's edge would let six through.
        """
        name = self.name(kind, of)
        rows = {f"row{n}": f"{name}:{place}" for n, place in enumerate(places)}
        statement = _first_free(dialect_of(session), len(places))
        return session.execute(statement, rows | _times(DAY, now)).first() is not None

    def use(self, session: Session, kind: str, of: Collection[str], now: datetime) -> None:
        """Count one for each of these in its first place, granted or not: `take` grants so much less."""
        rows = [{"name": f"{self.name(kind, one)}:0", "since": now, "used": 1} for one in sorted(set(of))]
        row = inserting_in(dialect_of(session), ROWS)
        latest = {"since": row.excluded.since}
        session.execute(row.on_conflict_do_update(index_elements=["name"], set_=latest), rows)

    def forget(self, session: Session, before: datetime) -> int:
        """Delete a bounded number of rows that began before that; returns how many.

        `before` is at least the longest of the spans ago. Rows that somebody counts on at this moment stay.
        """
        old = select(Allowance.name).where(Allowance.since < before).order_by(Allowance.since)
        names = session.scalars(old.limit(FORGOTTEN_AT_ONCE).with_for_update(skip_locked=True)).all()
        session.execute(delete(Allowance).where(Allowance.name.in_(names)))
        return len(names)


def _times(span: timedelta, now: datetime) -> dict[str, datetime]:
    """What the statements compare with: a row is over that began a span ago, or so far ahead that a clock was
    wrong.
    """
    return {"present": now, "ended": now - span, "ahead": now + span}


def _over() -> ColumnElement[bool]:
    return (ROWS.c.since <= _moment("ended")) | (ROWS.c.since > _moment("ahead"))


def _moment(name: str) -> BindParameter[datetime]:
    return bindparam(name, type_=UtcDateTime())


@cache  # made for each request they would cost more than the database takes for them
def _one_more(dialect: str) -> ReturningInsert[datetime, int]:
    """Add one to the row called `row`, or begin it anew when its span is over."""
    row = inserting_in(dialect, ROWS).values(name=bindparam("row"), since=_moment("present"), used=1)
    values = {
        "since": case((_over(), row.excluded.since), else_=ROWS.c.since),
        "used": case((_over(), 1), else_=ROWS.c.used + 1),
    }
    upsert = row.on_conflict_do_update(index_elements=[ROWS.c.name], set_=values)
    return upsert.returning(ROWS.c.since, ROWS.c.used)


@cache
def _first_free(dialect: str, number: int) -> ReturningInsert[str]:
    """Begin the first of the rows `row0`, `row1`, … that is missing or over; returns its name, if any."""
    places = union_all(
        *(
            select(bindparam(f"row{n}", type_=String()).label("name"), literal(n).label("place"))
            for n in range(number)
        )
    ).subquery()
    free = (
        select(places.c.name, _moment("present"), literal(1))
        .outerjoin(ROWS, ROWS.c.name == places.c.name)
        .where(ROWS.c.name.is_(None) | _over())
        .order_by(places.c.place)
        .limit(1)
    )
    row = inserting_in(dialect, ROWS).from_select(["name", "since", "used"], free)
    upsert = row.on_conflict_do_update(
        index_elements=[ROWS.c.name], set_={"since": row.excluded.since}, where=_over()
    )
    return upsert.returning(ROWS.c.name)
