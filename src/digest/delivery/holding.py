"""What an edition that is paused or cancelled still owes: given back by its workers, or dropped for good."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from digest.delivery.dropping import dropped
from digest.delivery.models import WAITING, Delivery, Mailing
from digest.editions.models import Edition, Status

CANCELLED = "the edition was cancelled"
AT_ONCE = 5_000


def goes_on() -> ColumnElement[bool]:
    """Whether an edition is being sent at this moment."""
    return and_(Edition.status == Status.SENDING, Edition.paused_at.is_(None))


def untried() -> ColumnElement[bool]:
    """Whether an edition owes deliveries that nobody has begun yet."""
    first = select(Delivery.mailing_id).join(Mailing).where(Mailing.edition_id == Edition.id)
    free = first.where(Delivery.due_at.is_not(None), Delivery.worker_id.is_(None))
    return free.where(Delivery.first_tried_at.is_(None)).exists()


def give_back(session: Session, worker_id: int, mailing_id: int) -> bool:
    """Free what a worker claimed of an edition that was stopped; False, and nothing done, if it goes on."""
    going = select(Edition.id).join(Mailing).where(Mailing.id == mailing_id, goes_on())
    if session.scalar(going):
        return False
    ours = (Delivery.worker_id == worker_id, Delivery.mailing_id == mailing_id, Delivery.state.in_(WAITING))
    session.execute(
        update(Delivery).where(*ours).values(worker_id=None).execution_options(synchronize_session=False)
    )
    return True


def still_owing(session: Session) -> list[Edition]:
    """Cancelled editions of which deliveries wait: one that was in flight came back, or somebody died."""
    waiting = select(Delivery.mailing_id).join(Mailing).where(Mailing.edition_id == Edition.id)
    waiting = waiting.where(Delivery.due_at.is_not(None), Delivery.worker_id.is_(None))
    return list(session.scalars(select(Edition).where(Edition.status == Status.CANCELLED, waiting.exists())))


def drop_some(session: Session, edition: Edition, now: datetime) -> int | None:
    """Drop up to 5,000 of what a cancelled edition still owes; None once nothing is left.

    What a connection is sending at this moment stays as it is. Rows that a worker is just writing are left
    for the next call (0 where those are all), so that neither waits for the other in a circle.
    """
    mailing = select(Mailing.id).where(Mailing.edition_id == edition.id).scalar_subquery()
    owed = select(Delivery.subscriber_id).where(Delivery.mailing_id == mailing, Delivery.state.in_(WAITING))
    # Locked by a query of its own: inside the update PostgreSQL may ask it again, and take more.
    taken = session.scalars(owed.limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    session.execute(
        update(Delivery)
        .where(Delivery.mailing_id == mailing, Delivery.subscriber_id.in_(taken))
        .values(dropped(CANCELLED, now))
        .execution_options(synchronize_session=False)
    )
    return len(taken) if taken or session.execute(owed.limit(1)).first() else None
