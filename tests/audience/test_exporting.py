"""Exporting: a CSV that no spreadsheet executes and that comes back as it was."""

from __future__ import annotations

import csv
import io

import pytest

from digest.audience.listing import as_json, counts, export_csv, list_subscribers
from digest.audience.models import Standing
from digest.audience.rows import Row
from digest.db import Database
from tests.support.csv_lists import table_rows
from tests.support.tables import NOW, add_subscriber

PEOPLE = [
    ("ann@example.org", "Ann"),
    ("=1+1@example.org", "=cmd|' /C calc'!A0"),
    ("+ann@example.org", "+49"),
    ("-ann@example.org", "-1"),
    ("'=ann@example.org", "'quoted"),
    ("''+ann@example.org", "''"),
    ("o'neil@example.org", 'Bob "the, comma" ü 👋'),
    ("'plain@example.org", None),
]


def exported(database: Database, status: Standing | None = None) -> str:
    """The list as CSV."""
    out = io.StringIO(newline="")
    with database.read() as session:
        export_csv(session, out, status)
    return out.getvalue()


@pytest.fixture
def people(database: Database) -> Database:
    """A list of awkward people."""
    with database.write() as session:
        for email, name in PEOPLE:
            add_subscriber(session, email).name = name
    return database


def test_no_cell_is_a_formula(people: Database) -> None:
    """In any column."""
    cells = [cell for row in csv.reader(io.StringIO(exported(people))) for cell in row]
    assert len(cells) == 9 * (len(PEOPLE) + 1)
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]


def test_an_export_can_be_imported(people: Database) -> None:
    """Address by address and name by name."""
    found = list(table_rows(exported(people).encode()))
    assert [(row.address.email, row.name) for row in found if isinstance(row, Row)] == PEOPLE


def test_what_readers_chose_goes_along(database: Database) -> None:
    """In columns of their own."""
    with database.write() as session:
        ann = add_subscriber(session, "ann@example.org")
        ann.language, ann.text_only, ann.paused_until = "de", True, NOW
        add_subscriber(session, '"john doe"@example.org')
    found = list(csv.DictReader(io.StringIO(exported(database))))
    chosen = [(row["language"], row["text_only"], row["paused_until"]) for row in found]
    assert chosen == [("de", "true", "2026-11-19T08:00:00Z"), ("", "false", "")]
    read = list(table_rows(exported(database).encode()))
    assert [row.address.email for row in read if isinstance(row, Row)][1] == '"john doe"@example.org'


def test_one_standing_may_be_asked_for(database: Database) -> None:
    """As a list, as CSV and as numbers."""
    with database.write() as session:
        for standing in Standing:
            add_subscriber(session, f"{standing.value}@example.org", standing)
    assert exported(database, Standing.BOUNCED).count("\n") == 2
    with database.read() as session:
        assert [one.email for one in list_subscribers(session, Standing.PENDING)] == ["pending@example.org"]
        assert counts(session) == dict.fromkeys(Standing, 1)
        shown = [as_json(one) for one in list_subscribers(session)][0]  # noqa: RUF015 - read to the end
    assert shown["email"] == "pending@example.org"
    assert shown["status"] == "pending"
    assert shown["created_at"] == "2026-11-19T08:00:00Z"
    assert shown["paused_until"] is None
