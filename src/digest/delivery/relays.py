"""Several relays in order of preference: which one is used now, and when one that failed is tried again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from digest.delivery.greeting import Relay
from digest.errors import DigestError
from digest.logs import get_logger


@dataclass(slots=True)
class _Standing:
    """One relay: what it last failed with, until when it is left alone, and whether somebody tries it.

    `carries` is how many messages one connection to it may carry.
    """

    relay: Relay
    carries: int
    error: DigestError | None = None
    until: float = 0.0
    tried: bool = False


class Relays:
    """Answers where to connect to. For one event loop; nothing here waits."""

    def __init__(
        self,
        relays: Sequence[Relay],
        *,
        per_connection: int = 100,
        again_after: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`relays` begins with the preferred one; one that failed is left alone for `again_after` seconds."""
        if not relays:
            raise ValueError("expected at least one relay")
        self._standings = [_Standing(relay, per_connection) for relay in relays]
        self._again_after = again_after
        self._clock = clock
        self.connected: Counter[Relay] = Counter()
        """How many of our connections to each are alive; whoever opens and closes them counts."""

    def pick(self) -> Relay:
        """The first relay that works as far as we know, or whose time to be tried again has come.

        Such a try is given to one caller; the others go where they went before, if anywhere, until `failed`
        or `worked` tells how it went. While all are down, raises the most preferred one's last error.
        """
        now = self._clock()
        for standing in self._standings:
            if standing.error is None:
                return standing.relay
            if now >= standing.until:
                standing.until, standing.tried = now + self._again_after, True
                return standing.relay
        for standing in self._standings:
            if standing.tried:
                return standing.relay
        raise self._first_error()

    @property
    def several(self) -> bool:
        """Whether there is another one to go to."""
        return len(self._standings) > 1

    def require_any(self) -> None:
        """Raise the most preferred one's last error where `pick` would; nobody is given a try."""
        now = self._clock()
        if not any(one.error is None or one.tried or now >= one.until for one in self._standings):
            raise self._first_error()

    def good(self, relay: Relay) -> bool:
        """Whether a connection to `relay` may be used further."""
        return self._of(relay).error is None

    def carries(self, relay: Relay) -> int:
        """How many messages one connection to `relay` may carry."""
        return self._of(relay).carries

    def gives_up_after(self, relay: Relay, messages: int) -> None:
        """`relay` ended a connection that had carried so many: no later one carries more."""
        standing = self._of(relay)
        standing.carries = max(1, min(standing.carries, messages))

    def failed(self, relay: Relay, error: DigestError) -> None:
        """Leave `relay` alone for a while: it refused us, or is not there."""
        before, standing = self._used(), self._of(relay)
        standing.error, standing.until, standing.tried = error, self._clock() + self._again_after, False
        self._tell(before, "a relay failed", reason=str(error))

    def worked(self, relay: Relay) -> None:
        """`relay` took us in: it is as good as new."""
        before, standing = self._used(), self._of(relay)
        standing.error, standing.tried = None, False
        self._tell(before, "a relay works again")

    def _first_error(self) -> DigestError:
        return next(standing.error for standing in self._standings if standing.error)

    def _of(self, relay: Relay) -> _Standing:
        return next(standing for standing in self._standings if standing.relay == relay)

    def _used(self) -> Relay | None:
        return next((one.relay for one in self._standings if one.error is None), None)

    def _tell(self, before: Relay | None, event: str, **more: str) -> None:
        if (used := self._used()) != before:
            names = {"was": str(before or "none"), "now": str(used or "none")}
            get_logger().warning(event, action="relay", **names, **more)
