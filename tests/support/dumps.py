"""Everything a database holds, as text, to look for what must not be in it."""

from __future__ import annotations

from sqlalchemy import select

from digest.db import Base, Database


def dumped(database: Database) -> str:
    """Every value of every row of every table, a line to a row."""
    with database.read() as session:
        rows = [
            f"{table.name}: {tuple(row)!r}"
            for table in Base.metadata.sorted_tables
            for row in session.execute(select(table))
        ]
    return "\n".join(rows)
