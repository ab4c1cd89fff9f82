"""Whoever left by a slip of the finger: back within a minute, as if they had never gone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.audience.consent import record
from digest.audience.models import Consent, Standing, Subscriber
from digest.audience.suppressing import Suppressions
from digest.errors import Conflict
from digest.tokens import LIFETIMES, Purpose, Token

BUTTON = "the unsubscribe page"
"""The one source of a departure that its person may undo: nobody else was before our page."""


def may_return(session: Session, subscriber: Subscriber, suppressions: Suppressions, now: datetime) -> bool:
    """Whether somebody was a reader until a moment ago, left by our button, and no suppression came since."""
    return (
        subscriber.status is Standing.UNSUBSCRIBED
        and subscriber.confirmed_at is not None
        and _is_recent(subscriber, now)
        and _left_by(session, subscriber) == BUTTON
        and suppressions.reason(session, subscriber.canonical) is None
    )


def close(session: Session, subscriber: Subscriber, source: str, now: datetime) -> None:
    """Note that somebody who left by our button says so once more another way: they may not return now."""
    if source != BUTTON and _is_recent(subscriber, now) and _left_by(session, subscriber) == BUTTON:
        record(session, subscriber, "unsubscribed", source, now)


def require_return(
    session: Session, subscriber: Subscriber, token: Token, suppressions: Suppressions, now: datetime
) -> bool:
    """Whether there is anything to do for whoever presses the button; False where they are back already.

    Raises Conflict when they have left again since, or may not return.
    """
    if not token.is_of(subscriber.departures):
        raise Conflict("this button is from before you last left")
    if subscriber.status is Standing.ACTIVE:
        return False
    if not may_return(session, subscriber, suppressions, now):
        raise Conflict("the minute is over")
    return True


def come_back(
    session: Session, subscriber: Subscriber, token: Token, suppressions: Suppressions, now: datetime
) -> bool:
    """They are active again, and their pause with them; answers and raises as `require_return`.

    Their departure still counts, so that confirm links from before it stay void.
    """
    if not require_return(session, subscriber, token, suppressions, now):
        return False
    subscriber.status, subscriber.left_at = Standing.ACTIVE, None
    record(session, subscriber, "returned", "the goodbye page", now)
    return True


def _is_recent(subscriber: Subscriber, now: datetime) -> bool:
    return subscriber.left_at is not None and now - subscriber.left_at <= LIFETIMES[Purpose.RETURN]


def _left_by(session: Session, subscriber: Subscriber) -> str | None:
    departures = select(Consent.source).where(
        Consent.subscriber_id == subscriber.id, Consent.event == "unsubscribed"
    )
    return session.scalar(departures.order_by(Consent.id.desc()).limit(1))
