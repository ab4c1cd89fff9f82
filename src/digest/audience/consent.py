"""The consent history: append-only, so that it can be shown to whoever asks (GDPR Art. 7(1))."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from digest.audience.models import Consent, Subscriber, Wording
from digest.db.upserting import inserting

FORGOTTEN_AT_ONCE: Final = 1000


def record(
    session: Session,
    subscriber: Subscriber,
    event: str,
    source: str,
    now: datetime,
    wording: str | None = None,
    *,
    client: str | None = None,
    note: str | None = None,
) -> None:
    """Add one entry.

    `wording` is the exact text consented to: the entry keeps its SHA-256, and the text is kept once.
    `client` is the keyed hash of the network address it came from, `note` what the person said or chose.
    """
    hashed = _keep(session, wording, now) if wording else None
    session.flush()
    session.add(
        Consent(
            subscriber_id=subscriber.id,
            at=now,
            event=event,
            source=source[:500],
            wording=hashed,
            client=client,
            note=note,
        )
    )


def count_since(session: Session, subscriber: Subscriber, event: str, since: datetime) -> int:
    """How many entries of one kind there have been since a moment."""
    query = select(func.count()).where(
        Consent.subscriber_id == subscriber.id, Consent.event == event, Consent.at >= since
    )
    return session.scalar(query) or 0


def forget_clients(session: Session, before: datetime) -> int:
    """Empty `client` of entries older than `before`, a bounded number of them; returns how many.

    The one change that an entry ever sees. Whoever wants all of them emptied calls until there are none, each
    time in a write unit of its own.
    """
    old = select(Consent.id).where(Consent.client.is_not(None), Consent.at < before)
    ids = session.scalars(old.order_by(Consent.at).limit(FORGOTTEN_AT_ONCE)).all()
    session.execute(update(Consent).where(Consent.id.in_(ids)).values(client=None))
    return len(ids)


def _keep(session: Session, wording: str, now: datetime) -> str:
    """The words' hash, by which they can be found whatever becomes of the template they stood in."""
    hashed = hashlib.sha256(wording.encode()).hexdigest()
    words = inserting(session, Wording).values(hash=hashed, text=wording, first_used_at=now)
    session.execute(words.on_conflict_do_nothing())
    return hashed
