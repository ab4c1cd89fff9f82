"""The ledger's verbs: fan out, claim, begin, record, close. Each is one step of one write unit."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from digest.audience.models import Standing, Subscriber, Suppression
from digest.audience.preferring import paused_until
from digest.audience.suppressing import Suppressions
from digest.clock import iso
from digest.delivery.holding import goes_on
from digest.delivery.models import WAITING, Attempt, Delivery, Mailing, State
from digest.delivery.replies import Meaning, Outcome
from digest.delivery.retrying import Policy, next_step
from digest.editions.models import Edition, Status


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed delivery, with all that is needed to address it."""

    mailing_id: int
    subscriber_id: int
    notice: str | None
    seed: str
    first_tried_at: datetime | None
    tries: int
    doubts: int
    email: str
    canonical: str
    public_id: str
    departures: int
    was: State = State.PENDING


def fan_out(session: Session, edition: Edition, now: datetime) -> int | None:
    """Write one delivery for every active reader who does not pause; None when that was done before.

    The edition turns to `sending` in the same transaction, so that whoever comes next only sends.
    """
    if session.scalar(select(Mailing.id).where(Mailing.edition_id == edition.id)):
        return None
    mailing = Mailing(edition_id=edition.id, seed=secrets.token_hex(8), created_at=now)
    session.add(mailing)
    session.flush()
    columns = ["mailing_id", "subscriber_id", "state", "tries", "doubts", "due_at", "changed_at", "gone"]
    values = (
        literal(0),
        literal(0),
        literal(now, Delivery.due_at.type),
        literal(now, Delivery.changed_at.type),
    )
    rows = select(
        literal(mailing.id),
        Subscriber.id,
        literal(State.PENDING, Delivery.state.type),
        *values,
        literal(False),
    ).where(_reads(now))
    session.execute(insert(Delivery).from_select(columns, rows))
    edition.status, edition.mailing_began = Status.SENDING, True
    # Counted, since psycopg tells no row count here.
    return session.scalar(select(func.count()).where(Delivery.mailing_id == mailing.id)) or 0


def _reads(now: datetime) -> ColumnElement[bool]:
    """Whether a subscriber gets editions at this moment."""
    awake = or_(Subscriber.paused_until.is_(None), Subscriber.paused_until <= now)
    return and_(Subscriber.status == Standing.ACTIVE, awake)


def claim(
    session: Session, worker_id: int, suppressions: Suppressions, now: datetime, limit: int
) -> list[Job]:
    """Take up to `limit` due deliveries, notices first, and drop those who must not get theirs any more."""
    taken = _take(session, now, limit)
    barred = suppressions.among(session, {subscriber.canonical for _, _, subscriber in taken})
    jobs = []
    for delivery, mailing, subscriber in taken:
        why_not = _why_not(mailing, subscriber, barred.get(subscriber.canonical), now)
        if why_not:
            _drop(delivery, why_not, now)
        else:
            delivery.worker_id = worker_id
            jobs.append(_job(delivery, mailing, subscriber))
    return jobs


def _take(session: Session, now: datetime, limit: int) -> Sequence[tuple[Delivery, Mailing, Subscriber]]:
    query = (
        select(Delivery, Mailing, Subscriber)
        .join(Mailing, Delivery.mailing_id == Mailing.id)
        .join(Subscriber, Delivery.subscriber_id == Subscriber.id)
        .outerjoin(Edition, Mailing.edition_id == Edition.id)
        .where(Delivery.state.in_(WAITING), Delivery.due_at <= now, Delivery.worker_id.is_(None))
        .where(or_(Mailing.edition_id.is_(None), goes_on()))
        .order_by(Mailing.edition_id.is_not(None), Delivery.mailing_id, Delivery.subscriber_id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Delivery)
    )
    return [(delivery, mailing, subscriber) for delivery, mailing, subscriber in session.execute(query)]


def _why_not(mailing: Mailing, subscriber: Subscriber, barred: str | None, now: datetime) -> str | None:
    if mailing.expires_at and mailing.expires_at < now:
        return "no longer worth sending"
    if barred and (mailing.edition_id is not None or barred != "unsubscribe"):
        return "the address is suppressed"
    if mailing.edition_id is not None and subscriber.status is not Standing.ACTIVE:
        return f"the reader is {subscriber.status.value}"
    if mailing.edition_id is not None and (until := paused_until(subscriber, now)):
        return f"the reader paused until {iso(until)}"
    if subscriber.status in (Standing.BOUNCED, Standing.COMPLAINED):
        return f"the reader is {subscriber.status.value}"
    return None


def _drop(delivery: Delivery, reason: str, now: datetime) -> None:
    """It is not sent (again); that an earlier try may have arrived stays on record."""
    before = "; an earlier try may have arrived" if delivery.state is State.UNKNOWN else ""
    delivery.state, delivery.detail, delivery.changed_at = State.DROPPED, reason + before, now
    delivery.due_at = delivery.worker_id = None


