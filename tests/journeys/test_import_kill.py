"""`kill -9` in the middle of an import, several times over: in the end exactly the right list."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from digest.audience.importing import FIRST
from tests.journeys.installation import installed

ROWS = 6 * FIRST
NOBODY, TWICE = 1_000, 777  # every so many rows one is no address, or an address of an earlier row

# Before these an import dies in its second batch; the first COMMIT is of the mark where to go on.
SECOND_BATCH = (
    (2, "INSERT INTO subscribers"),
    (2, "INSERT INTO consents"),
    (2, "UPDATE imports"),
    (3, "COMMIT"),
)


def test_killed_and_run_again(tmp_path: Path, database_url: str) -> None:
    """Who is active and with which history, and what was rejected: as if nothing had happened."""
    made = installed(tmp_path, database_url, 2525)
    readers = write_list(tmp_path / "list.csv")
    words = ("subscribers", "import", "list.csv", "--consent", "the fair", "--rejects", "rejects.csv")
    for number, statement in SECOND_BATCH:
        made.die(number, statement, *words)
    told = made.json(*words, exits=1)
    bad = [number for number in range(ROWS) if number % NOBODY == 1]
    assert told["rows"] == ROWS
    assert (told["added"], told["known"], told["rejected_rows"]) == (len(readers), 0, len(bad))
    assert told["repeated"] == ROWS - len(bad) - len(readers)
    assert told["resumed"] == len(SECOND_BATCH) * FIRST
    assert made.statuses() == dict.fromkeys(readers, "active")
    history = made.query(
        "SELECT count(*), count(DISTINCT subscriber_id), min(event), max(source) FROM consents"
    )
    assert history == [(len(readers), len(readers), "imported", "the fair (list.csv)")]
    with (tmp_path / "rejects.csv").open(newline="", encoding="utf-8") as file:
        assert [row[0] for row in csv.reader(file)] == ["line", *(str(number + 2) for number in bad)]


@pytest.mark.parametrize("statement", ["INSERT INTO deliveries", "UPDATE imports"])
def test_nobody_is_asked_twice_or_forgotten(tmp_path: Path, database_url: str, statement: str) -> None:
    """Without --consent each new reader is owed one question, written together with them."""
    made = installed(tmp_path, database_url, 2525)
    readers = write_list(tmp_path / "list.csv", ROWS // 2)
    made.die(2, statement, "subscribers", "import", "list.csv")
    done = made.run("subscribers", "import", "list.csv", "--rejects", "late.csv", "--json", exits=1)
    told = json.loads(done.stdout)
    assert re.search(rb"late.csv lacks \d+ rejected before it was there", done.stderr)
    assert told["added"] == told["asked"] == len(readers)
    assert made.statuses() == dict.fromkeys(readers, "pending")
    owed = "SELECT count(*), count(DISTINCT subscriber_id), count(DISTINCT mailing_id) FROM deliveries"
    assert made.query(owed) == [(len(readers),) * 3]
    notices = "SELECT notice, count(*), count(DISTINCT seed) FROM mailings GROUP BY notice"
    assert made.query(notices) == [("confirm", len(readers), len(readers))]


def write_list(path: Path, rows: int = ROWS) -> set[str]:
    """A list to import; returns whom it should bring."""
    emails = [_email(number) for number in range(rows)]
    path.write_text("email,name\n" + "".join(f"{email},Reader\n" for email in emails))
    return {email for email in emails if "@" in email}


def _email(number: int) -> str:
    if number % NOBODY == 1:
        return f"nobody {number}"
    return f"reader{number - 333 if number % TWICE == 700 else number}@example.org"
