"""Workers at one ledger, each step a transaction of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.audience.models import Subscriber
from digest.audience.suppressing import Suppressions
from digest.db import Database
from digest.delivery import claiming, ledger, workers
from digest.delivery.claiming import Claimed, Job
from digest.delivery.ledger import Done
from digest.delivery.models import Delivery, State
from digest.delivery.pacing import Pacing
from digest.delivery.replies import Meaning, Outcome
from digest.delivery.retrying import Policy
from digest.editions.models import Edition
from tests.support.tables import NOW, add_edition, add_subscriber

MINUTE = timedelta(minutes=1)
POLICY = Policy((5 * MINUTE,), timedelta(days=2), resend_unknown=True, resend_after=MINUTE)
HOLD = replace(POLICY, resend_unknown=False)
SENT = Outcome(Meaning.SENT, 250, "2.0.0", "queued")
READERS = [f"r{number}@example.org" for number in range(5)]


class Office:
    """Workers at one ledger."""

    def __init__(self, database: Database, suppressions: Suppressions) -> None:
        """One edition, fanned out to five readers, and two workers."""
        self.database, self.suppressions = database, suppressions
        with database.write() as session:
            for email in READERS:
                add_subscriber(session, email)
            self.edition_id = add_edition(session).id
            ledger.fan_out(session, self.edition(session), NOW)
            self.one, self.two = workers.register(session, NOW), workers.register(session, NOW)

    def edition(self, session: Session) -> Edition:
        """The edition's row."""
        return session.get_one(Edition, self.edition_id)

    def claim(self, worker: int, limit: int = 100, now: datetime = NOW) -> list[Job]:
        """Take what is due."""
        with self.database.write() as session:
            return claiming.claim(session, worker, claiming.Rules(self.suppressions), now, limit).jobs

    def claim_at(self, worker: int, pacing: Pacing, limit: int = 100) -> Claimed:
        """Take what is due, as fast as the pace allows."""
        with self.database.write() as session:
            return claiming.claim(session, worker, claiming.Rules(self.suppressions, pacing), NOW, limit)

    def begin(self, worker: int, job: Job, now: datetime = NOW) -> bool:
        """Commit to sending."""
        (begun,) = self.begin_all(worker, [job], now)
        return begun

    def begin_all(self, worker: int, jobs: Sequence[Job], now: datetime = NOW) -> list[bool]:
        """Commit to sending several at once."""
        hashed = [(job, self.suppressions.hash(job.canonical)) for job in jobs]
        with self.database.writer() as connection, connection.begin():
            return ledger.begin(connection, worker, hashed, now)

    def record(self, worker: int, job: Job, outcome: Outcome = SENT, policy: Policy = POLICY) -> State | None:
        """Write down how it went."""
        (state,) = self.record_all(worker, [Done(job, outcome)], policy)
        return state

    def record_all(self, worker: int, done: Sequence[Done], policy: Policy = POLICY) -> list[State | None]:
        """Write down how several went, at once."""
        with self.database.writer() as connection, connection.begin():
            return ledger.record(connection, worker, done, policy, NOW)

    def deliver(self, worker: int, job: Job, outcome: Outcome = SENT) -> State | None:
        """Begin and record."""
        assert self.begin(worker, job)
        return self.record(worker, job, outcome)

    def reader(self, session: Session, email: str) -> Subscriber:
        """The row of a reader."""
        return session.scalars(select(Subscriber).where(Subscriber.email == email)).one()

    def row(self, email: str) -> Delivery:
        """Their delivery of the edition."""
        with self.database.read() as session:
            reader = self.reader(session, email)
            return session.scalars(
                select(Delivery).where(Delivery.subscriber_id == reader.id).order_by(Delivery.mailing_id)
            ).first() or pytest.fail("no delivery")

    def counts(self) -> dict[str, int]:
        """Deliveries by state, without the empty ones."""
        with self.database.read() as session:
            return {state: number for state, number in ledger.counts(session).items() if number}

    def take_back(self, real_now: datetime = NOW, policy: Policy = POLICY) -> int:
        """Bury the dead."""
        with self.database.write() as session:
            return workers.take_back(session, real_now, NOW, MINUTE, policy)
