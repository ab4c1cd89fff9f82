"""What a shift has done so far, and when too many of a mailing's addresses were bad."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from digest.delivery.models import State
from digest.delivery.stopping import Limit, Tallied, too_many
from digest.errors import DigestError


@dataclass
class Tally:
    """What one call of the engine did: tries by the state they led to, and why it stopped something.

    `held` is how long the pace holds all that is left, where that is too long to wait for. `due` is how many
    deliveries it found to do, `began` the reading of time.monotonic() at its start.
    """

    tries: Counter[State] = field(default_factory=Counter)
    in_doubt: int = 0
    stopped: DigestError | None = None
    held: timedelta | None = None
    due: int = 0
    began: float = field(default_factory=time.monotonic)
    mailings: dict[int, Tallied] = field(default_factory=dict)  # the editions under way, as far as we know

    def meet(self, mailing_id: int, found: Tallied) -> None:
        """A mailing was counted; from now on our own tries are added to that."""
        self.mailings[mailing_id] = found
        self.due += found.due

    def forget(self, mailing_id: int) -> None:
        """A mailing was paused or cancelled; if it goes on some day, it is met anew."""
        if known := self.mailings.pop(mailing_id, None):
            self.due -= known.due

    def count(self, mailing_id: int, state: State, limit: Limit) -> bool:
        """One more try; True when too many deliveries of its mailing have failed."""
        self.tries[state] += 1
        if (known := self.mailings.get(mailing_id)) is None:
            return False
        known = self.mailings[mailing_id] = known.after(state)
        return too_many(known.count, known.passed, limit)
