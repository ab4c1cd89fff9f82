"""`kill -9` in the middle of a mailing of which nothing may come twice; tests/faults has other crashes."""

from __future__ import annotations

import threading
import time
from collections import Counter
from pathlib import Path

from tests.faults.smtp_server import Fault, FaultyServer, Script
from tests.journeys.installation import SLOT, Installation, filled, installed, many_readers

READERS = many_readers(120)
CONNECTIONS = 4
SOME = 30
IN_DOUBT = """
    SELECT subscribers.email FROM attempts JOIN subscribers ON subscribers.id = attempts.subscriber_id
    WHERE attempts.result = 'unknown'
"""


def test_in_doubt_and_held_waits_for_a_person(tmp_path: Path, database_url: str) -> None:
    """With after_crash = "hold" nobody gets it twice, and the status says how many are in doubt."""
    killed = threading.Event()
    script = Script(faults={"dot": Fault(skip=SOME, until=killed)}, log=tmp_path / "accepted.txt")
    with FaultyServer(script) as server:
        made = _installed(tmp_path, database_url, server)
        _kill_midway(made, server)
        killed.set()
        made.run("run", "--now", "2026-11-19T10:20:00Z")
    doubts = Counter(email for (email,) in made.query(IN_DOUBT))
    accepted = Counter((tmp_path / "accepted.txt").read_text().split())
    assert set(accepted.values()) == {1}
    assert set(READERS) - set(accepted) <= set(doubts)
    status = made.json("status", "--now", SLOT)
    assert 1 <= status["deliveries"]["unknown"] == doubts.total() <= CONNECTIONS
    (sentence,) = [one for one in status["needs_attention"] if "in doubt" in one]
    assert str(doubts.total()) in sentence.split(";")[0]


def _installed(folder: Path, url: str, server: FaultyServer) -> Installation:
    settings = {"SMTP__CONNECTIONS": str(CONNECTIONS), "DELIVERY__AFTER_CRASH": "hold"}
    return filled(installed(folder, url, server.port, **settings), READERS)


def _kill_midway(made: Installation, server: FaultyServer) -> None:
    """Start the run and kill it when the server has taken some mails and holds others."""
    with made.start("run", "--now", SLOT) as process:
        deadline = time.monotonic() + 60
        while len(server.received) < SOME or "sending" not in made.deliveries():
            assert process.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
