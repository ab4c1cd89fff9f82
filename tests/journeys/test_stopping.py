"""A run is stopped from outside, by SIGTERM, `digest pause` or `digest cancel`, and loses nobody."""

from __future__ import annotations

import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.faults.smtp_server import Fault, FaultyServer, Script
from tests.journeys.installation import EDITION, SLOT, Installation, filled, installed, many_readers

READERS = many_readers(200)
SOME = 20


def _run_until_half(
    made: Installation,
    server: FaultyServer,
    faults: dict[str, Fault],
    act: Callable[[subprocess.Popen[bytes]], object],
) -> int:
    """Start a run, act when some mails have come, and give its exit code.

    The others are held by one of the server's `faults` until the act is done.
    """
    faults["dot"] = Fault(skip=SOME, until=(done := threading.Event()))
    with made.start("run", "--now", SLOT) as process:
        deadline = time.monotonic() + 60
        before = len(server.received)
        while len(server.received) < before + SOME:
            assert process.poll() is None, (made.folder / "stderr.txt").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.005)
        act(process)
        done.set()
        return process.wait(60)


def test_sigterm_finishes_what_is_in_flight(tmp_path: Path, database_url: str) -> None:
    """And records it: nothing is in doubt, and the next run serves the others, everybody once."""
    faults: dict[str, Fault] = {}
    with FaultyServer(Script(faults=faults)) as server:
        made = filled(installed(tmp_path, database_url, server.port), READERS)
        assert _run_until_half(made, server, faults, lambda process: process.terminate()) == 75
        assert made.deliveries() == {"sent": len(server.received), "pending": 200 - len(server.received)}
        assert made.query("SELECT count(*) FROM workers") == [(0,)]
        assert made.query("SELECT count(*) FROM deliveries WHERE worker_id IS NOT NULL") == [(0,)]
        made.run("run", "--now", SLOT)
        assert Counter(server.recipients) == Counter(READERS)


def test_pause_resume_and_cancel(tmp_path: Path, database_url: str) -> None:
    """From another process; the run ends by itself, and says why it sent no more."""
    faults: dict[str, Fault] = {}
    with FaultyServer(Script(faults=faults)) as server:
        made = filled(installed(tmp_path, database_url, server.port), READERS)

        def pause(_: object) -> None:
            made.run("pause", EDITION, "--reason", "wrong prices?")

        assert _run_until_half(made, server, faults, pause) == 0
        mailed = len(server.received)
        assert SOME <= mailed < 200
        assert made.deliveries() == {"sent": mailed, "pending": 200 - mailed}
        assert made.json("edition", "show", EDITION)["paused_because"] == "wrong prices?"
        assert b"paused     20" in made.run("edition", "show", EDITION).stdout
        assert b"wrong prices?" in made.run("run", "--now", SLOT).stdout
        assert b"digest resume" in made.run("send", EDITION, exits=1).stderr
        assert b"is paused since" in made.run("status", "--now", SLOT).stdout
        made.run("pause", EDITION, exits=1)
        assert len(server.received) == mailed
        made.run("resume", EDITION)
        made.run("resume", EDITION, exits=1)
        assert _run_until_half(made, server, faults, lambda _: made.run("cancel", EDITION)) == 0
    found = made.deliveries()
    assert found == {"sent": len(server.received), "dropped": 200 - len(server.received)}
    assert max(Counter(server.recipients).values()) == 1
