"""Erasing: of a person only the keyed hash of their address stays, so that no import brings it back."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from digest.audience.models import Standing, Subscriber
from digest.audience.suppressing import Suppressions, void_change

ERASED: Final = "erased"
# Whoever bounced or complained is not mailed again for having been forgotten.
_KEPT: Final = {Standing.BOUNCED: "bounce", Standing.COMPLAINED: "complaint"}


def suppress(
    session: Session,
    canonical: str,
    suppressions: Suppressions,
    now: datetime,
    status: Standing | None = None,
) -> None:
    """Keep the hash of an address that is to be erased; `status` is where its subscriber stands.

    It counts until the owner confirms anew. A suppression for good that is there already stays as it is.
    """
    reason = _KEPT.get(status, ERASED) if status else ERASED
    suppressions.add(session, suppressions.hash(canonical), reason, now)


def drop_wishes(session: Session, canonical: str) -> None:
    """Forget an address that somebody else on the list asked to be changed to; their link for it is void."""
    wishing = Subscriber.next_email.is_not(None) & (func.lower(Subscriber.next_email) == canonical)
    for subscriber in session.scalars(select(Subscriber).where(wishing)):
        void_change(subscriber)


def delete_subscriber(session: Session, subscriber: Subscriber) -> None:
    """Delete the person and their consent history; what the ledger holds on them must be gone already."""
    session.flush()
    session.expunge(subscriber)
    session.execute(delete(Subscriber).where(Subscriber.id == subscriber.id))
