"""Claiming: a worker takes deliveries that are due, and drops those who must not get theirs any more."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Row, Select, bindparam, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from digest.audience.models import Subscriber
from digest.audience.moving import CHANGE_ADDRESS
from digest.audience.suppressing import Suppressions, liftable
from digest.db.prepared import Prepared
from digest.delivery.dropping import dropped
from digest.delivery.eligible import why_no_edition, why_no_notice
from digest.delivery.holding import goes_on
from digest.delivery.models import DELIVERIES, WAITING, Delivery, Mailing, State
from digest.delivery.pacing import HORIZON, UNLIMITED, Pacing, Turn, Wanted, reserve
from digest.editions.models import Edition

NO_WAIT = Turn(granted=True)


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed delivery, with all that is needed to address it.

    `changes` is the generation of links that confirm a new address; `text_only` and `language` are the
    reader's wishes, the latter for notices alone.
    """

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
    ready_at: float = 0.0  # the reading of time.monotonic() from which on it may go
    changes: int = 0
    text_only: bool = False
    language: str | None = None

    @property
    def key(self) -> tuple[int, int]:
        """Which delivery it is."""
        return self.mailing_id, self.subscriber_id


PATIENT_FOR = timedelta(minutes=10)  # that the pace holds the next one
NEARLY_DUE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may get mail, and how fast; `queues` is this process's memory for `pacing.reserve`."""

    suppressions: Suppressions
    pacing: Pacing = UNLIMITED
    queues: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claimed:
    """The jobs of a claim.

    `again`: others are due that were not looked at. `wait` is how long the pace holds the next one, and
    `held` the same where that is too long to wait for.
    """

    jobs: list[Job]
    again: bool = False
    wait: timedelta | None = None
    held: timedelta | None = None


def free_strays(session: Session, worker_id: int, in_hand: Collection[tuple[int, int]]) -> None:
    """Free what is claimed for a worker that does not know of it, since it never heard of that commit.

    `in_hand` are the deliveries it knows of, by mailing and subscriber.
    """
    query = select(Delivery.mailing_id, Delivery.subscriber_id).where(Delivery.worker_id == worker_id)
    ours = session.execute(query.where(Delivery.state.in_(WAITING))).all()
    strays = [{"mailing": row[0], "subscriber": row[1]} for row in ours if tuple(row) not in in_hand]
    if strays:
        _TAKE.many(session.connection(), strays, worker=None)


def claim(session: Session, worker_id: int, rules: Rules, now: datetime, limit: int) -> Claimed:
    """Take up to `limit` due deliveries, notices first, and drop those who must not get theirs any more.

    Those whose destination is to wait become due when it is nearly their turn.
    """
    limit = min(limit, rules.pacing.at_once or limit)
    rows = _due(session, now, limit)
    suppressed = rules.suppressions.among(session, {row.canonical for row in rows})
    reasons = [_why_not(row, suppressed.get(row.canonical), now) for row in rows]
    _drop(session, [(row, reason) for row, reason in zip(rows, reasons, strict=True) if reason], now)
    wanted = [row for row, reason in zip(rows, reasons, strict=True) if not reason]
    turns = _turns(session, rules, wanted)
    jobs = [_job(row, turn) for row, turn in zip(wanted, turns, strict=True) if turn.granted]
    _take(session, worker_id, jobs)
    held = [(row, turn) for row, turn in zip(wanted, turns, strict=True) if not turn.granted]
    _postpone(session, [(row, turn.wait) for row, turn in held if not turn.at_all], now)
    if not rows:
        return Claimed([], wait=_nearly_due(session, rules.pacing, now))
    return _claimed(jobs, [turn for _, turn in held], full=len(rows) == limit)


def _nearly_due(session: Session, pacing: Pacing, now: datetime) -> timedelta | None:
    """When somebody comes who was postponed a moment ago; None where nobody is."""
    due = None if pacing.unlimited else next_due(session)
    return due - now if due is not None and due - now <= NEARLY_DUE else None


def _claimed(jobs: list[Job], held: Sequence[Turn], *, full: bool) -> Claimed:
    again = full and not any(turn.at_all for turn in held)
    wait = min((turn.wait for turn in held), default=None)
    if wait is None or wait <= PATIENT_FOR:
        return Claimed(jobs, again, wait)
    # Who was postponed has a time of their own; the others are due, and held.
    return Claimed(jobs, again, held=next((turn.wait for turn in held if turn.at_all), None))


def _turns(session: Session, rules: Rules, wanted: Sequence[Row[Any]]) -> list[Turn]:
    """When each may go; the pace goes by real time, since two workers may be tried at other times."""
    if rules.pacing.unlimited:
        return [NO_WAIT] * len(wanted)
    asked = [Wanted(row.canonical.rpartition("@")[2], row.notice is not None) for row in wanted]
    return reserve(session, rules.pacing, asked, datetime.now(UTC), rules.queues)


def free(now: datetime | BindParameter[datetime]) -> tuple[ColumnElement[bool], ...]:
    """Whether a delivery may be claimed; what the indexes of models.py hold."""
    return Delivery.due_at <= now, Delivery.worker_id.is_(None)


def _due(session: Session, now: datetime, limit: int) -> list[Row[Any]]:
    """Who is next; each mailing is asked for alone: nothing is sorted, and no paused one walked over."""
    connection = session.connection()
    rows = list(connection.execute(_NOTICES, {"now": now, "most": limit}))
    for mailing_id in connection.scalars(_GOING).all():
        if len(rows) < limit:
            asked = {"now": now, "most": limit - len(rows), "mailing": mailing_id}
            rows += connection.execute(_OF_AN_EDITION, asked)
    return rows


