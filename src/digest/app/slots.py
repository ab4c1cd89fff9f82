"""Which slot is due and which edition comes next: the same answer for run, status and preview."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.app.parts import App
from digest.editions.models import Edition, Status
from digest.editions.planning import find_edition

OPEN = (Status.DRAFT, Status.APPROVED)


def due_slot(app: App, session: Session, now: datetime) -> datetime | None:
    """The slot whose edition is due, or None before the next one.

    This week's slot is due once it has come, however late. A slot of the week before is due only if it was
    missed in earnest: its edition was planned, or one before it was mailed or skipped and this week's is
    not planned yet. A newcomer's first edition is thus not last week's.
    """
    rhythm, slot = app.rhythm, app.rhythm.last_slot(now)
    this_week = rhythm.key_of(now)
    if rhythm.key_of(slot) == this_week or find_edition(session, rhythm.key_of(slot)):
        return slot
    planned_ahead = find_edition(session, this_week) is not None
    return slot if _in_rhythm(session, slot) and not planned_ahead else None


def _in_rhythm(session: Session, slot: datetime) -> bool:
    """Whether a week before this slot ran its course: what was only drafted, or given up unsent, did not."""
    ran = Edition.mailing_began | (Edition.status == Status.SKIPPED)
    return session.scalar(select(Edition.id).where(Edition.slot < slot, ran).limit(1)) is not None


def coming_slot(app: App, session: Session, now: datetime) -> datetime:
    """The slot of the edition to look at: the due one while it is open, else the next that is."""
    slot = due_slot(app, session, now) or app.rhythm.next_slot(now)
    while (edition := find_edition(session, app.rhythm.key_of(slot))) and edition.status not in OPEN:
        slot = app.rhythm.next_slot(slot)
    return slot


def stranded(app: App, session: Session, now: datetime) -> list[str]:
    """Approved editions whose week went by unsent: nothing but a person's word moves them any more."""
    query = select(Edition.key).where(
        Edition.status == Status.APPROVED, Edition.slot < app.rhythm.last_slot(now)
    )
    return list(session.scalars(query.order_by(Edition.key)))


def in_days(span: timedelta) -> str:
    """A span in days and hours."""
    days, hours = span.days, span.seconds // 3600
    return f"{days} d {hours} h" if days else f"{hours} h"
