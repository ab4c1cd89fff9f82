"""Schedulers and cron lines at the same moment: still one edition a week, and one mail each."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from digest.app import subscribing
from digest.app.parts import open_app
from digest.clock import iso, parse_moment
from digest.config import load_settings
from digest.content.importing import import_comparisons
from tests.faults.smtp_server import FaultyServer, Script
from tests.journeys.installation import (
    SLOT,
    Installation,
    filled,
    installed,
    joined,
    many_readers,
    slot_just_passed,
)
from tests.support.newsrooms import versus

READERS = many_readers(60)
WEEKS = 3
LATE = "late@example.org"


def test_two_schedulers_and_two_runs_make_one_mailing(tmp_path: Path, database_url: str) -> None:
    """All four end well, the schedulers when they are asked to, and a later tick sends only what is new."""
    with FaultyServer(Script(delay=0.02)) as server:
        made = installed(tmp_path, database_url, server.port, **slot_just_passed())
        filled(made, READERS, iso(datetime.now(UTC)) or "")
        _all_at_once(made, server)
    assert Counter(server.recipients) == Counter([*READERS, LATE])
    assert made.query("SELECT status FROM editions") == [("sent",)]
    assert made.query("SELECT count(*) FROM mailings") == [(2,)]
    assert made.query("SELECT count(*) FROM workers") == [(0,)]
    assert made.deliveries() == {"sent": len(READERS) + 1}


def test_two_runs_at_the_same_second_each_week(tmp_path: Path, database_url: str) -> None:
    """Two cron lines at each slot: one edition a week, one mail of it for each reader."""
    with FaultyServer() as server:
        made = joined(installed(tmp_path, database_url, server.port), READERS)
        for week in range(WEEKS):
            slot = parse_moment(SLOT) + timedelta(weeks=week)
            _publish(made, f"Newt {week}", f"Axolotl {week}", slot - timedelta(days=1))
            before = len(server.received)
            pair = [made.start("run", "--now", iso(slot) or "") for _ in range(2)]
            assert [run.wait(60) for run in pair] == [0, 0], (made.folder / "stderr.txt").read_text()
            assert Counter(server.recipients[before:]) == Counter(READERS)
    assert made.query("SELECT key, status FROM editions ORDER BY key") == [
        (f"2026-W{47 + week}", "sent") for week in range(WEEKS)
    ]
    assert made.query("SELECT count(*) FROM mailings") == [(WEEKS,)]
    assert made.deliveries() == {"sent": WEEKS * len(READERS)}


def _publish(made: Installation, left: str, right: str, moment: datetime) -> None:
    with open_app(load_settings(made.folder / "digest.toml", made.environment)) as app:
        assert not import_comparisons(app.database, [versus(left, right)], now=moment).rejected


def _all_at_once(made: Installation, server: FaultyServer) -> None:
    schedulers = [made.start("schedule", "--every", "1") for _ in range(2)]
    runs = [made.start("run") for _ in range(2)]
    try:
        assert [run.wait(60) for run in runs] == [0, 0], (made.folder / "stderr.txt").read_text()
        _until(lambda: len(server.received) >= len(READERS))
        _ask_late(made)
        _until(lambda: LATE in server.recipients)
        _until(lambda: all(map(_heeds_sigterm, schedulers)))
        for scheduler in schedulers:
            scheduler.terminate()
        assert [scheduler.wait(60) for scheduler in schedulers] == [0, 0]
    finally:
        for process in schedulers + runs:
            process.kill()
            process.wait()


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _ask_late(made: Installation) -> None:
    """What only another tick can answer."""
    with open_app(load_settings(made.folder / "digest.toml", made.environment)) as app:
        subscribing.subscribe(app, LATE, source="a test")


def _heeds_sigterm(process: subprocess.Popen[bytes]) -> bool:
    """Whether it has come so far as to end well when asked to."""
    caught = re.search(r"SigCgt:\s*(\w+)", Path(f"/proc/{process.pid}/status").read_text())
    return caught is not None and bool(int(caught[1], 16) >> (signal.SIGTERM - 1) & 1)
