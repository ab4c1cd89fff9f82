"""Statements that run for every single mail: SQLAlchemy writes them once, and no row goes through it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import Delete, Insert, Select, Update

Row = Mapping[str, Any]


class _Bind(NamedTuple):
    """One parameter: its name and how the driver wants its value."""

    name: str
    written: Callable[[Any], Any] | None

    def of(self, row: Row) -> Any:
        return self.written(row[self.name]) if self.written else row[self.name]


class _Compiled(NamedTuple):
    """`names` in the order of the question marks, or None where parameters go by name."""

    sql: str
    names: list[str] | None
    binds: list[_Bind]
    own: dict[str, Any]  # what the statement itself has values for


class Prepared:
    """One statement, compiled for each kind of database at its first use.

    Through SQLAlchemy a row of parameters costs several times what the database takes for it.
    """

    def __init__(self, statement: Select[Any] | Insert | Update | Delete) -> None:
        """`statement` has a bindparam() for whatever differs between calls, and no list of values (IN)."""
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def many(self, connection: Connection, rows: Sequence[Row], **shared: Any) -> int:
        """Run it once for each of one or more rows, to which `shared` is added.

        Returns how many rows of tables that changed in all. Errors are the driver's own.
        """
        compiled = self._for(connection.dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(compiled.sql, _filled(compiled, rows, shared))
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def _for(self, dialect: Dialect) -> _Compiled:
        if dialect.name not in self._compiled:
            self._compiled[dialect.name] = _compile(self._statement, dialect)
        return self._compiled[dialect.name]


def _compile(statement: Select[Any] | Insert | Update | Delete, dialect: Dialect) -> _Compiled:
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - what statements compile to, for the type checker
    names = (compiled.positiontup or []) if compiled.positional else None
    binds, own = [], {}
    for name, parameter in compiled.binds.items():
        bind = _Bind(name, parameter.type.dialect_impl(dialect).bind_processor(dialect))
        if parameter.required:
            binds.append(bind)
        else:
            own[name] = bind.of({name: parameter.effective_value})
    return _Compiled(str(compiled), names, binds, own)


def _filled(compiled: _Compiled, rows: Sequence[Row], shared: Row) -> list[Any]:
    """What the driver gets, in which each shared value is converted only once."""
    common = compiled.own | {bind.name: bind.of(shared) for bind in compiled.binds if bind.name in shared}
    binds = [bind for bind in compiled.binds if bind.name not in shared]
    filled = [{**common, **{bind.name: bind.of(row) for bind in binds}} for row in rows]
    if compiled.names is None:
        return filled
    return [[row[name] for name in compiled.names] for row in filled]
