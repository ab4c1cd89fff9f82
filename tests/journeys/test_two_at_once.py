"""Schedulers and cron lines at the same moment: still one edition a week, and one mail each."""

from __future__ import annotations

import re
import signal
import subprocess
from collections import Counter
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
from tests.support.waiting import wait_until

READERS = many_readers(60)
NEWCOMER = "new@example.org"
WEEKS = 5


def test_two_schedulers_and_two_runs_make_one_mailing(tmp_path: Path, database_url: str) -> None:
    """All four end well, the schedulers when they are asked to, after a tick that sends but a notice."""
    with FaultyServer(Script(delay=0.02)) as server:
        made = installed(tmp_path, database_url, server.port, **slot_just_passed())
        filled(made, READERS, iso(datetime.now(UTC)) or "")
        _all_at_once(made, server)
    assert Counter(server.recipients) == Counter([*READERS, NEWCOMER])
    assert made.query("SELECT status FROM editions") == [("sent",)]
    assert made.query("SELECT count(*) FROM mailings WHERE edition_id IS NOT NULL") == [(1,)]
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


def _subscribe(made: Installation, email: str) -> None:
    with open_app(load_settings(made.folder / "digest.toml", made.environment)) as app:
        subscribing.subscribe(app, email, source="test")


def _all_at_once(made: Installation, server: FaultyServer) -> None:
    schedulers = [made.start("schedule", "--every", "1") for _ in range(2)]
    runs = [made.start("run") for _ in range(2)]
    try:
        assert [run.wait(60) for run in runs] == [0, 0], (made.folder / "stderr.txt").read_text()
        wait_until(lambda: len(server.received) >= len(READERS))
        _subscribe(made, NEWCOMER)  # whom a later tick asks to confirm
        wait_until(lambda: len(server.received) > len(READERS))
        for scheduler in schedulers:
            _wait_until_it_heeds_sigterm(scheduler)
            scheduler.terminate()
        assert [scheduler.wait(60) for scheduler in schedulers] == [0, 0]
    finally:
        for process in schedulers + runs:
            process.kill()
            process.wait()


def _wait_until_it_heeds_sigterm(process: subprocess.Popen[bytes]) -> None:
    """One that only just begins would be ended by it as anything else is."""
    wait_until(lambda: _caught(process.pid) >> (signal.SIGTERM - 1) & 1)


def _caught(pid: int) -> int:
    """The signals for which a process has a handler, as a set of bits."""
    (bits,) = re.findall(r"SigCgt:\s*(\w+)", Path(f"/proc/{pid}/status").read_text())
    return int(bits, 16)
