"""Readers whose server said for good that there is no such mailbox: they bounce, and are not mailed again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from digest.audience.addresses import Address
from digest.audience.models import Standing, Subscriber
from digest.audience.suppressing import Suppressions
from digest.delivery.models import Delivery, State


def apply_refusals(session: Session, suppressions: Suppressions, now: datetime) -> list[str]:
    """Mark and suppress them; returns their addresses. Doing it again changes nothing."""
    query = (
        select(Subscriber)
        .where(Subscriber.id.in_(select(Delivery.subscriber_id).where(Delivery.gone)))
        .where(Subscriber.status.in_((Standing.ACTIVE, Standing.PENDING)))
        .where(_refused_since_their_last_yes())
    )
    bounced = session.scalars(query).all()
    for subscriber in bounced:
        address = Address(subscriber.email, subscriber.canonical)
        suppressions.suppress(session, address, "bounce", "refused by the mail server", now)
    return [subscriber.email for subscriber in bounced]


def _refused_since_their_last_yes() -> ColumnElement[bool]:
    """A refusal from before that is history: a mailbox may be made anew."""
    last_yes = func.coalesce(Subscriber.confirmed_at, Subscriber.created_at)
    refusal = select(Delivery.subscriber_id).where(Delivery.subscriber_id == Subscriber.id, Delivery.gone)
    return refusal.where(Delivery.state == State.FAILED, Delivery.changed_at >= last_yes).exists()
