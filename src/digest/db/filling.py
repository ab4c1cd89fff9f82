"""Bring many rows into a temporary table the quickest way each database has; from there SQL takes them on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable, DropTable


@contextmanager
def filled(session: Session, table: Table, rows: Iterable[Sequence[Any]]) -> Iterator[None]:
    """`table`, which is a temporary one, with these rows, for a part of the present transaction."""
    session.execute(CreateTable(table))
    fill(session, table, rows)
    yield
    session.execute(DropTable(table))


def bound(session: Session, table: Table, rows: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
    """The rows with their values as the driver knows them, for columns of types that it does not."""
    dialect = session.get_bind().dialect
    turns = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in table.columns]
    return ([turn(value) if turn else value for turn, value in zip(turns, row, strict=True)] for row in rows)


def fill(session: Session, table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """Add rows; the values of each are in the order of the columns, and of types that the driver knows."""
    connection = session.connection()
    names = ", ".join(column.name for column in table.columns)
    cursor: Any = connection.connection.cursor()
    try:
        if connection.dialect.name == "sqlite":
            marks = ", ".join("?" * len(table.columns))
            cursor.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", rows)  # noqa: S608 - our own names
        else:
            with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
    finally:
        cursor.close()
