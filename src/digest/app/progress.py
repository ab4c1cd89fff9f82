"""How far a run has come: its rate and the time left, for a terminal and once a minute for the log."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from digest.delivery.models import State
from digest.delivery.sending import Tally
from digest.logs import get_logger

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Progress:
    """Tries so far by what they led to, mails a second, and seconds left (None where nobody can know)."""

    sent: int
    deferred: int
    failed: int
    other: int
    per_second: float
    seconds_left: float | None

    @property
    def done(self) -> int:
        """All tries."""
        return self.sent + self.deferred + self.failed + self.other


def progress(tally: Tally, seconds: float) -> Progress:
    """How far a tally has come in so many seconds."""
    sent, deferred, failed = (tally.tries[state] for state in (State.SENT, State.DEFERRED, State.FAILED))
    done = tally.tries.total()
    rate = done / seconds if seconds > 0 else 0.0
    left = max(0, tally.due - done) / rate if rate else None
    return Progress(sent, deferred, failed, done - sent - deferred - failed, rate, left)


@dataclass
class EachMinute:
    """Logs a line when a minute has gone by since the last one; nothing for what is done sooner."""

    clock: Callable[[], float] = time.monotonic
    _said: float = field(init=False)

    def __post_init__(self) -> None:
        """The first line comes after a minute."""
        self._said = self.clock()

    def __call__(self, tally: Tally) -> None:
        """Look at the time after each try."""
        now = self.clock()
        if now - self._said < MINUTE:
            return
        self._said = now
        at = progress(tally, now - tally.began)
        get_logger().info(
            "sending",
            action="progress",
            sent=at.sent,
            deferred=at.deferred,
            failed=at.failed,
            per_second=round(at.per_second, 1),
            seconds_left=None if at.seconds_left is None else round(at.seconds_left),
        )
