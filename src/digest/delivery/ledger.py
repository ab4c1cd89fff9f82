"""The ledger's verbs: fan out, begin, record, close. Each is one step of one write unit."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from digest.audience.models import Subscriber, Suppression
from digest.db.prepared import Prepared
from digest.delivery.claiming import THIS_ROW, Job, this_row
from digest.delivery.eligible import reads
from digest.delivery.holding import goes_on
from digest.delivery.models import ATTEMPTS, DELIVERIES, WAITING, Delivery, Mailing, State
from digest.delivery.replies import Meaning, Outcome
from digest.delivery.retrying import AGAIN, NextStep, Past, Policy, next_step
from digest.editions.models import Edition, Status


class Overtaken(Exception):
    """Some rows are no longer this worker's; nothing of that transaction may be committed."""


@dataclass(frozen=True, slots=True)
class Done:
    """A try that is over."""

    job: Job
    outcome: Outcome


def fan_out(session: Session, edition: Edition, now: datetime) -> None:
    """Write one delivery for every active reader who does not pause; nothing when that was done before.

    The edition turns to `sending` in the same transaction, so that whoever comes next only sends.
    """
    if session.scalar(select(Mailing.id).where(Mailing.edition_id == edition.id)):
        return
    mailing = Mailing(edition_id=edition.id, seed=secrets.token_hex(8), created_at=now)
    session.add(mailing)
    session.flush()
    values = {
        "mailing_id": literal(mailing.id),
        "subscriber_id": Subscriber.id,
        "state": literal(State.PENDING, Delivery.state.type),
        "tries": literal(0),
        "doubts": literal(0),
        "due_at": literal(now, Delivery.due_at.type),
        "notice": literal(False),
        "changed_at": literal(now, Delivery.changed_at.type),
        "gone": literal(False),
    }
    rows = select(*values.values()).where(reads(now)).order_by(Subscriber.id)
    session.execute(insert(Delivery).from_select(list(values), rows))
    edition.status, edition.mailing_began = Status.SENDING, True


def begin(
    connection: Connection, worker_id: int, jobs: Sequence[tuple[Job, str]], now: datetime
) -> list[bool]:
    """Commit to sending each job: True for a row that is still ours and whose reader still wants it.

    Asked again here since somebody may leave between claim and send. With each job comes its address's keyed
    hash. Where nobody knows whether a commit came through, the same may be asked again.
    """
    if not jobs:
        return []
    rows = [{**this_row(job), "hashed": hashed, "canonical": job.canonical} for job, hashed in jobs]
    if _BEGIN.many(connection, rows, worker=worker_id, now=now) == len(rows):
        return [True] * len(rows)
    begun = _sending(connection, worker_id)
    answers = [(row["mailing"], row["subscriber"]) in begun for row in rows]
    # The others are free if they are still ours; the next claim sees why they must not go and says so.
    left = [row for row, yes in zip(rows, answers, strict=True) if not yes]
    if left:
        _FREE.many(connection, left, worker=worker_id)
    return answers


def record(
    connection: Connection, worker_id: int, done: Sequence[Done], policy: Policy, now: datetime
) -> list[State | None]:
    """Write down how tries went; None, and nothing written, for a row that is no longer this worker's.

    Raises Overtaken where that is so of one among several: asked one by one, each will tell.
    """
    if not done:
        return []
    told = [(one, _step(connection, one, policy, now)) for one in done]
    results = [_result(one, step) for one, step in told]
    if _RECORD.many(connection, results, worker=worker_id, now=now) == len(told):
        _ATTEMPT.many(connection, [_attempt(one, step.state) for one, step in told], at=now)
        return [step.state for _, step in told]
    if len(told) > 1:
        raise Overtaken
    return [_told_before(connection, *told[0])]


def _told_before(connection: Connection, done: Done, step: NextStep) -> State | None:
    """Its state, if this very try is on record: nobody heard of the commit that wrote it."""
    this = {**this_row(done.job), "nth": done.job.tries + 1}
    return step.state if connection.scalar(_TOLD, this) == step.state.value else None


def _sending(connection: Connection, worker_id: int) -> set[tuple[int, int]]:
    """The rows that this worker is sending, by mailing and subscriber; nobody else changes them meanwhile."""
    return {
        (mailing, subscriber) for mailing, subscriber in connection.execute(_SENDING, {"worker": worker_id})
    }


def _step(connection: Connection, done: Done, policy: Policy, now: datetime) -> NextStep:
    return next_step(
        done.outcome,
        past=_past(connection, done.job) if done.outcome.meaning in AGAIN else Past(),
        doubts=done.job.doubts,
        first_tried_at=done.job.first_tried_at or now,
        now=now,
        policy=policy,
    )


def _past(connection: Connection, job: Job) -> Past:
    """What came of the tries before this one; those in doubt are counted elsewhere."""
    if not job.tries:
        return Past()
    ends = connection.execute(_ENDS, {**this_row(job), "tries": job.tries})
    counted: dict[str, int] = dict(ends.all())
    return Past(counted.get(State.PENDING.value, 0), counted.get(State.DEFERRED.value, 0))


def _result(done: Done, step: NextStep) -> dict[str, Any]:
    return {
        **this_row(done.job),
        "canonical": done.job.canonical,
        "to_state": step.state,
        "due": step.due_at,
        "said": done.outcome.text[:500] or None,
        "is_gone": done.outcome.gone,
        "doubted": int(done.outcome.meaning is Meaning.UNKNOWN),
    }


def _attempt(done: Done, state: State) -> dict[str, Any]:
    return {
        "mailing_id": done.job.mailing_id,
        "subscriber_id": done.job.subscriber_id,
        "number": done.job.tries + 1,
        "result": state.value,
        "code": done.outcome.code,
        "enhanced": done.outcome.enhanced,
        "reply": done.outcome.text[:500] or None,
    }


