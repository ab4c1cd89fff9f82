"""How long a connection may keep us waiting, and how many there may be: whoever idles is hung up on."""

from __future__ import annotations

import asyncio
import sys
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0  # for a request's whole head, from the first moment of silence on
ANSWER_SECONDS = 60.0  # from there until the answer has been taken; the guard gives a body 20 of them
MOST: Final = 1000


def most_connections() -> int:
    """How many may be open at once: a third of the descriptors, which leaves the database its own."""
    if sys.platform == "win32":
        return MOST
    import resource

    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if allowed == resource.RLIM_INFINITY else max(1, min(MOST, allowed // 3))


class Connection(H11Protocol):
    """uvicorn's HTTP/1.1 with a deadline; where there are too many, who keeps us waiting longest makes room.

    Hanging up on the newest instead would let idlers keep everybody out.
    """

    _deadline: asyncio.TimerHandle | None = None
    _since = 0.0  # when we began to wait for what we wait for, by the loop's clock
    _idle = True  # nothing has been asked that is not answered

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._allow(HEAD_SECONDS)
        self._make_room()

    def handle_events(self) -> None:
        """Take what has come in; a whole head gets the time that its answer needs."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._idle = False
            self._allow(ANSWER_SECONDS)

    def on_response_complete(self) -> None:
        """Wait for the next request, which may have come already."""
        self._idle = True
        self._allow(HEAD_SECONDS)
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        super().connection_lost(exc)
        if self._deadline:
            self._deadline.cancel()

    def _allow(self, seconds: float) -> None:
        if self._deadline:
            self._deadline.cancel()
        self._since = self.loop.time()
        self._deadline = self.loop.call_later(seconds, self.transport.abort)

    def _make_room(self) -> None:
        if len(self.connections) > (most := most_connections()):
            ours = (one for one in self.connections if isinstance(one, Connection))
            still = [one for one in ours if not one.transport.is_closing()]
            if len(still) > most:
                waiting = (one for one in still if one._waits)  # this one at least
                min(waiting, key=lambda one: one._since).transport.abort()

    @property
    def _waits(self) -> bool:
        """For a request, or for the rest of its body."""
        return self._idle or self.cycle.more_body