def going_mailings() -> Select[int]:
    """The mailings of editions that are being sent at this moment, oldest first."""
    return (
        select(Mailing.id)
        .join(Edition, Mailing.edition_id == Edition.id)
        .where(goes_on())
        .order_by(Mailing.id)
    )


def next_due(session: Session) -> datetime | None:
    """When the next waiting delivery nobody has claimed may be tried; None when none waits."""
    first = select(func.min(Delivery.due_at)).where(
        Delivery.due_at.is_not(None), Delivery.worker_id.is_(None)
    )
    moments = [session.scalar(first.where(Delivery.notice))]
    moments += [
        session.scalar(first.where(Delivery.mailing_id == one))
        for one in session.scalars(going_mailings()).all()
    ]
    return min((moment for moment in moments if moment), default=None)


# A notice may go elsewhere than to its reader's address: to the one they want to change to, or had before.
_EMAIL = func.coalesce(Mailing.email, Subscriber.email).label("email")
_CANONICAL = func.coalesce(func.lower(Mailing.email), Subscriber.canonical).label("canonical")


def _rows(*more: ColumnElement[Any] | InstrumentedAttribute[Any]) -> Any:
    columns = (
        *(Delivery.mailing_id, Delivery.subscriber_id, Delivery.state, Delivery.tries, Delivery.doubts),
        *(Delivery.first_tried_at, Mailing.edition_id, Mailing.notice, Mailing.seed, Mailing.expires_at),
        *(_EMAIL, _CANONICAL, Mailing.email.label("elsewhere"), Subscriber.next_email),
        *(Subscriber.public_id, Subscriber.departures, Subscriber.changes, Subscriber.text_only),
        *(Subscriber.status, Subscriber.paused_until, Subscriber.requested_at),
        *more,
    )
    return (
        select(*columns)
        .join(Mailing, Delivery.mailing_id == Mailing.id)
        .join(Subscriber, Delivery.subscriber_id == Subscriber.id)
        .where(*free(bindparam("now", type_=Delivery.due_at.type)))
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True, of=Delivery)
    )


_GOING = going_mailings()
_NOTICES = _rows(Subscriber.language).where(Delivery.notice).order_by(Delivery.due_at)
_OF_AN_EDITION = (
    _rows()
    .where(Delivery.mailing_id == bindparam("mailing"))
    .order_by(Delivery.mailing_id, Delivery.due_at, Delivery.subscriber_id)
)


def _why_not(row: Row[Any], suppression: str | None, now: datetime) -> str | None:
    if row.expires_at and row.expires_at < now:
        return "no longer worth sending"
    if row.edition_id is not None:
        return why_no_edition(row.status, row.paused_until, suppression, now)
    if not liftable(suppression):
        return "the address is suppressed"
    if row.notice == CHANGE_ADDRESS and row.elsewhere != row.next_email:
        return "the reader asks for this change no longer"
    return why_no_notice(row.notice, row.status, asked=row.requested_at is not None)


def _postpone(session: Session, held: Sequence[tuple[Row[Any], timedelta]], now: datetime) -> None:
    if held:
        # A moment before it is its turn, so that none is lost to our own delays.
        rows = [{**this_row(row), "due": now + max(wait - HORIZON, timedelta())} for row, wait in held]
        _POSTPONE.many(session.connection(), rows)


def _take(session: Session, worker_id: int, jobs: Sequence[Job]) -> None:
    if jobs:
        _TAKE.many(session.connection(), [this_row(job) for job in jobs], worker=worker_id)


def _drop(session: Session, unwanted: Sequence[tuple[Row[Any], str]], now: datetime) -> None:
    """They are not sent (again)."""
    if unwanted:
        reason = bindparam("reason", type_=DELIVERIES.c.detail.type)
        statement = update(DELIVERIES).where(*THIS_ROW).values(dropped(reason, now))
        rows = [{**this_row(row), "reason": why} for row, why in unwanted]
        session.connection().execute(statement, rows)


def _job(row: Row[Any], turn: Turn) -> Job:
    return Job(
        mailing_id=row.mailing_id,
        subscriber_id=row.subscriber_id,
        notice=row.notice,
        seed=row.seed,
        first_tried_at=row.first_tried_at,
        tries=row.tries,
        doubts=row.doubts,
        email=row.email,
        canonical=row.canonical,
        public_id=row.public_id,
        departures=row.departures,
        was=row.state,
        changes=row.changes,
        text_only=row.text_only,
        language=row.language if row.notice else None,
        ready_at=time.monotonic() + turn.wait.total_seconds() if turn.wait else 0.0,
    )


THIS_ROW = (
    DELIVERIES.c.mailing_id == bindparam("mailing"),
    DELIVERIES.c.subscriber_id == bindparam("subscriber"),
)


def this_row(delivery: Row[Any] | Job) -> dict[str, Any]:
    """What THIS_ROW asks for."""
    return {"mailing": delivery.mailing_id, "subscriber": delivery.subscriber_id}


_POSTPONE = Prepared(update(DELIVERIES).where(*THIS_ROW).values(due_at=bindparam("due")))
_TAKE = Prepared(update(DELIVERIES).where(*THIS_ROW).values(worker_id=bindparam("worker")))
