"""How each database finds the rows of the statements that it is really given, as short lines."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Self

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from digest.db import Database

Plan = tuple[str, ...]
_BIG = r"(?:deliveries|attempts|subscribers)\b"
_NODE = re.compile(
    r"^( *)(?:->  )?(\S.*?)  \(cost=.*?\)(?: \((?:actual rows=(\d+)(?:\.\d+)? loops=\d+|never executed)\))?$"
)
_REMOVED = re.compile(r" +Rows Removed by (?:Filter|Index Recheck): (\d+)$")
_BAD = (
    (re.compile(rf"SCAN {_BIG}|Seq Scan on {_BIG}"), "reads a whole table or index"),
    (
        re.compile(r"SEARCH deliveries USING (COVERING )?INDEX \S+( \(mailing_id=\?\))?$"),
        "reads a whole mailing",
    ),
    (re.compile(r"TEMP B-TREE|^ *Sort\b"), "sorts"),
    (re.compile(r"BitmapAnd"), "reads two indexes for one row"),
)


@contextmanager
def plans(url: str) -> Iterator[Callable[[Callable[[Session], object]], list[Plan]]]:
    """Gives a function that runs an action, takes it back, and returns the plans of its statements.

    The PostgreSQL user must be one who may load auto_explain.
    """
    database = Database(url)
    try:
        yield (_on_sqlite if database.is_sqlite else _on_postgres)(database)
    finally:
        database.close()


def fault(plan: Plan) -> str | None:
    """What is wrong with a plan where a table has a million rows; None for a good one."""
    for line in plan:
        if found := _REMOVED.match(line):
            if int(found.group(1)) > 10:
                return "reads rows for nothing"
            continue
        for pattern, words in _BAD:
            if pattern.search(line):
                return words
    return None


def _on_sqlite(database: Database) -> Callable[[Callable[[Session], object]], list[Plan]]:
    heard: list[tuple[str, Any]] = []

    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, parameters: Any = (), /) -> Self:
            heard.append((sql, parameters))
            super().execute(sql, parameters)
            return self

        def executemany(self, sql: str, rows: Any, /) -> Self:
            heard.append((sql, rows[0]))
            super().executemany(sql, rows)
            return self

    class Connection(sqlite3.Connection):
        def cursor(self, factory: Any = Cursor) -> Any:
            return super().cursor(factory)

    @event.listens_for(database.engine, "do_connect")
    def _listen(_dialect: object, _record: object, _arguments: object, named: dict[str, Any]) -> None:
        named["factory"] = Connection

    def explain(action: Callable[[Session], object]) -> list[Plan]:
        with database.trial() as session:
            heard.clear()
            action(session)
            session.flush()
            asked, connection = list(heard), session.connection().connection
            return _different(_sqlite_plan(connection, *one) for one in asked)

    return explain


def _sqlite_plan(connection: Any, sql: str, parameters: Any) -> Plan:
    # With the parameters left open, as they are when the statement is prepared.
    depths, lines = {0: -1}, [_headline(sql)]
    for number, parent, _, detail in connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters):
        depths[number] = depths[parent] + 1
        lines.append("  " * (depths[number] + 1) + detail)
    return tuple(lines)


def _on_postgres(database: Database) -> Callable[[Callable[[Session], object]], list[Plan]]:
    heard: list[str] = []

    def explain(action: Callable[[Session], object]) -> list[Plan]:
        with database.trial() as session:
            _tell_plans(session)
            driver: Any = session.connection().connection.dbapi_connection
            notice = lambda said: heard.append(said.message_primary)  # noqa: E731 - removed again below
            driver.add_notice_handler(notice)
            heard.clear()
            action(session)
            session.flush()
            session.execute(text("SELECT 1"))  # a query is over, and tells its plan, when the next one begins
            driver.remove_notice_handler(notice)
            return _different(map(_postgres_plan, heard))

    return explain


def _tell_plans(session: Session) -> None:
    session.execute(text("LOAD 'auto_explain'"))
    # A statement that runs often gets a plan that fits any parameters: so this one is looked at.
    settings = {
        "plan_cache_mode": "force_generic_plan",
        "auto_explain.log_min_duration": "0",
        "auto_explain.log_analyze": "on",
        "auto_explain.log_timing": "off",
        "auto_explain.log_level": "notice",
        "client_min_messages": "notice",
    }
    for name, value in settings.items():
        session.execute(text(f"SET LOCAL {name} = '{value}'"))


def _postgres_plan(said: str) -> Plan:
    asked, _, plan = said.partition("Query Text: ")[2].partition("\n")
    # The statement may have lines of its own; its plan begins where the first cost is told.
    lines = f"{asked}\n{plan}".split("\n")
    first = next((number for number, line in enumerate(lines) if "(cost=" in line), len(lines))
    return (_headline(" ".join(lines[:first])), *filter(None, map(_short, lines[first:])))


def _short(line: str) -> str | None:
    if _REMOVED.match(line):
        return f"  {line}"
    if not (found := _NODE.match(line)):
        return None
    indent, node, rows = found.groups()
    return f"  {indent}{node}" + (f" ({rows} rows)" if rows is not None else " (not needed)")


def _headline(sql: str) -> str:
    """The verb, the table, and what an update sets."""
    words = " ".join(sql.split())
    table = re.search(r"\b(?:UPDATE|INTO|FROM) (\w+)", words)
    change = re.search(r"\bSET (.*?)(?: WHERE |$)", words)
    told = [words.split(" ", 1)[0], table.group(1) if table else words[:60]]
    if change:
        told += ["SET", ", ".join(re.findall(r"\b(\w+) ?= ?", change.group(1)))]
    return " ".join(told)


def _different(found: Iterable[Plan]) -> list[Plan]:
    """Each plan of a big table once, of those that differ in numbers only the first."""
    kept: dict[str, Plan] = {}
    for plan in found:
        if any(re.search(_BIG, line) for line in plan[1:]):
            kept.setdefault(re.sub(r"\d+", "", " ".join(plan)), plan)
    return list(kept.values())
