"""Notices commits cheaply."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import SQLAlchemyError

from digest.db.engine import Database


class DataWatch:
    """Asks the database whether anything was committed since, without reading it all.

    SQLite counts the commits of others for each connection (`PRAGMA data_version`), so one connection is
    kept for asking. PostgreSQL stamps each row with the transaction that wrote it (`xmin`), which is
    quick to add up for small tables.
    """

    def __init__(self, database: Database, tables: Sequence[str]) -> None:
        """Watch the rows of these tables, named by ourselves; on SQLite every commit counts."""
        self._database = database
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._question = _question(tables, database.is_sqlite)

    def version(self) -> str:
        """A text that changes with the data, or what keeps the database from answering."""
        with self._lock:
            try:
                return self._ask()
            except SQLAlchemyError as error:
                self._drop()
                return type(error).__name__

    def close(self) -> None:
        """Give the connection back; asking again takes a new one."""
        with self._lock:
            self._drop()

    def _ask(self) -> str:
        if self._connection is None:
            self._connection = self._database.engine.connect()
        with self._connection.begin():
            rows = self._connection.execute(self._question).all()
        return repr([tuple(row) for row in rows])

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _question(tables: Sequence[str], sqlite: bool) -> TextClause:
    if sqlite:
        return text("PRAGMA data_version")
    one = "SELECT count(*), coalesce(sum(xmin::text::bigint), 0) FROM {}"
    return text(" UNION ALL ".join(one.format(table) for table in tables))
