"""What the scheduler's log says of a run: what was sent, and what went wrong."""

from __future__ import annotations

import threading
from typing import Any

from structlog.testing import capture_logs

from digest.schedule.ticker import tick
from tests.faults.smtp_server import Fault, FaultyServer, Script
from tests.support.newsrooms import SLOT, newsroom

W47 = "2026-W47"
READERS = ("a@example.org", "b@example.org")


def ticked(url: str, script: Script | None = None, ticks: int = 1) -> list[Any]:
    """What the log says of the run in so many ticks, the first of which finds an edition that is due."""
    with (
        FaultyServer(script or Script()) as server,
        newsroom(url, SLOT, smtp={"port": server.port}) as room,
        capture_logs() as logs,
    ):
        room.publish_many(1)
        room.join(*READERS)
        for _ in range(ticks):
            tick(room.app, threading.Event())
    return [line for line in logs if str(line.get("action")).startswith("run")]


def test_what_was_sent_is_told_once(database_url: str) -> None:
    """A tick with nothing due says nothing."""
    (told,) = ticked(database_url, ticks=2)
    assert (told["log_level"], told["event"], told["action"]) == ("info", "sent what was due", "run")
    assert (told["edition"], told["status"], told["sent"]) == (W47, "sent", len(READERS))


def test_a_run_that_was_stopped_is_a_warning(database_url: str) -> None:
    """The relay lets nobody in: nothing was sent, and the log does not say that it was."""
    refuses = Script(faults={"connect": Fault("554 5.7.1 go away")})
    (told,) = ticked(database_url, refuses)
    assert (told["log_level"], told["event"]) == ("warning", "the run was stopped")
    assert told["action"] == "run_stopped"
    assert (told["edition"], told["status"], told["sent"]) == (W47, "sending", 0)
    assert "refuses us" in told["reason"]
    assert "go away" in told["reason"]
