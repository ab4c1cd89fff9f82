"""How long an import takes beside the database's own load of the same file, its memory, and a kill half way.

Run it with `make bench`, or alone and quicker: `.venv/bin/python benchmarks/importing.py --rows 100000`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

from sqlalchemy import func, select
from support.ledgers import Urls, databases
from support.lists import as_readers, as_text, load, write_list
from support.tables import table
from support.timing import interleaved

from digest.audience.models import Consent, Import, Standing, Subscriber
from digest.audience.suppressing import Suppressions
from digest.config.template import settings_template
from digest.db import Database
from digest.db.migrations import upgrade
from digest.logs import configure_logs

TARGET, MEMORY_TARGET = 3, 200
SUPPRESSED = 1_000  # suppressed addresses, of which none is in the file
AGREED = ("--consent", "the fair")
# The command, which tells its peak of memory at the end: what the system says of a process that has ended is
# handed down from this one.
COMMAND = """
import atexit, pathlib, sys
from digest.cli import main
atexit.register(lambda: sys.stderr.write(pathlib.Path("/proc/self/status").read_text("ascii")))
main()
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with settings and a list to import."""

    folder: Path
    rows: int
    suppression_key: str

    @property
    def list(self) -> Path:
        """The file."""
        return self.folder / "list.csv"

    def start(self, url: str) -> subprocess.Popen[bytes]:
        """The import as a process of its own."""
        words = (sys.executable, "-c", COMMAND, "subscribers", "import", str(self.list), *AGREED, "--json")
        own = {"DIGEST_CONFIG": str(self.folder / "digest.toml"), "DIGEST_DATABASE__URL": url}
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DIGEST_")} | own
        pipe = subprocess.PIPE
        return subprocess.Popen(words, cwd=self.folder, env=environment, stdout=pipe, stderr=pipe)


def main() -> None:
    """Print the measurements."""
    parser = argparse.ArgumentParser(description="Imports beside bare loads of the same file.")
    parser.add_argument("--rounds", type=int, default=1, metavar="N", help="runs of each measurement")
    parser.add_argument("--rows", type=int, default=1_000_000, metavar="N", help="rows of the file")
    options = parser.parse_args()
    configure_logs()
    with tempfile.TemporaryDirectory() as folder, databases() as kinds:
        place = _place(Path(folder), max(options.rows, 1_000))
        for name, urls in kinds.items():
            _compare(name, urls, place, max(options.rounds, 1))
            _kill(name, urls, place)


def _place(folder: Path, rows: int) -> Place:
    key = secrets.token_hex(32)
    (folder / "digest.toml").write_text(settings_template(secrets.token_hex(32), key), encoding="utf-8")
    place = Place(folder, rows, key)
    write_list(place.list, rows)
    return place


# --- time and memory ---


def _compare(name: str, urls: Urls, place: Place, rounds: int) -> None:
    peaks: list[int] = []
    runs: dict[str, Callable[[], float]] = {
        "file": partial(_load, urls, place, as_text),
        "readers": partial(_load, urls, place, as_readers),
        "import": partial(_import, urls, place, peaks),
    }
    middle = {what: median(times) for what, times in interleaved(runs, rounds, warm=0).items()}
    print(f"{name}: {place.rows:,} clean rows; medians of {rounds} turns\n")
    titles = {
        "file": "bare load of the file's two columns, no index",
        "readers": "bare load into the list's columns and indexes",
        "import": "digest subscribers import, with its start",
    }
    rows = [
        (
            title,
            f"{middle[what]:.1f}",
            f"{middle[what] / middle['readers']:.2f}",
            f"{middle[what] / middle['file']:.1f}",
        )
        for what, title in titles.items()
    ]
    print(table(("", "seconds", "÷ same indexes", "÷ no index"), rows))
    print(f"\nTarget: ≤ {TARGET} ÷ same indexes.")
    print(f"Peak memory of the import: {max(peaks) / 1024:.0f} MiB; target: ≤ {MEMORY_TARGET}.\n", flush=True)


def _load(urls: Urls, place: Place, make: Callable[[Database], None]) -> float:
    with urls() as url:
        database = Database(url)
        try:
            make(database)
            began = time.perf_counter()
            load(database, place.list, readers=make is as_readers)
            return time.perf_counter() - began
        finally:
            database.close()


def _import(urls: Urls, place: Place, peaks: list[int]) -> float:
    with urls() as url:
        database = _prepared(url, place)
        try:
            began = time.perf_counter()
            peaks.append(_finished(place.start(url), place.rows))
            taken = time.perf_counter() - began
            _assert_right(database, place)
            return taken
        finally:
            database.close()


def _prepared(url: str, place: Place) -> Database:
    database = Database(url)
    upgrade(database)
    suppressions, now = Suppressions(bytes.fromhex(place.suppression_key)), datetime.now(UTC)
    with database.write() as session:
        for number in range(SUPPRESSED):
            suppressions.add(session, suppressions.hash(f"{number}@gone.example"), "complaint", now)
    return database


def _finished(process: subprocess.Popen[bytes], rows: int) -> int:
    """Wait for the end; returns the most memory it had, in kibibytes."""
    output, errors = process.communicate()
    assert process.returncode == 0, errors.decode()
    told = json.loads(output)
    assert (told["rows"], told["added"]) == (rows, rows), told
    return next(int(line.split()[1]) for line in errors.splitlines() if line.startswith(b"VmHWM:"))


# --- killed half way ---


def _kill(name: str, urls: Urls, place: Place) -> None:
    with urls() as url:
        database = _prepared(url, place)
        try:
            half = place.list.stat().st_size / 2
            with place.start(url) as process:
                while (done := _done(database)) < half:
                    assert process.poll() is None, "the import ended before it could be killed"
                    time.sleep(0.01)
                process.kill()
            _finished(place.start(url), place.rows)
            _assert_right(database, place)
        finally:
            database.close()
    share = done / place.list.stat().st_size
    print(
        f"{name}: killed after {share:.0%} of the file and run again: exactly the right list.\n", flush=True
    )


def _done(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.max(Import.offset))) or 0


def _assert_right(database: Database, place: Place) -> None:
    """Everybody in the file is active, nobody else is, and each has one entry in the history."""
    with place.list.open(newline="", encoding="utf-8") as file:
        expected = sorted(email for email, _ in list(csv.reader(file))[1:])
    with database.read() as session:
        active = session.scalars(select(Subscriber.email).where(Subscriber.status == Standing.ACTIVE))
        assert sorted(active) == expected, "not the right list"
        entries = select(func.count(), func.count(func.distinct(Consent.subscriber_id)))
        assert tuple(session.execute(entries).one()) == (place.rows, place.rows), "not the right history"
        assert session.scalar(select(func.count()).select_from(Subscriber)) == place.rows, "somebody else"


if __name__ == "__main__":
    main()
