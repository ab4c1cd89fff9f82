"""The engine: claim what is due, hand it to connections, record how it went."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from digest.audience.suppressing import Suppressions
from digest.clock import Clock
from digest.db import Database
from digest.delivery.greeting import Relay
from digest.delivery.messages import Messages
from digest.delivery.pacing import UNLIMITED, Pacing
from digest.delivery.relays import Relays
from digest.delivery.retrying import Policy
from digest.delivery.shift import Shift
from digest.delivery.stopping import NEVER, Limit
from digest.delivery.tally import Tally

__all__ = ["Engine", "Tally"]


@dataclass
class Engine:
    """Sends whatever the ledger says is due, once."""

    database: Database
    clock: Clock
    messages: Messages
    relay: Relay
    suppressions: Suppressions
    policy: Policy
    connections: int
    batch: int
    lease: timedelta
    pacing: Pacing = UNLIMITED
    limit: Limit = NEVER
    fallbacks: tuple[Relay, ...] = ()
    per_connection: int = 100
    patience: timedelta = timedelta(minutes=15)
    queues: dict[str, datetime] = field(default_factory=dict)  # see pacing.reserve

    def __post_init__(self) -> None:
        """What is learnt of the relays is good for the next run as well."""
        self.relays = Relays((self.relay, *self.fallbacks), per_connection=self.per_connection)

    def run(
        self,
        stop: threading.Event | None = None,
        on_progress: Callable[[Tally], None] = lambda _: None,
    ) -> Tally:
        """Send until nothing is due that another worker does not hold, or until `stop` is set.

        Any number of processes may do this at once. Failures of the relays end the run and are returned in
        the tally; no reader is blamed for them. An edition that is paused or cancelled meanwhile is left
        alone from then on, and one of which too many deliveries fail is paused; all else goes on. While the
        database is away or full everything waits for it, up to `patience`. `on_progress` is called about
        ten times a second.
        """
        return asyncio.run(Shift(self, stop or threading.Event(), on_progress).work())
