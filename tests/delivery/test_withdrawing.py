"""A notice that is taken back: whatever waits of it goes to nobody, and other mail is left alone."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from digest.audience.models import Standing, Subscriber
from digest.audience.suppressing import Suppressions
from digest.db import Database
from digest.delivery import claiming, ledger, workers
from digest.delivery.models import Delivery, Mailing, State, Worker
from digest.delivery.notices import owe_notice
from digest.delivery.withdrawing import withdraw_notice
from tests.support.tables import NOW, add_subscriber

RULES = claiming.Rules(Suppressions(b"s" * 32))


def owing(session: Session) -> Subscriber:
    """Ann is owed a goodbye and another notice, Bob a goodbye; both have left."""
    left = Standing.UNSUBSCRIBED
    ann, bob = (add_subscriber(session, f"{name}@example.org", left) for name in ("ann", "bob"))
    for name, reader in (("goodbye", ann), ("address-changed", ann), ("goodbye", bob)):
        owe_notice(session, name, reader, NOW)
    session.flush()
    return ann


def standing(session: Session) -> dict[tuple[str | None, int], tuple[State, str | None]]:
    """Each notice and whose it is, where it stands and why."""
    rows = session.execute(
        select(Mailing.notice, Delivery.subscriber_id, Delivery.state, Delivery.detail).join(Delivery)
    )
    return {(notice, reader): (state, detail) for notice, reader, state, detail in rows}


@pytest.mark.parametrize(
    ("state", "after", "detail"),
    [
        (State.PENDING, State.DROPPED, "the reader is back"),
        (State.DEFERRED, State.DROPPED, "the reader is back"),
        (State.UNKNOWN, State.DROPPED, "the reader is back; an earlier try may have arrived"),
        (State.SENDING, State.SENDING, None),
        (State.SENT, State.SENT, None),
        (State.FAILED, State.FAILED, None),
    ],
)
def test_what_is_taken_back(database: Database, state: State, after: State, detail: str | None) -> None:
    """What waits; what is on the wire or over stays as it is."""
    with database.write() as session:
        ann = owing(session)
        goodbye = select(Mailing.id).where(Mailing.notice == "goodbye")
        session.execute(
            update(Delivery)
            .where(Delivery.subscriber_id == ann.id, Delivery.mailing_id.in_(goodbye))
            .values(state=state)
            .execution_options(synchronize_session=False)
        )
        withdraw_notice(session, "goodbye", ann, "the reader is back", NOW)
        found = standing(session)
    assert found.pop(("goodbye", ann.id)) == (after, detail)
    assert set(found.values()) == {(State.PENDING, None)}


def test_one_that_a_worker_has_claimed(database: Database) -> None:
    """It is told so before anything is sent, and the others are not held up."""
    with database.write() as session:
        ann = owing(session)
        worker = Worker(host="here", pid=1, started_at=NOW, seen_at=datetime.now(NOW.tzinfo))
        session.add(worker)
        session.flush()
        jobs = claiming.claim(session, worker.id, RULES, NOW, 10).jobs
        assert len(jobs) == 3
    with database.write() as session:
        withdraw_notice(session, "goodbye", ann, "the reader is back", NOW)
    with database.write() as session:
        hashed = [(job, RULES.suppressions.hash(job.canonical)) for job in jobs]
        begun = ledger.begin(session.connection(), worker.id, hashed, NOW)
        told = {(job.notice, job.subscriber_id): yes for job, yes in zip(jobs, begun, strict=True)}
        assert told.pop(("goodbye", ann.id)) is False
        assert set(told.values()) == {True}
        assert standing(session)["goodbye", ann.id] == (State.DROPPED, "the reader is back")
    with database.read() as session:
        assert workers.any_claims(session)
