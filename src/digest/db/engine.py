"""The database as the stages use it: read units and write units, alike on SQLite and PostgreSQL."""

from __future__ import annotations

import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.orm import Session

from digest.errors import ConfigError

BUSY_SECONDS = 30
WAL_PAUSE = 0.01  # seconds between tries to turn the write-ahead log on


class Database:
    """One engine, and the two kinds of transaction there are.

    On SQLite a write unit begins with BEGIN IMMEDIATE: a deferred one that reads first and writes later
    fails under a second writer whatever the timeout, or loses updates. WAL lets readers go on meanwhile.
    """

    def __init__(self, url: str) -> None:
        """Raises ConfigError for a URL that names no database we can talk to."""
        self.url = url
        self.engine = _engine(url)
        self._writer = self.engine.execution_options(digest_write=True)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the one-file database."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that changes nothing."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self, lock: str | None = None) -> Iterator[Session]:
        """A transaction that commits at the end, or leaves no trace when an exception passes through.

        `lock` names work that only one process at a time may do: on PostgreSQL it takes the advisory
        lock of that name until the commit; on SQLite every write unit is alone anyway.
        """
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            if lock and not self.is_sqlite:
                session.execute(
                    text("SELECT pg_advisory_xact_lock(:key)"), {"key": zlib.crc32(lock.encode())}
                )
            yield session

    def writer(self) -> Connection:
        """A connection each of whose transactions is a write unit; whoever asks closes it."""
        return self._writer.connect()

    @contextmanager
    def trial(self, lock: str | None = None) -> Iterator[Session]:
        """A write unit that is undone at the end, to see what would come of it."""
        with self.write(lock) as session:
            yield session
            session.rollback()

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise ConfigError(
                f"database.url: expected sqlite:///… or postgresql://…, not {parsed.drivername}://…"
            )
        sqlite = parsed.get_backend_name() == "sqlite"
        # An error's text goes into logs; with its parameters it would take addresses there.
        engine = create_engine(parsed, pool_pre_ping=not sqlite, hide_parameters=True)
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise ConfigError("database.url: expected sqlite:///path or postgresql://user@host/name") from error
    except ModuleNotFoundError as error:
        raise ConfigError(
            "database.url: PostgreSQL needs the extra: pip install 'digest[postgres]'"
        ) from error
    if sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # isolation_level None: the driver starts no transactions of its own, `_begin_sqlite` does.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    _use_wal(connection)
    for pragma in ("synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _use_wal(connection: Any) -> None:
    """Turn the write-ahead log on; where two do so at once, SQLite fails one without heeding busy_timeout."""
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
        time.sleep(WAL_PAUSE)


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("digest_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