def _wanted() -> ColumnElement[bool]:
    """Whether the reader of the row in question still gets it: an edition if they read, a notice anyway."""
    now = bindparam("now", type_=DELIVERIES.c.changed_at.type)
    reading = _there().where(reads(now)).exists()
    suppression = select(Suppression.address_hash).where(Suppression.address_hash == bindparam("hashed"))
    mailing = select(Mailing.id).outerjoin(Edition, Mailing.edition_id == Edition.id)
    mailing = mailing.where(Mailing.id == DELIVERIES.c.mailing_id)
    notice = mailing.where(Mailing.edition_id.is_(None)).exists()
    return or_(and_(mailing.where(goes_on()).exists(), reading, ~suppression.exists()), notice)


def _there() -> Select[int]:
    """The reader of the row in question, if the address that the job is for is theirs (still, or already)."""
    return select(Subscriber.id).where(
        Subscriber.id == DELIVERIES.c.subscriber_id, Subscriber.canonical == bindparam("canonical")
    )


# Spelled out, since a list of values cannot be part of a statement for many rows.
_WAITS = or_(*(DELIVERIES.c.state == state for state in WAITING))
# Wrapped, so that PostgreSQL finds the row by its key alone: the index of a worker's rows keeps every row
# that it ever had until a vacuum, which a long transaction (a dump) puts off.
_OURS = (*THIS_ROW, func.coalesce(DELIVERIES.c.worker_id, 0) == bindparam("worker"))
_SENDING = (
    select(DELIVERIES.c.mailing_id, DELIVERIES.c.subscriber_id)
    .where(DELIVERIES.c.worker_id == bindparam("worker"), DELIVERIES.c.state == State.SENDING)
    .with_for_update()
)
_ATTEMPT = Prepared(
    insert(ATTEMPTS).values({one.name: bindparam(one.name) for one in ATTEMPTS.c if not one.primary_key})
)
_TRIES = (
    ATTEMPTS.c.mailing_id == bindparam("mailing"),
    ATTEMPTS.c.subscriber_id == bindparam("subscriber"),
)
_TOLD = select(ATTEMPTS.c.result).where(*_TRIES, ATTEMPTS.c.number == bindparam("nth"))
# Not this very try, whose commit may have come through unheard.
_ENDS = (
    select(ATTEMPTS.c.result, func.count())
    .where(*_TRIES, ATTEMPTS.c.number <= bindparam("tries"))
    .group_by(ATTEMPTS.c.result)
)
_FREE = Prepared(update(DELIVERIES).where(*_OURS, _WAITS).values(worker_id=None))
_BEGIN = Prepared(
    update(DELIVERIES)
    .where(*_OURS, _WAITS, _wanted())
    .values(
        state=State.SENDING,
        tries=DELIVERIES.c.tries + 1,
        first_tried_at=func.coalesce(DELIVERIES.c.first_tried_at, bindparam("now")),
        changed_at=bindparam("now"),
    )
)
_RECORD = Prepared(
    update(DELIVERIES)
    .where(*_OURS, DELIVERIES.c.state == State.SENDING)
    .values(
        state=bindparam("to_state"),
        due_at=bindparam("due"),
        worker_id=None,
        changed_at=bindparam("now"),
        detail=bindparam("said"),
        # That a mailbox is not there says nothing about a reader who has another address by now, or not yet.
        gone=case((bindparam("is_gone"), _there().exists()), else_=false()),
        doubts=DELIVERIES.c.doubts + bindparam("doubted"),
    )
)


def try_doubtful(session: Session, edition: Edition, now: datetime) -> int:
    """Make held deliveries in doubt due once more, on a person's word; returns how many there are."""
    mailing = select(Mailing.id).where(Mailing.edition_id == edition.id)
    result = session.execute(
        update(Delivery)
        .where(Delivery.mailing_id.in_(mailing), Delivery.state == State.UNKNOWN, Delivery.due_at.is_(None))
        .values(due_at=now, changed_at=now)
        .execution_options(synchronize_session=False)
    )
    found = int(getattr(result, "rowcount", 0))
    if found:
        edition.status, edition.finished_at = Status.SENDING, None
    return found


def counts(session: Session, edition_id: int | None = None) -> dict[str, int]:
    """Deliveries by state, every state named; of one edition, or of everything."""
    query = select(Delivery.state, func.count()).group_by(Delivery.state)
    if edition_id is not None:
        query = query.join(Mailing, Delivery.mailing_id == Mailing.id).where(Mailing.edition_id == edition_id)
    found = {state.value: number for state, number in session.execute(query)}
    return {state.value: found.get(state.value, 0) for state in State}


def finish_editions(session: Session, now: datetime) -> list[str]:
    """Turn editions of which nothing is left to send to `sent`, but for paused ones; returns their keys."""
    of_edition = select(Delivery.mailing_id).join(Mailing).where(Mailing.edition_id == Edition.id)
    waiting = of_edition.where(Delivery.due_at.is_not(None), Delivery.worker_id.is_(None)).exists()
    # The few claimed rows first: asked by edition, SQLite walks through all its rows.
    claimed = (
        select(Mailing.edition_id)
        .join(Delivery, Delivery.mailing_id == Mailing.id)
        .where(Delivery.worker_id.is_not(None), Mailing.edition_id.is_not(None))
    )
    done = session.scalars(select(Edition).where(goes_on(), ~waiting, Edition.id.not_in(claimed))).all()
    for edition in done:
        edition.status, edition.finished_at = Status.SENT, now
    return [edition.key for edition in done]
