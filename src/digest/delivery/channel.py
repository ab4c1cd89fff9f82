"""One of our connections: opened where the relays say, and given up when it has carried enough."""

from __future__ import annotations

import asyncio

from digest.delivery.composing import Letter
from digest.delivery.greeting import Relay
from digest.delivery.relays import Relays
from digest.delivery.replies import Meaning, Outcome, Stage
from digest.delivery.smtp import Session
from digest.errors import DigestError, RelayTrouble, RelayUnreachable

KNOCKS = (0.2, 0.5, 1.0)  # seconds between tries at a relay that is busy at its door


class Crowded(DigestError):
    """A relay that has connections of ours says that it will not have another one now."""


class Channel:
    """A connection that fails over to the next relay; for one task."""

    def __init__(self, relays: Relays) -> None:
        """Nothing is connected yet; `relays` are shared with the other connections."""
        self._relays = relays
        self._session: Session | None = None
        self.relay: Relay | None = None
        """Where it was opened to last."""
        self.stage = Stage.CONNECT
        """How far the last message came."""

    @property
    def fit(self) -> bool:
        """Whether the next message can go at once."""
        return self._session is not None and self._session.usable and self._keeps(self._session)

    @property
    def ahead(self) -> Letter | None:
        """The letter whose envelope the relay has already."""
        return self._session.ahead if self._session else None

    async def open(self) -> None:
        """Make it fit: reset it, or connect to the first relay that takes us.

        Raises Crowded, or when there is none RelayRefused or RelayUnreachable, of the preferred one.
        """
        if self._session is not None and self._keeps(self._session) and await self._session.reset():
            return
        await self.close()
        while not await self._opened(self._relays.pick()):
            pass

    async def carry(self, sender: str, letter: Letter, following: Letter | None) -> Outcome:
        """Hand over one letter; `following` may be `ahead` afterwards."""
        session = self._session
        if session is None or not session.usable:
            return Outcome(Meaning.CONNECTION, None, None, "there is no connection to the relay")
        before = session.carried
        last = before + 1 >= self._relays.carries(session.relay)
        outcome = await session.carry(sender, letter, None if last else following)
        self.stage = session.stage
        if before and outcome.meaning is Meaning.CONNECTION and self.stage is Stage.MAIL:
            self._relays.gives_up_after(session.relay, before)
        if not session.connected:
            self._uncount(session)
        return outcome

    def drop_ahead(self) -> None:
        """That letter must not go: the only way back is to hang up."""
        if self._session is not None and self._session.ahead:
            self._session.abandon()
            self._uncount(self._session)

    async def close(self, *, politely: bool = True) -> None:
        """Hang up, and wait for an answer to our goodbye if `politely`; never raises."""
        session, self._session, self.relay = self._session, None, None
        if session is not None:
            self._relays.connected[session.relay] -= 1
            await session.close(politely=politely)

    def _keeps(self, session: Session) -> bool:
        relays = self._relays
        return relays.good(session.relay) and session.carried < relays.carries(session.relay)

    async def _opened(self, relay: Relay) -> bool:
        session = Session(relay)
        try:
            await self._knock(session)
        except RelayTrouble as error:
            self._relays.failed(relay, error)
            return False
        self._relays.worked(relay)
        self._relays.connected[relay] += 1
        self._session, self.relay = session, relay
        return True

    async def _knock(self, session: Session) -> None:
        """Open it, and try a few times where the relay says at its door that it is busy."""
        for pause in (*KNOCKS, None):
            try:
                await session.open()
            except RelayTrouble as error:
                if error.at_the_door and self._relays.connected[session.relay]:
                    raise Crowded(str(error)) from error
                if pause is None or not (error.at_the_door and isinstance(error, RelayUnreachable)):
                    raise
                await asyncio.sleep(pause)
            else:
                return

    def _uncount(self, session: Session) -> None:
        if self._session is session:
            self._session = None
            self._relays.connected[session.relay] -= 1
