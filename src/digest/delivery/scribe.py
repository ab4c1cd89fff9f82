"""What the connections ask of the ledger, all of one moment in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from digest.audience.suppressing import Suppressions
from digest.clock import Clock
from digest.delivery import holding, ledger, workers
from digest.delivery.claiming import Job
from digest.delivery.group_commit import GroupCommit
from digest.delivery.ledger import Done
from digest.delivery.models import State
from digest.delivery.retrying import Policy
from digest.errors import DigestError

Result = TypeVar("Result")


class GivenUp(DigestError):
    """Our lease ran out, and others have taken back what we had claimed."""


class Turnover(NamedTuple):
    """What one connection asks in one go: its last try is over, and its next one begins."""

    done: Done | None
    job: Job | None


class TurnedOver(NamedTuple):
    """The state that the last try led to, whether the next may go, or whether its mailing was stopped."""

    state: State | None = None
    begun: bool = False
    stopped: bool = False


Errand = Turnover | Callable[[Session], Any]


async def ask(commits: GroupCommit[Errand, Any], action: Callable[[Session], Result]) -> Result:
    """What `action` finds or does in the next group commit, once that is on disk."""
    return await commits.do(action)  # type: ignore[no-any-return]  # what Scribe answers to it


@dataclass(frozen=True, slots=True)
class Scribe:
    """Writes for one worker."""

    worker_id: int
    clock: Clock
    suppressions: Suppressions
    policy: Policy

    def write(self, connection: Connection, errands: Sequence[Errand]) -> list[Any]:
        """The answer to each, in their order; outcomes are written first."""
        turnovers = [one for one in errands if isinstance(one, Turnover)]
        turned_over = iter(self._turned_over(connection, turnovers))
        return [
            next(turned_over) if isinstance(one, Turnover) else _answered(connection, one) for one in errands
        ]

    def keep_lease(self, session: Session) -> None:
        """Say that we live; raises GivenUp when others think otherwise."""
        if not workers.beat(session, self.worker_id, datetime.now(UTC)):
            raise GivenUp("this worker was given up by the others; its claims are theirs now")

    def _turned_over(self, connection: Connection, turnovers: Sequence[Turnover]) -> list[TurnedOver]:
        now = self.clock.now()
        done = [turnover.done for turnover in turnovers if turnover.done]
        states = iter(ledger.record(connection, self.worker_id, done, self.policy, now))
        jobs = [turnover.job for turnover in turnovers if turnover.job]
        hashed = [(job, self.suppressions.hash(job.canonical)) for job in jobs]
        begun = iter(ledger.begin(connection, self.worker_id, hashed, now))
        return [
            self._with_reason(connection, turnover.job, next(states) if turnover.done else None, begun)
            for turnover in turnovers
        ]

    def _with_reason(
        self, connection: Connection, job: Job | None, state: State | None, begun: Iterator[bool]
    ) -> TurnedOver:
        if job is None or next(begun):
            return TurnedOver(state, begun=job is not None)
        return TurnedOver(state, stopped=job.notice is None and self._given_back(connection, job.mailing_id))

    def _given_back(self, connection: Connection, mailing_id: int) -> bool:
        return _answered(connection, lambda session: holding.give_back(session, self.worker_id, mailing_id))


def _answered(connection: Connection, action: Callable[[Session], Result]) -> Result:
    with Session(connection, expire_on_commit=False) as session:
        result = action(session)
        session.flush()
        return result
