"""Prepared statements: the same rows as through SQLAlchemy, without its cost for each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, delete, func, insert, literal, or_, select, update

from digest.db import Database
from digest.db.prepared import Prepared
from digest.delivery.models import ATTEMPTS, DELIVERIES, Delivery, Mailing, State
from tests.support.tables import NOW, add_edition, add_subscriber, open_tables

READERS = 4
LATER = NOW + timedelta(hours=1)
BERLIN = timezone(timedelta(hours=1))


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    """A write unit over one mailing to a few readers."""
    with open_tables(database_url) as database:
        _owe(database)
        with database.writer() as connection, connection.begin():
            yield connection


def _owe(database: Database) -> None:
    with database.write() as session:
        mailing = Mailing(edition_id=add_edition(session).id, seed="5eed", created_at=NOW)
        session.add(mailing)
        session.flush()
        for number in range(READERS):
            reader = add_subscriber(session, f"r{number}@example.org")
            session.add(Delivery(mailing_id=mailing.id, subscriber_id=reader.id, due_at=NOW, changed_at=NOW))


def rows(connection: Connection) -> list[tuple[Any, ...]]:
    """Every delivery as the driver gives it, without whose it is: two ways to write one moment differ."""
    names = ", ".join(column.name for column in DELIVERIES.c if column.name != "subscriber_id")
    query = f"SELECT {names} FROM deliveries ORDER BY subscriber_id"  # noqa: S608 - our own names
    return [tuple(row) for row in connection.exec_driver_sql(query)]


CHANGE = (
    update(DELIVERIES)
    .where(
        DELIVERIES.c.subscriber_id == bindparam("reader"),
        or_(DELIVERIES.c.state == State.PENDING, DELIVERIES.c.state == State.DEFERRED),
    )
    .values(
        state=bindparam("to_state"),
        due_at=bindparam("due"),
        changed_at=func.coalesce(bindparam("now", type_=DELIVERIES.c.changed_at.type), NOW),
        tries=DELIVERIES.c.tries + 1,
        detail=bindparam("said"),
        gone=bindparam("is_gone"),
        first_tried_at=NOW,
    )
)
CHANGED: dict[str, Any] = {"to_state": State.DEFERRED, "due": LATER.astimezone(BERLIN), "is_gone": True}


@pytest.mark.parametrize("said", ["450 Grüße: 100 % :name ?", "", None])
def test_it_stores_what_sqlalchemy_stores(connection: Connection, said: str | None) -> None:
    """Moments, enums, booleans, missing values, and those that the statement has itself."""
    first, second = CHANGED | {"now": LATER, "said": said}, CHANGED | {"now": None, "said": said}
    for reader, row in enumerate((first, second), 1):
        connection.execute(CHANGE, [row | {"reader": reader}])
    Prepared(CHANGE).many(connection, [first | {"reader": 3}, second | {"reader": 4}])
    one, two, three, four = rows(connection)
    assert (three, four) == (one, two)
    assert one != two
    assert one[-2:] == (said, True)


def test_what_is_shared_counts_for_every_row(connection: Connection) -> None:
    """And a statement may be asked again with something else."""
    prepared = Prepared(CHANGE)
    every = [{"reader": reader} for reader in range(1, READERS + 1)]
    for now, said in ((NOW, "first"), (LATER, "then")):
        assert prepared.many(connection, every[1:], **CHANGED, now=now, said=said) == READERS - 1
        connection.execute(CHANGE, [every[0] | CHANGED | {"now": now, "said": said}])
        assert len(set(rows(connection))) == 1
        found = select(DELIVERIES.c.changed_at, DELIVERIES.c.detail, DELIVERIES.c.due_at)
        assert {tuple(row) for row in connection.execute(found)} == {(now, said, LATER)}
    assert set(connection.scalars(select(DELIVERIES.c.tries))) == {2}


def test_it_counts_the_rows_that_changed(connection: Connection) -> None:
    """All of them together; one that no condition fits is none."""
    prepared = Prepared(CHANGE)
    same = CHANGED | {"now": NOW, "said": None, "to_state": State.SENT}
    assert prepared.many(connection, [{"reader": 1}], **same) == 1
    assert prepared.many(connection, [{"reader": 1}, {"reader": 2}, {"reader": 99}], **same) == 1
    assert prepared.many(connection, [{"reader": 1}], **same) == 0
    everybody = Prepared(delete(DELIVERIES).where(DELIVERIES.c.mailing_id == bindparam("mailing")))
    assert everybody.many(connection, [{"mailing": 1}, {"mailing": 2}]) == READERS


def test_rows_are_inserted(connection: Connection) -> None:
    """Under numbers that the database gives."""
    names = [column.name for column in ATTEMPTS.c if not column.primary_key]
    prepared = Prepared(insert(ATTEMPTS).values({name: bindparam(name) for name in names}))
    shared: dict[str, Any] = {"mailing_id": 1, "result": "sent", "code": 250, "enhanced": None, "at": LATER}
    each = [{"subscriber_id": reader, "number": 1, "reply": f"to {reader}"} for reader in (1, 2)]
    assert prepared.many(connection, each, **shared) == 2
    found = connection.execute(select(ATTEMPTS).order_by(ATTEMPTS.c.id)).mappings().all()
    assert [{**row} for row in found] == [
        {"id": number, **shared, **one} for number, one in enumerate(each, 1)
    ]


def test_it_is_part_of_the_transaction(database_url: str) -> None:
    """What is undone leaves no trace."""
    with open_tables(database_url) as database:
        _owe(database)
        with database.writer() as connection:
            before = rows(connection)
            connection.rollback()
            with connection.begin() as transaction:
                Prepared(delete(DELIVERIES).where(literal(1) == bindparam("one"))).many(
                    connection, [{"one": 1}]
                )
                assert rows(connection) == []
                transaction.rollback()
            assert rows(connection) == before


def test_a_naive_moment_is_refused(connection: Connection) -> None:
    """As everywhere."""
    naive = datetime(2026, 11, 19, 8, 0, tzinfo=UTC).replace(tzinfo=None)
    with pytest.raises(ValueError, match="naive datetime"):
        Prepared(CHANGE).many(connection, [{"reader": 1, **CHANGED, "now": naive, "said": None}])


def test_a_missing_value_is_told(connection: Connection) -> None:
    """By its name, and nothing is changed."""
    before = rows(connection)
    with pytest.raises(KeyError, match="said"):
        Prepared(CHANGE).many(connection, [{"reader": 1}], **CHANGED, now=NOW)
    assert rows(connection) == before


def test_errors_are_the_drivers_own(connection: Connection) -> None:
    """Under PEP 249's names; the statement's cursor is closed."""
    prepared = Prepared(update(DELIVERIES).values(mailing_id=bindparam("mailing")))
    with pytest.raises(Exception, match=r"(?i)foreign key") as caught:
        prepared.many(connection, [{"mailing": 77}])
    assert type(caught.value).__module__.partition(".")[0] in ("sqlite3", "psycopg")
    assert "IntegrityError" in [kind.__name__ for kind in type(caught.value).__mro__]
