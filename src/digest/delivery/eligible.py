"""Who gets editions, said once: in words for whoever asks about one reader, and as SQL for the ledger."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, and_, or_

from digest.audience.models import Standing, Subscriber
from digest.clock import iso


def why_no_edition(
    status: Standing, paused_until: datetime | None, barred: str | None, now: datetime
) -> str | None:
    """Why a reader gets no edition at this moment, or None; `barred` is the reason of their suppression."""
    if barred:
        return "the address is suppressed"
    if status is not Standing.ACTIVE:
        return f"the reader is {status.value}"
    if paused_until and paused_until > now:
        return f"the reader paused until {iso(paused_until)}"
    return None


def reads(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """The same asked of the database, but for suppressions: only the holder of their key looks them up."""
    awake = or_(Subscriber.paused_until.is_(None), Subscriber.paused_until <= now)
    return and_(Subscriber.status == Standing.ACTIVE, awake)
