"""Two schedulers and two cron lines at the same moment: still one edition, and one mail each."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from digest.clock import iso
from tests.faults.smtp_server import FaultyServer, Script
from tests.journeys.installation import Installation, filled, installed, many_readers

READERS = many_readers(60)


def test_two_schedulers_and_two_runs_make_one_mailing(tmp_path: Path, database_url: str) -> None:
    """All four end well, the schedulers when they are asked to."""
    with FaultyServer(Script(delay=0.02)) as server:
        made = installed(tmp_path, database_url, server.port, **_slot_just_passed())
        filled(made, READERS, iso(datetime.now(UTC)) or "")
        _all_at_once(made, server)
    assert Counter(server.recipients) == Counter(READERS)
    assert made.query("SELECT status FROM editions") == [("sent",)]
    assert made.query("SELECT count(*) FROM mailings") == [(1,)]
    assert made.query("SELECT count(*) FROM workers") == [(0,)]
    assert made.deliveries() == {"sent": len(READERS)}


def _slot_just_passed() -> dict[str, str]:
    slot = datetime.now(UTC) - timedelta(minutes=2)
    return {"SCHEDULE__WEEKDAY": f"{slot:%A}".lower(), "SCHEDULE__TIME": f"{slot:%H:%M}"}


def _all_at_once(made: Installation, server: FaultyServer) -> None:
    schedulers = [made.start("schedule", "--every", "1") for _ in range(2)]
    runs = [made.start("run") for _ in range(2)]
    try:
        assert [run.wait(60) for run in runs] == [0, 0], (made.folder / "stderr.txt").read_text()
        deadline = time.monotonic() + 60
        while len(server.received) < len(READERS) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1.5)  # one more tick, which must do nothing
        for scheduler in schedulers:
            scheduler.terminate()
        assert [scheduler.wait(20) for scheduler in schedulers] == [0, 0]
    finally:
        for process in schedulers + runs:
            process.kill()
            process.wait()
