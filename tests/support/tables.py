"""A database with this version's tables, and the people and editions in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from digest.audience.addresses import read_address
from digest.audience.models import Consent, Standing, Subscriber
from digest.db import Base, Database
from digest.db.migrations import upgrade
from digest.editions.models import Edition, Status
from digest.rendering.rendered import reader_link
from digest.tokens import new_public_id
from tests.support.waiting import wait_until

NOW = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)

MARKER = "mabcdef0123456789"

# Whoever a failed test left connected would hold locks, or write once more.
_ALONE = """
    SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


@contextmanager
def open_tables(url: str) -> Iterator[Database]:
    """The database at `url` with its tables, closed afterwards."""
    database = Database(url)
    try:
        make_tables(database)
        yield database
    finally:
        database.close()


def make_tables(database: Database) -> None:
    """Give it this version's tables; a new SQLite file gets them by a copy, which is quicker."""
    file = Path(database.engine.url.database or "")
    if not database.is_sqlite or file.exists():
        upgrade(database)
    else:
        file.touch(mode=0o600)
        file.write_bytes(_file_with_tables())


@cache
def _file_with_tables() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder, "digest.db")
        database = Database(f"sqlite:///{file}")
        upgrade(database)
        database.close()
        return file.read_bytes()


def empty(url: str) -> None:
    """Make a PostgreSQL database as new: nobody else in it, no row, and ids begin at 1 again."""
    database = Database(url)
    wait_until(
        lambda: not _told_to_end(database), "what an earlier test left behind connects again and again"
    )
    with database.write() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(delete(table))
        session.execute(text("SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence"))
    database.close()


def _told_to_end(database: Database) -> list[int]:
    """The other sessions there were, by their backends."""
    with database.read() as session:
        return list(session.scalars(text(_ALONE)))


def add_subscriber(session: Session, email: str, status: Standing = Standing.ACTIVE) -> Subscriber:
    """Somebody who stands somewhere, without any history."""
    address = read_address(email)
    subscriber = Subscriber(
        public_id=new_public_id(),
        email=address.email,
        canonical=address.canonical,
        status=status,
        created_at=NOW,
        confirmed_at=NOW if status is Standing.ACTIVE else None,
        requested_at=NOW if status is Standing.PENDING else None,
        departures=0,
    )
    session.add(subscriber)
    session.flush()
    return subscriber


def history(session: Session, subscriber: Subscriber) -> list[Consent]:
    """The consent history of somebody, oldest first."""
    theirs = select(Consent).where(Consent.subscriber_id == subscriber.id)
    return list(session.scalars(theirs.order_by(Consent.id)))


def standings(database: Database) -> dict[str, str]:
    """Every address and where it stands."""
    with database.read() as session:
        rows = session.scalars(select(Subscriber).order_by(Subscriber.id)).all()
        return {row.email: row.status.value for row in rows}


def add_edition(session: Session, key: str = "2026-W47", status: Status = Status.APPROVED) -> Edition:
    """An edition with its frozen bytes."""
    leave = reader_link(MARKER, "unsubscribe")
    edition = Edition(
        key=key,
        status=status,
        slot=NOW,
        window_start=NOW - timedelta(days=7),
        window_end=NOW,
        subject=f"Verdicts of {key}",
        created_at=NOW,
        html=f'<p>Verdicts</p><a href="{leave}">Unsubscribe</a>',
        text=f"Verdicts\n\nUnsubscribe: {leave}\n",
        marker=MARKER,
    )
    session.add(edition)
    session.flush()
    return edition
