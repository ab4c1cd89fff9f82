"""Who gets which mail, said once: in words for whoever asks about one reader, and as SQL for the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import BindParameter, ColumnElement, and_, or_

from digest.audience.joining import ALREADY, CONFIRM, GOODBYE, WELCOME
from digest.audience.models import Standing, Subscriber
from digest.audience.moving import CHANGE_ADDRESS
from digest.audience.preferring import YOUR_DATA
from digest.clock import iso

# What a notice says is true of these alone; those that are not named here are for whoever it may be.
WHOM: Final = {
    **dict.fromkeys((WELCOME, ALREADY, CHANGE_ADDRESS, YOUR_DATA), (Standing.ACTIVE,)),
    CONFIRM: (Standing.PENDING, Standing.UNSUBSCRIBED),
    GOODBYE: (Standing.UNSUBSCRIBED,),
}


def why_no_edition(
    status: Standing, paused_until: datetime | None, suppression: str | None, now: datetime
) -> str | None:
    """Why a reader gets no edition at this moment, or None; `suppression` is the reason of theirs."""
    if suppression:
        return "the address is suppressed"
    if status is not Standing.ACTIVE:
        return f"the reader is {status.value}"
    if paused_until and paused_until > now:
        return f"the reader paused until {iso(paused_until)}"
    return None


def why_no_notice(name: str, status: Standing, *, asked: bool) -> str | None:
    """Why what a notice says is not so any more, or None; `asked`: for a confirmation that still counts."""
    if name == CONFIRM and not asked:
        return "there is nothing to confirm any more"
    return None if status in WHOM.get(name, Standing) else f"the reader is {status.value}"


def reads(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """The same asked of the database, but for suppressions: only the holder of their key looks them up."""
    awake = or_(Subscriber.paused_until.is_(None), Subscriber.paused_until <= now)
    return and_(Subscriber.status == Standing.ACTIVE, awake)
