"""Which failures of a database may be over soon, and what is said of them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from digest.db import Database
from digest.db.away import in_short, is_away


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


def test_no_connection_left_is_one_of_them(tmp_path: Path) -> None:
    """All are taken: somebody gives theirs back."""
    engine = create_engine(f"sqlite:///{tmp_path / 'x.db'}", pool_size=1, max_overflow=0, pool_timeout=0.01)
    with engine.connect(), pytest.raises(PoolTimeout) as caught:
        engine.connect()
    engine.dispose()
    assert is_away(caught.value)
    assert in_short(caught.value).startswith("QueuePool limit")
