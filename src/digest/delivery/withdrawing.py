"""Takes back a notice that somebody was owed and that has not been sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from digest.audience.models import Subscriber
from digest.delivery.dropping import dropped
from digest.delivery.models import WAITING, Delivery, Mailing


def withdraw_notice(session: Session, name: str, subscriber: Subscriber, reason: str, now: datetime) -> None:
    """Drop what waits of the notice called `name`; one that a connection is sending at this moment goes."""
    called = select(Mailing.id).where(Mailing.notice == name)
    theirs = (Delivery.subscriber_id == subscriber.id, Delivery.mailing_id.in_(called))
    session.execute(
        update(Delivery)
        .where(*theirs, Delivery.state.in_(WAITING))
        .values(dropped(reason, now))
        .execution_options(synchronize_session=False)
    )