def _job(delivery: Delivery, mailing: Mailing, subscriber: Subscriber) -> Job:
    return Job(
        mailing_id=mailing.id,
        subscriber_id=subscriber.id,
        notice=mailing.notice,
        seed=mailing.seed,
        first_tried_at=delivery.first_tried_at,
        tries=delivery.tries,
        doubts=delivery.doubts,
        email=subscriber.email,
        canonical=subscriber.canonical,
        public_id=subscriber.public_id,
        departures=subscriber.departures,
        was=delivery.state,
    )


def begin(session: Session, worker_id: int, job: Job, suppressed_as: str, now: datetime) -> bool:
    """Commit to sending: True if the row is still ours and its reader still wants it.

    Asked again here since somebody may leave between claim and send. `suppressed_as` is the address's
    keyed hash.
    """
    wanted = select(Subscriber.id).where(Subscriber.id == job.subscriber_id)
    if job.notice is None:
        barred = select(Suppression.address_hash).where(Suppression.address_hash == suppressed_as).exists()
        running = select(Edition.id).join(Mailing, Mailing.edition_id == Edition.id)
        running = running.where(Mailing.id == job.mailing_id, goes_on())
        wanted = wanted.where(_reads(now), ~barred, running.exists())
    ours = and_(_is(job), Delivery.worker_id == worker_id, Delivery.state.in_(WAITING))
    result = session.execute(
        update(Delivery)
        .where(ours, wanted.exists())
        .values(
            state=State.SENDING,
            tries=Delivery.tries + 1,
            first_tried_at=func.coalesce(Delivery.first_tried_at, now),
            changed_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    if getattr(result, "rowcount", 0) == 1:
        return True
    # Not begun: free the row if it is still ours; the next claim sees why it must not go and says so.
    session.execute(
        update(Delivery).where(ours).values(worker_id=None).execution_options(synchronize_session=False)
    )
    return False


def record(
    session: Session, worker_id: int, job: Job, outcome: Outcome, policy: Policy, now: datetime
) -> State | None:
    """Write down how a try went; None, and nothing written, when the row is no longer this worker's."""
    tries = job.tries + 1
    step = next_step(
        outcome,
        tries=tries,
        doubts=job.doubts,
        first_tried_at=job.first_tried_at or now,
        now=now,
        policy=policy,
    )
    result = session.execute(
        update(Delivery)
        .where(_is(job), Delivery.worker_id == worker_id, Delivery.state == State.SENDING)
        .values(
            state=step.state,
            due_at=step.due_at,
            worker_id=None,
            changed_at=now,
            detail=outcome.text[:500] or None,
            gone=outcome.gone,
            doubts=Delivery.doubts + int(outcome.meaning is Meaning.UNKNOWN),
        )
        .execution_options(synchronize_session=False)
    )
    if getattr(result, "rowcount", 0) != 1:
        return None
    session.add(_attempt(job, tries, outcome, step.state, now))
    return step.state


def _attempt(job: Job, number: int, outcome: Outcome, state: State, now: datetime) -> Attempt:
    return Attempt(
        mailing_id=job.mailing_id,
        subscriber_id=job.subscriber_id,
        number=number,
        at=now,
        result=state.value,
        code=outcome.code,
        enhanced=outcome.enhanced,
        reply=outcome.text[:500] or None,
    )


def _is(job: Job) -> ColumnElement[bool]:
    return and_(Delivery.mailing_id == job.mailing_id, Delivery.subscriber_id == job.subscriber_id)


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


def next_due(session: Session) -> datetime | None:
    """When the next waiting delivery nobody has claimed may be tried; None when none waits."""
    query = (
        select(func.min(Delivery.due_at))
        .join(Mailing, Delivery.mailing_id == Mailing.id)
        .outerjoin(Edition, Mailing.edition_id == Edition.id)
        .where(Delivery.state.in_(WAITING), Delivery.worker_id.is_(None))
        .where(or_(Mailing.edition_id.is_(None), goes_on()))
    )
    return session.scalar(query)


def finish_editions(session: Session, now: datetime) -> list[str]:
    """Turn editions of which nothing is left to send to `sent`, but for paused ones; returns their keys."""
    open_row = (
        select(Delivery.mailing_id)
        .join(Mailing, Delivery.mailing_id == Mailing.id)
        .where(Mailing.edition_id == Edition.id)
        .where(or_(Delivery.due_at.is_not(None), Delivery.state == State.SENDING))
        .where(Delivery.state.in_((*WAITING, State.SENDING)))
    )
    done = session.scalars(select(Edition).where(goes_on(), ~open_row.exists())).all()
    for edition in done:
        edition.status, edition.finished_at = Status.SENT, now
    return [edition.key for edition in done]
