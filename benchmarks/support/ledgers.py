"""Ledgers of any size on SQLite and PostgreSQL, filled by SQL: a million rows through Python take minutes."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, String, cast, delete, func, insert, literal, or_, select, text, update
from sqlalchemy.orm import Session
from support.mailings import NOW, ready_edition

from digest.audience.models import Standing, Subscriber
from digest.db import Database
from digest.db.migrations import upgrade
from digest.delivery import ledger
from digest.delivery.models import Attempt, Delivery, State
from digest.rendering.rendered import Rendered

ROOT = Path(__file__).parents[2]
SQLITE, POSTGRES = "SQLite", "PostgreSQL"
Urls = Callable[[], AbstractContextManager[str]]


@dataclass(frozen=True, slots=True)
class Book:
    """A ledger of one edition owed to `readers`, of which `open` deliveries are used for measurements."""

    database: Database
    readers: int
    open: int

    def settle(self) -> None:
        """All sent an hour ago but the open ones: at the beginning, in the middle and at the end."""
        then, others = NOW - timedelta(hours=1), ~self._open()
        with self.database.write() as session:
            session.execute(
                update(Delivery)
                .where(others)
                .values(state=State.SENT, tries=1, first_tried_at=then, changed_at=then, due_at=None)
                .execution_options(synchronize_session=False)
            )
            values = {
                "mailing_id": Delivery.mailing_id,
                "subscriber_id": Delivery.subscriber_id,
                "number": literal(1),
                "at": literal(then, Attempt.at.type),
                "result": literal(State.SENT.value),
                "code": literal(250),
                "reply": literal("2.0.0 Ok"),
            }
            session.execute(insert(Attempt).from_select(list(values), select(*values.values()).where(others)))
        self.tidy()

    def reopen(self) -> None:
        """What was sent just now is owed once more, as if nobody had ever tried."""
        again = {"state": State.PENDING, "tries": 0, "first_tried_at": None, "due_at": NOW, "worker_id": None}
        before = NOW - timedelta(minutes=30)
        with self.database.write() as session:
            for change in (
                update(Delivery).where(Delivery.first_tried_at > before).values(changed_at=NOW, **again),
                delete(Attempt).where(Attempt.at > before),
            ):
                session.execute(change.execution_options(synchronize_session=False))
        self.tidy()

    def sent(self) -> int:
        """How many were sent just now, at the first try and with one line in the history."""
        before = NOW - timedelta(minutes=30)
        with self.database.read() as session:
            query = select(func.count()).where(Delivery.first_tried_at > before)
            sent = session.scalar(query.where(Delivery.state == State.SENT, Delivery.tries == 1))
            tries = session.scalar(select(func.count()).where(Attempt.at > before))
        assert sent == tries, f"{sent} sent in {tries} tries"
        return sent or 0

    def tidy(self) -> None:
        """What PostgreSQL does by itself within a minute, done at once: fresh statistics, no dead rows."""
        if self.database.is_sqlite:
            return
        with self.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in ("deliveries", "attempts", "subscribers"):
                connection.execute(text(f"VACUUM ANALYZE {table}"))

    def _open(self) -> ColumnElement[bool]:
        third, number = self.open // 3, Delivery.subscriber_id
        middle = self.readers // 2
        rest = self.open - 2 * third
        return or_(number <= third, number.between(middle + 1, middle + third), number > self.readers - rest)


@contextmanager
def databases() -> Iterator[dict[str, Urls]]:
    """What can be measured here, by name: each gives the URL of a new empty database, gone afterwards."""
    with ExitStack() as stack:
        found: dict[str, Urls] = {SQLITE: _file}
        # The tests' own server is as good for this; it runs without fsync.
        sys.path.append(str(ROOT))
        from tests.support.postgres import PostgresMissing, postgres_server

        try:
            found[POSTGRES] = stack.enter_context(postgres_server()).database
        except PostgresMissing:
            print(f"{POSTGRES} is not here and left out (Debian: apt-get install postgresql).\n")
        yield found


@contextmanager
def subscribed(url: str, readers: int) -> Iterator[Database]:
    """A database with all tables and so many active readers, whose numbers count from 1."""
    database = Database(url)
    try:
        upgrade(database)
        with database.write() as session:
            _subscribe(session, readers)
            found = session.execute(select(func.min(Subscriber.id), func.max(Subscriber.id))).one()
        assert tuple(found) == (1, readers), f"readers have other numbers than expected: {found}"
        yield database
    finally:
        database.close()


def owe(database: Database, mail: Rendered) -> None:
    """Make the edition of this mail due to everybody."""
    with database.write() as session:
        edition = ready_edition(mail)
        session.add(edition)
        session.flush()
        ledger.fan_out(session, edition, NOW)


@contextmanager
def _file() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder, 'digest.db')}"


def _subscribe(session: Session, readers: int) -> None:
    numbers = select(literal(0).label("number")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.number + 1).where(numbers.c.number < readers - 1))
    digits = cast(10_000_000 + numbers.c.number, String)  # eight of them, all different
    address = literal("reader.").concat(digits).concat("@mail.example.org")
    values = {
        "public_id": literal("0" * 16).concat(digits),
        "email": address,
        "canonical": address,
        "status": literal(Standing.ACTIVE, Subscriber.status.type),
        "created_at": literal(NOW, Subscriber.created_at.type),
        "confirmed_at": literal(NOW, Subscriber.created_at.type),
        "departures": literal(0),
    }
    session.execute(insert(Subscriber).from_select(list(values), select(*values.values())))
