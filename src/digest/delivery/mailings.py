"""The mailings that a crew sends from: each is met once, counted, and left when it is stopped."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from digest.delivery import holding, stopping
from digest.delivery.claiming import Job
from digest.delivery.group_commit import GroupCommit
from digest.delivery.models import State
from digest.delivery.scribe import Errand, ask
from digest.delivery.stopping import Tallied
from digest.delivery.supply import Supply
from digest.delivery.tally import Tally
from digest.errors import DigestError
from digest.logs import get_logger

if TYPE_CHECKING:
    from digest.delivery.sending import Engine


class Mailings:
    """Those of one shift, by their ids."""

    def __init__(
        self, engine: Engine, worker_id: int, tally: Tally, supply: Supply, commits: GroupCommit[Errand, Any]
    ) -> None:
        """None is met yet."""
        self._engine, self._worker_id, self._tally = engine, worker_id, tally
        self._supply, self._commits = supply, commits

    async def meet(self, job: Job) -> None:
        """See to it once that a mailing's pieces are there, and that an edition's deliveries are counted."""
        messages, now = self._engine.messages, self._engine.clock.now()
        if not messages.knows(job):
            await ask(self._commits, lambda session: messages.meet(session, job))
        if job.notice is None and job.mailing_id not in self._tally.mailings:
            count = partial(stopping.tally, mailing_id=job.mailing_id, now=now)
            self._tally.meet(job.mailing_id, await ask(self._commits, count))

    async def count(self, mailing_id: int, state: State) -> None:
        """One more try; where it is one failure too many, the mailing is paused."""
        if self._tally.count(mailing_id, state, self._engine.limit):
            await self._pause(mailing_id)

    def leave(self, mailing_id: int) -> None:
        """It was stopped, and what we had claimed of it is given back."""
        self._supply.forget(mailing_id)
        self._tally.forget(mailing_id)

    async def _pause(self, mailing_id: int) -> None:
        """Stop a mailing too many of whose addresses are bad, and nothing else."""
        why, found, stopped = await ask(self._commits, partial(self._paused, mailing_id))
        if why:
            self._tally.stopped = self._tally.stopped or DigestError(why)
            get_logger().warning("paused an edition", action="paused", mailing=mailing_id, reason=why)
        if stopped:
            self.leave(mailing_id)
        else:
            self._tally.mailings[mailing_id] = found

    def _paused(self, mailing_id: int, session: Session) -> tuple[str | None, Tallied, bool]:
        limit, now = self._engine.limit, self._engine.clock.now()
        why, found = stopping.pause_if_failing(session, mailing_id, limit, now)
        return why, found, holding.give_back(session, self._worker_id, mailing_id)
