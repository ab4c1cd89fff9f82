"""Units of work: all or nothing, alone when they write, alike on both engines."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError

from digest.audience.models import Suppression
from digest.db import Database
from digest.errors import ConfigError
from tests.support.tables import NOW, open_tables


@pytest.fixture
def database(new_database_url: str) -> Iterator[Database]:
    """Empty tables and a counter."""
    with open_tables(new_database_url) as opened:
        with opened.write() as session:
            session.execute(text("CREATE TABLE counter (n INTEGER NOT NULL)"))
            session.execute(text("INSERT INTO counter VALUES (0)"))
        yield opened


INCREMENT = """
import sys
from sqlalchemy import text
from digest.db import Database
database = Database(sys.argv[1])
for _ in range(int(sys.argv[2])):
    with database.write(lock="counter") as session:
        number = session.execute(text("SELECT n FROM counter")).scalar_one()
        session.execute(text("UPDATE counter SET n = :n"), {"n": number + 1})
"""


def counted(database: Database) -> int:
    """What the counter says."""
    with database.read() as session:
        return int(session.execute(text("SELECT n FROM counter")).scalar_one())


def test_a_write_unit_leaves_no_trace_of_a_failure(database: Database) -> None:
    """The exception passes through, the change does not."""

    def fail() -> None:
        with database.write() as session:
            session.execute(text("UPDATE counter SET n = 5"))
            raise KeyError("x")

    with pytest.raises(KeyError):
        fail()
    assert counted(database) == 0
    with database.write() as session:
        session.execute(text("UPDATE counter SET n = 6"))
    assert counted(database) == 6


def test_a_read_unit_stores_nothing(database: Database) -> None:
    """Even where somebody writes by mistake."""
    with database.read() as session:
        session.execute(text("UPDATE counter SET n = 5"))
    assert counted(database) == 0


def test_threads_lose_no_update(database: Database) -> None:
    """Read, add one, write: alone under the lock."""

    def increment() -> None:
        for _ in range(20):
            with database.write(lock="counter") as session:
                number = session.execute(text("SELECT n FROM counter")).scalar_one()
                session.execute(text("UPDATE counter SET n = :n"), {"n": number + 1})

    threads = [threading.Thread(target=increment) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted(database) == 80


def test_processes_lose_no_update(database: Database) -> None:
    """The same among processes."""
    command = [sys.executable, "-c", INCREMENT, database.url, "25"]
    processes = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert counted(database) == 50


def test_readers_go_on_while_somebody_writes(database: Database) -> None:
    """They see what was committed last."""
    with database.write(lock="counter") as session:
        session.execute(text("UPDATE counter SET n = 5"))
        assert counted(database) == 0
    assert counted(database) == 5


def test_moments_come_back_aware_and_in_utc(database: Database) -> None:
    """Whatever offset they were given with."""
    berlin = timezone(timedelta(hours=1))
    with database.write() as session:
        session.add(Suppression(address_hash="x", reason="y", at=NOW.astimezone(berlin)))
    with database.read() as session:
        moment = session.scalars(select(Suppression.at)).one()
        assert moment == NOW
        assert moment.utcoffset() == timedelta()
        assert session.scalars(select(Suppression.at).where(Suppression.at <= NOW.astimezone(berlin))).all()


def test_naive_moments_are_refused(database: Database) -> None:
    """They would be read back as others."""
    naive = datetime(2026, 11, 19, 8, 0, tzinfo=UTC).replace(tzinfo=None)

    def store() -> None:
        with database.write() as session:
            session.add(Suppression(address_hash="x", reason="y", at=naive))

    with pytest.raises(StatementError, match="naive datetime"):
        store()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "digest.db",
        "mysql://root:hunter2@localhost/digest",
        "oracle://x",
        "sqlite://host/digest.db",
        "postgresql+nothing://localhost/digest",
        "postgresql://localhost:port/digest",
        "://",
    ],
)
def test_a_bad_url_is_a_setting_that_makes_no_sense(url: str) -> None:
    """Named by its key, without a password in it."""
    with pytest.raises(ConfigError, match=r"database\.url") as caught:
        Database(url)
    assert "hunter2" not in str(caught.value)
