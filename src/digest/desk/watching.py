"""Notices changes cheaply: in a folder of templates, and in the rows that an edition is made of."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import SQLAlchemyError

from digest.content.models import Comparison, Review, Tool
from digest.db import Database
from digest.editions.models import Choice, Edition, Item, LeftOut, VoiceChoice

TABLES: Final = tuple(
    model.__tablename__ for model in (Edition, Item, LeftOut, Choice, VoiceChoice, Comparison, Tool, Review)
)

FileState = tuple[str, int, int]


def folder_state(folder: Path) -> tuple[FileState, ...]:
    """Name, time of change (ns) and size of every file below `folder`; empty for one that is not there."""
    found = []
    for file in sorted(folder.rglob("*")):
        try:
            about = file.stat()
        except OSError:  # an editor's swap file, gone again
            continue
        found.append((str(file), about.st_mtime_ns, about.st_size))
    return tuple(found)


class DataWatch:
    """Asks the database whether anything was committed since, without reading it all.

    SQLite counts the commits of others for each connection (`PRAGMA data_version`), so one connection is
    kept for asking. PostgreSQL stamps each row with the transaction that wrote it (`xmin`), and an edition's
    tables are small.
    """

    def __init__(self, database: Database) -> None:
        """Watch the rows behind editions."""
        self._database = database
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._question = _question(database.is_sqlite)

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


def _question(sqlite: bool) -> TextClause:
    if sqlite:
        return text("PRAGMA data_version")
    # Table names are our models' own.
    one = "SELECT count(*), coalesce(sum(xmin::text::bigint), 0) FROM {}"
    return text(" UNION ALL ".join(one.format(table) for table in TABLES))
