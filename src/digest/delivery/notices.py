"""Owe somebody a notice: a mailing of its own with one delivery, written with the change that caused it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from digest.audience.models import Subscriber
from digest.delivery.models import Delivery, Mailing, State

WORTH_SENDING_FOR = timedelta(days=2)
AT_ONCE = 500  # rows that are emptied in one transaction


def owe_notice(
    session: Session, name: str, subscriber: Subscriber, now: datetime, *, to: str | None = None
) -> None:
    """Write the notice called `name` into the ledger; any run, worker or web application sends it.

    It goes to the subscriber's address, or `to` another one.
    """
    mailing = Mailing(
        notice=name,
        seed=secrets.token_hex(8),
        email=to,
        created_at=now,
        expires_at=now + WORTH_SENDING_FOR,
    )
    session.add(mailing)
    session.flush()
    session.add(
        Delivery(
            mailing_id=mailing.id,
            subscriber_id=subscriber.id,
            state=State.PENDING,
            notice=True,
            due_at=now,
            changed_at=now,
        )
    )


def waits(session: Session, name: str, canonical: str, now: datetime) -> bool:
    """Whether a notice of that name to that reader is still to be sent."""
    query = (
        select(Delivery.mailing_id)
        .join(Mailing, Mailing.id == Delivery.mailing_id)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(Subscriber.canonical == canonical, Mailing.notice == name, Mailing.expires_at > now)
        .where(Delivery.state.in_((State.PENDING, State.DEFERRED)))
    )
    return session.scalar(query.limit(1)) is not None


def owe_notices(session: Session, name: str, subscribers: Sequence[int], now: datetime) -> None:
    """The same notice to many people, who are given by their ids, each in a mailing of its own."""
    if not subscribers:
        return
    mailing = {"notice": name, "created_at": now, "expires_at": now + WORTH_SENDING_FOR}
    made = session.scalars(
        insert(Mailing).returning(Mailing.id),
        [mailing | {"seed": secrets.token_hex(8)} for _ in subscribers],
    ).all()
    delivery = {"state": State.PENDING, "notice": True, "due_at": now, "changed_at": now}
    session.execute(
        insert(Delivery),
        [
            delivery | {"mailing_id": mailing_id, "subscriber_id": subscriber_id}
            for mailing_id, subscriber_id in zip(made, subscribers, strict=True)
        ],
    )


def forget_places(session: Session, now: datetime) -> int:
    """Empty where notices went besides their reader's address, once they are not sent any more.

    Returns how many, at most AT_ONCE.
    """
    old = select(Mailing.id).where(Mailing.email.is_not(None), Mailing.expires_at < now)
    found = session.scalars(old.limit(AT_ONCE)).all()
    session.execute(update(Mailing).where(Mailing.id.in_(found)).values(email=None))
    return len(found)
