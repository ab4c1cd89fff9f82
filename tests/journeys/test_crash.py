"""`kill -9` in the middle of a mailing: nobody is left out, and what is in doubt is known by name."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

from tests.faults.smtp_server import FaultyServer, Script
from tests.journeys.installation import SLOT, Installation, filled, installed, many_readers

READERS = many_readers(120)
CONNECTIONS = 4
KILLS = 3
SENDING = "SELECT subscriber_id FROM deliveries WHERE state = 'sending'"
IN_DOUBT = """
    SELECT subscribers.email FROM attempts JOIN subscribers ON subscribers.id = attempts.subscriber_id
    WHERE attempts.result = 'unknown'
"""


def test_after_every_kill_everybody_gets_the_edition(tmp_path: Path, database_url: str) -> None:
    """Killed three times at random moments and called again: twice gets it at most who was in doubt."""
    chance = random.Random(seed := random.randrange(10**6))
    print(f"seed {seed}")
    with FaultyServer(Script(delay=0.02, log=tmp_path / "accepted.txt")) as server:
        made = _installed(tmp_path, database_url, server, "resend")
        for kill in range(1, KILLS + 1):
            _kill_after(made, server, kill * 30 + chance.randrange(-15, 16), chance.random() / 20)
            assert len(made.query(SENDING)) <= CONNECTIONS
        made.run("run", "--now", "2026-11-19T09:20:00Z")
    doubts = Counter(email for (email,) in made.query(IN_DOUBT))
    accepted = Counter((tmp_path / "accepted.txt").read_text().split())
    assert set(accepted) == set(READERS)
    assert {email: number - 1 for email, number in accepted.items() if number > 1 + doubts[email]} == {}
    assert doubts.total() <= CONNECTIONS * KILLS
    assert made.deliveries() == {"sent": len(READERS)}


def test_in_doubt_and_held_waits_for_a_person(tmp_path: Path, database_url: str) -> None:
    """With after_crash = "hold" nobody gets it twice, and the status says how many are in doubt."""
    with FaultyServer(Script(delay=0.05, log=tmp_path / "accepted.txt")) as server:
        made = _installed(tmp_path, database_url, server, "hold")
        _kill_after(made, server, 30)
        made.run("run", "--now", "2026-11-19T10:20:00Z")
    doubts = Counter(email for (email,) in made.query(IN_DOUBT))
    accepted = Counter((tmp_path / "accepted.txt").read_text().split())
    assert set(accepted.values()) == {1}
    assert set(READERS) - set(accepted) <= set(doubts)
    status = made.json("status", "--now", SLOT)
    assert 1 <= status["deliveries"]["unknown"] == doubts.total() <= CONNECTIONS
    (sentence,) = [one for one in status["needs_attention"] if "in doubt" in one]
    assert str(doubts.total()) in sentence.split(";")[0]


def _installed(folder: Path, url: str, server: FaultyServer, after_crash: str) -> Installation:
    settings = {
        "SMTP__CONNECTIONS": str(CONNECTIONS),
        "DELIVERY__RESEND_AFTER": "1 second",
        "DELIVERY__AFTER_CRASH": after_crash,
    }
    return filled(installed(folder, url, server.port, **settings), READERS)


def _kill_after(made: Installation, server: FaultyServer, accepted: int, pause: float = 0) -> None:
    """Start the run and kill it when the server has taken so many mails, and a moment later."""
    with made.start("run", "--now", SLOT) as process:
        deadline = time.monotonic() + 60
        while len(server.received) < accepted:
            assert process.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.001)
        time.sleep(pause)
        assert process.poll() is None, "the run ended before it could be killed"
        process.kill()
