"""How long a database is waited for that is away or full."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import chain, repeat
from typing import TypeVar

from digest.db.away import in_short, is_away
from digest.logs import get_logger

Result = TypeVar("Result")

PAUSES = (0.1, 0.5, 1.0, 2.0, 5.0)  # seconds between tries; the last one repeats


class Patience:
    """Waits for the database, says so once, and says once that it is back."""

    def __init__(self, stop: threading.Event, span: timedelta) -> None:
        """Nobody waits longer than `span` at a time, or once `stop` is set."""
        self._stop = stop
        self._span = span.total_seconds()
        self._away_since: float | None = None
        self.tested = 0
        """How many outages there were."""

    def worth_waiting(self, error: Exception) -> bool:
        """Whether the same may work later, and soon enough."""
        if not is_away(error):
            return False
        now = time.monotonic()
        if self._away_since is None:
            self._away_since = now
            self.tested += 1
            words = "the database cannot be used; sending waits"
            get_logger().warning(words, action="database-away", reason=in_short(error))
        return not self._stop.is_set() and now - self._away_since < self._span

    def worked(self) -> None:
        """The database did what was asked."""
        if self._away_since is not None:
            self._away_since = None
            get_logger().warning("the database is back; sending goes on", action="database-back")

    def run(self, action: Callable[[], Result]) -> Result:
        """What `action` returns, however often the database is away meanwhile; blocks."""
        for pause in chain(PAUSES, repeat(PAUSES[-1])):
            try:
                result = action()
            except Exception as error:
                if not self.worth_waiting(error):
                    raise
                self._stop.wait(pause)
            else:
                self.worked()
                return result
        raise AssertionError("unreachable")
