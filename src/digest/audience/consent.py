"""The consent history: append-only, so that it can be shown to whoever asks (GDPR Art. 7(1))."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from digest.audience.models import Consent, Subscriber


def record(
    session: Session,
    subscriber: Subscriber,
    event: str,
    source: str,
    now: datetime,
    wording: str | None = None,
) -> None:
    """Add one entry; `wording` is the exact text consented to, kept as its SHA-256."""
    hashed = hashlib.sha256(wording.encode()).hexdigest() if wording else None
    session.flush()
    session.add(
        Consent(subscriber_id=subscriber.id, at=now, event=event, source=source[:500], wording=hashed)
    )


def count_since(session: Session, subscriber: Subscriber, event: str, since: datetime) -> int:
    """How many entries of one kind there have been since a moment."""
    query = select(func.count()).where(
        Consent.subscriber_id == subscriber.id, Consent.event == event, Consent.at >= since
    )
    return session.scalar(query) or 0
