"""Readers whose server said for good that there is no such mailbox: they bounce, and are not mailed again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from digest.audience.addresses import Address
from digest.audience.models import Standing, Subscriber
from digest.audience.suppressing import Suppressions
from digest.delivery.models import Delivery, State


def apply_refusals(session: Session, suppressions: Suppressions, now: datetime) -> list[str]:
    """Mark and suppress them; returns their addresses. Doing it again changes nothing."""
    query = select(Subscriber).where(
        Subscriber.status.in_((Standing.ACTIVE, Standing.PENDING)),
        select(Delivery.subscriber_id)
        .where(Delivery.subscriber_id == Subscriber.id, Delivery.state == State.FAILED, Delivery.gone)
        # A refusal from before their last yes is history: a mailbox may be made anew.
        .where(Delivery.changed_at >= func.coalesce(Subscriber.confirmed_at, Subscriber.created_at))
        .exists(),
    )
    bounced = session.scalars(query).all()
    for subscriber in bounced:
        address = Address(subscriber.email, subscriber.canonical)
        suppressions.suppress(session, address, "bounce", "refused by the mail server", now)
    return [subscriber.email for subscriber in bounced]
