"""One call of the engine: its worker row and lease, and the end of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from digest.db.away import in_short, is_away
from digest.delivery import workers
from digest.delivery.crew import Crew
from digest.delivery.group_commit import GroupCommit
from digest.delivery.patience import Patience
from digest.delivery.scribe import Errand, Scribe
from digest.delivery.tally import Tally
from digest.errors import DigestError
from digest.logs import get_logger

if TYPE_CHECKING:
    from digest.delivery.sending import Engine

LOOK = 0.1  # seconds between looks at whether somebody wants us to stop


class Shift:
    """Registers, sends, signs off."""

    def __init__(self, engine: Engine, stop: threading.Event, on_progress: Callable[[Tally], None]) -> None:
        """Nothing is done yet."""
        self.engine = engine
        self.tally = Tally()
        self._stop = stop
        self._halt = asyncio.Event()  # somebody wants it, the relays refused us, or our lease is lost
        self._on_progress = on_progress
        self.patience = Patience(stop, engine.patience)

    async def work(self) -> Tally:
        """All of it."""
        engine = self.engine
        worker_id = self.patience.run(self._register)
        scribe = Scribe(worker_id, engine.clock, engine.suppressions, engine.policy)
        try:
            await self._send(scribe)
        finally:
            self._sign_off(worker_id)
        self._show()
        return self.tally

    def _register(self) -> int:
        engine, real = self.engine, datetime.now(UTC)
        with engine.database.write() as session:
            self.tally.in_doubt = workers.take_back(
                session, real, engine.clock.now(), engine.lease, engine.policy
            )
            return workers.register(session, real)

    def _sign_off(self, worker_id: int) -> None:
        def sign_off() -> None:
            with self.engine.database.write() as session:
                workers.sign_off(session, worker_id)

        try:
            self.patience.run(sign_off)
        except Exception as error:  # noqa: BLE001 - whoever comes next takes back what we held
            self.end(_reason(error))

    async def _send(self, scribe: Scribe) -> None:
        crew = Crew(self, scribe)
        async with GroupCommit[Errand, Any](
            self.engine.database, scribe.write, self.patience, lambda: crew.working
        ) as commits:
            helpers = [
                asyncio.create_task(self._watch()),
                asyncio.create_task(self._keep_lease(commits, scribe)),
            ]
            try:
                await crew.work(commits)
            finally:
                for helper in helpers:
                    helper.cancel()
                await asyncio.gather(*helpers, return_exceptions=True)

    async def _watch(self) -> None:
        """Notice within a moment that somebody wants us to stop, and show how far we are."""
        while True:
            if self._stop.is_set():
                self._halt.set()
            self._show()
            await asyncio.sleep(LOOK)

    def _show(self) -> None:
        try:
            self._on_progress(self.tally)
        except Exception as error:  # noqa: BLE001 - if nobody can see it, it ends, in order
            self.end(_reason(error))

    async def _keep_lease(self, commits: GroupCommit[Errand, Any], scribe: Scribe) -> None:
        while not self.ended:
            await asyncio.sleep(self.engine.lease.total_seconds() / 4)
            try:
                await commits.do(scribe.keep_lease)
            except Exception as error:  # noqa: BLE001 - without a heartbeat others would take over
                self.end(_reason(error))

    # --- what the crew asks ---

    @property
    def ended(self) -> bool:
        """Whether nothing new is to begin."""
        return self._halt.is_set() or self._stop.is_set()

    def end(self, reason: DigestError) -> None:
        """Begin nothing more."""
        self.tally.stopped = self.tally.stopped or reason
        self._halt.set()

    def fail(self, error: Exception) -> None:
        """The same, for whatever a connection did not expect."""
        self.end(_reason(error))

    async def unless_ended(self, work: Awaitable[object]) -> bool:
        """Wait for `work`, but no longer than this goes on; False if it was left undone."""
        task, halt = asyncio.ensure_future(work), asyncio.create_task(self._halt.wait())
        await asyncio.wait((task, halt), return_when=asyncio.FIRST_COMPLETED)
        halt.cancel()
        if task.done():
            task.result()
            return True
        task.cancel()
        await asyncio.wait([task])
        return False


def _reason(error: Exception) -> DigestError:
    if isinstance(error, DigestError):
        return error
    if is_away(error):
        return DigestError(f"the database cannot be used: {in_short(error)}")
    get_logger().error("sending stopped", action="stopped", exc_info=error)
    return DigestError(f"sending stopped: {error}")
