"""Owe somebody a notice: a mailing of its own with one delivery, written with the change that caused it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from digest.audience.models import Subscriber
from digest.delivery.models import Delivery, Mailing, State

WORTH_SENDING_FOR = timedelta(days=2)


def owe_notice(session: Session, name: str, subscriber: Subscriber, now: datetime) -> None:
    """Write the notice called `name` into the ledger; any run, worker or web application sends it."""
    mailing = Mailing(
        notice=name,
        seed=secrets.token_hex(8),
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


def owe_notices(session: Session, name: str, subscribers: Sequence[Subscriber], now: datetime) -> None:
    """The same notice to many people, each in a mailing of its own."""
    for subscriber in subscribers:
        owe_notice(session, name, subscriber, now)
