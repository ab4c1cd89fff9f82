"""Which failures of a database are waited for, and what is said of them."""

from __future__ import annotations

import sqlite3
import threading
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from structlog.testing import capture_logs

from digest.db import Database
from digest.delivery.patience import Patience, in_short, is_away

MINUTE = timedelta(minutes=1)


def complaint(path: Path, statement: str, timeout: float = 0) -> sqlite3.Error:
    """What SQLite says to a statement."""
    connection = sqlite3.connect(path, timeout=timeout)
    try:
        connection.execute(statement)
    except sqlite3.Error as error:
        return error
    finally:
        connection.close()
    raise AssertionError("SQLite did not mind")


def test_what_sqlite_says(tmp_path: Path) -> None:
    """A lock passes and a full disk may; a statement that it does not understand does not."""
    path = tmp_path / "x.db"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("CREATE TABLE t (a)")
    holder.execute("BEGIN IMMEDIATE")
    assert is_away(complaint(path, "INSERT INTO t VALUES (1)"))
    holder.close()
    small = sqlite3.connect(path)
    small.execute("PRAGMA max_page_count = 2")
    with pytest.raises(sqlite3.OperationalError, match="full") as full:
        small.execute("INSERT INTO t VALUES (zeroblob(100000))")
    small.close()
    assert is_away(full.value)
    assert not is_away(complaint(path, "INSERT INTO nothing VALUES (1)"))
    assert not is_away(complaint(path, "INSERT INTO"))


def test_what_postgresql_says() -> None:
    """No connection, no room, a standby; not what is wrong with the statement."""
    for kind in (psycopg.OperationalError, errors.DiskFull, errors.AdminShutdown, errors.TooManyConnections):
        assert is_away(kind("x"))
    assert is_away(errors.ReadOnlySqlTransaction("cannot execute UPDATE in a read-only transaction"))
    for other in (errors.UniqueViolation, errors.UndefinedTable, errors.SyntaxError, ValueError):
        assert not is_away(other("x"))


def test_sqlalchemys_own_are_looked_into(tmp_path: Path) -> None:
    """They wrap the driver's."""
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    with pytest.raises(OperationalError) as missing, database.read() as session:
        session.execute(text("SELECT * FROM nothing"))
    database.close()
    assert not is_away(missing.value)
    assert is_away(DBAPIError("SELECT 1", {}, psycopg.OperationalError("gone\nDETAIL: more")))
    assert in_short(DBAPIError("SELECT 1", {}, psycopg.OperationalError("gone\nDETAIL: more"))) == "gone"


def failing(times: int) -> tuple[list[int], object]:
    """Something that fails so often before it works."""
    tries: list[int] = []

    def act() -> str:
        tries.append(1)
        if len(tries) <= times:
            raise psycopg.OperationalError("gone")
        return "done"

    return tries, act


def test_it_waits_and_says_so_once() -> None:
    """And once that it is over; the next outage is a new one."""
    patience = Patience(threading.Event(), MINUTE)
    with capture_logs() as logs:
        for times in (3, 0, 1):
            _, act = failing(times)
            assert patience.run(act) == "done"  # type: ignore[arg-type]  # it is callable
    assert [line["action"] for line in logs] == ["database-away", "database-back"] * 2
    assert patience.tested == 2


@pytest.mark.parametrize("impatient", ["stop", "span"])
def test_it_ends(impatient: str) -> None:
    """When somebody wants to stop, or the time is up: then the error is told."""
    stop = threading.Event()
    if impatient == "stop":
        stop.set()
    tries, act = failing(99)
    with pytest.raises(psycopg.OperationalError, match="gone"):
        Patience(stop, timedelta() if impatient == "span" else MINUTE).run(act)  # type: ignore[arg-type]
    assert len(tries) == 1


def test_other_errors_are_nobodys_patience() -> None:
    """They are told at once, and not logged as an outage."""

    def act() -> None:
        raise KeyError("x")

    with capture_logs() as logs, pytest.raises(KeyError):
        Patience(threading.Event(), MINUTE).run(act)
    assert logs == []
