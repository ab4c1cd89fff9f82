"""Why somebody left, if they care to say."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from digest.audience.consent import count_since, record
from digest.audience.models import Standing, Subscriber

REASON: Final = "reason"  # the event in the history; the words are its note
REASONS: Final = ("too many emails", "not what I expected", "never subscribed", "no time to read")
LONGEST: Final = 500
MOST: Final = 3  # told after one departure: more is no help to anybody
ASKED_FOR: Final = timedelta(days=1)


def reason_of(choice: str, words: str | None) -> str | None:
    """What somebody ticked and wrote, as one line; None where they said nothing. `words` are clean."""
    said = [choice] if choice in REASONS else []
    return ": ".join([*said, words] if words else said)[:LONGEST] or None


def say_why(session: Session, subscriber: Subscriber, reason: str, now: datetime) -> bool:
    """Keep the reason of somebody who left within the last day; False for others, and for a fourth one."""
    left_at = subscriber.left_at
    if subscriber.status is not Standing.UNSUBSCRIBED or left_at is None or now - left_at > ASKED_FOR:
        return False
    if count_since(session, subscriber, REASON, left_at) >= MOST:
        return False
    record(session, subscriber, REASON, "the goodbye page", now, note=reason)
    return True
