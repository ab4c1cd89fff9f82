"""Lists of readers to import, and the bare loads of the same file that an import is measured by."""

from __future__ import annotations

import csv
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, Table, text
from sqlalchemy.engine import make_url

from digest.audience.models import Subscriber
from digest.db import Database

FEW = ("gmail.com", "yahoo.com", "outlook.com", "icloud.com", "web.de", "example.org")
MANY = 20_000  # domains of which each has only some readers
NAMES = ("Ann", "Bob", "Carla", "Dieter", "Eve", "Frank", "Grace", "Henri", "Ida", "Jo")
NOW = "2026-11-19 08:00:00.000000"


def write_list(path: Path, rows: int) -> None:
    """So many clean rows, none twice, in no order."""
    chance = random.Random(1)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("email", "name"))
        writer.writerows(_reader(chance, number) for number in range(rows))


def _reader(chance: random.Random, number: int) -> tuple[str, str]:
    name = NAMES[number % len(NAMES)]
    domain = chance.choice(FEW) if chance.random() < 0.6 else f"firm{chance.randrange(MANY)}.example"
    return (
        f"{name.lower()}.{chance.randrange(1 << 24):06x}{number:x}@{domain}",
        f"{name} Reader {number % 997}",
    )


def as_text(database: Database) -> None:
    """A table of the file's two columns, and nothing else."""
    with database.write() as session:
        session.execute(text("CREATE TABLE bare (email TEXT, name TEXT)"))


def as_readers(database: Database) -> None:
    """The columns and indexes of the list itself; what the file does not have the database makes up."""
    own: Table = Subscriber.__table__.to_metadata(MetaData(), name="bare")  # type: ignore[attr-defined]
    for index in own.indexes:
        index.name = f"{index.name}_bare"
    with database.write() as session:
        own.create(session.connection())
        if not database.is_sqlite:
            for change in _DEFAULTS:
                session.execute(text(f"ALTER TABLE bare {change}"))


_DEFAULTS = (
    (
        "ALTER public_id SET DEFAULT"
        " lpad(to_hex(currval('bare_id_seq') / 20000), 8, '0') || substr(md5(random()::text), 1, 16)"
    ),
    "DROP canonical",
    "ADD canonical VARCHAR NOT NULL GENERATED ALWAYS AS (lower(email)) STORED UNIQUE",
    "ALTER status SET DEFAULT 'active'",
    "ALTER created_at SET DEFAULT now()",
    "ALTER confirmed_at SET DEFAULT now()",
    "ALTER departures SET DEFAULT 0",
)
_PLAIN = "INSERT INTO bare (email, name) VALUES (?, ?)"
_READERS = (
    "INSERT INTO bare (public_id, email, canonical, name, status, created_at, confirmed_at, departures)"  # noqa: S608 - ours
    " VALUES (printf('%08x', last_insert_rowid() / 20000) || lower(hex(randomblob(8))),"
    f" ?1, lower(?1), ?2, 'active', '{NOW}', '{NOW}', 0)"
)


def load(database: Database, file: Path, *, readers: bool) -> None:
    """Bring the file into `bare` in one transaction, by the quickest way the database itself has."""
    if database.is_sqlite:
        _executemany(str(database.engine.url.database), file, _READERS if readers else _PLAIN)
    else:
        _copy(database.url, file)


def _executemany(path: str, file: Path, statement: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        # More than the import takes; at the default of 2 MB this takes half as long again.
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(statement, _rows(file))
        connection.execute("COMMIT")
    finally:
        connection.close()


def _rows(file: Path) -> Iterator[list[str]]:
    with file.open(newline="", encoding="utf-8") as opened:
        rows = csv.reader(opened)
        next(rows)
        yield from rows


def _copy(url: str, file: Path) -> None:
    import psycopg

    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection, connection.cursor() as cursor, file.open("rb") as opened:
        statement: Any = "COPY bare (email, name) FROM STDIN (FORMAT csv, HEADER)"
        with cursor.copy(statement) as copy:
            while block := opened.read(1 << 16):
                copy.write(block)
