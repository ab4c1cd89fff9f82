"""Pause an edition on its way, or let it go on: every worker, anywhere, heeds it before its next mail."""

from __future__ import annotations

import time

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.app.parts import App
from digest.app.slots import in_days
from digest.delivery import holding, stopping
from digest.delivery.models import Mailing
from digest.editions import pausing
from digest.editions.models import Edition
from digest.editions.planning import get_edition

WAIT_FOR_WRITERS = 0.05  # seconds, while workers write the last rows of a cancelled edition


def pause(app: App, key: str, reason: str) -> Edition:
    """Send nothing more of an edition until it is resumed; raises Conflict unless it is being sent.

    What is in flight is finished and recorded; other editions and notices go on.
    """
    with app.database.write(lock="editions") as session:
        edition = get_edition(session, key)
        pausing.pause(edition, reason, app.clock.now())
        return edition


def resume(app: App, key: str) -> Edition:
    """Let it go on: the next run does. Raises Conflict unless it is paused."""
    with app.database.write(lock="editions") as session:
        edition = get_edition(session, key)
        count = _count(app, session, edition)
        pausing.resume(edition, count.tries, count.failures)
        return edition


def pause_overdue(app: App) -> None:
    """Pause editions that are overdue before all were tried: what is left waits for a person's word."""
    now, max_age = app.clock.now(), app.settings.schedule.max_age
    late = select(Edition).where(Edition.slot < now - max_age, Edition.counted_tries.is_(None))
    with app.database.read() as session:
        if not session.scalars(late.where(holding.goes_on()).limit(1)).first():
            return
    with app.database.write(lock="editions") as session:
        for edition in session.scalars(late.where(holding.goes_on(), holding.untried())).all():
            pausing.pause(
                edition, f"its slot is more than {in_days(max_age)} ago, and not all were tried", now
            )


def wanted_late(edition: Edition) -> None:
    """A person wants it sent, however late."""
    edition.counted_tries, edition.counted_failures = (
        edition.counted_tries or 0,
        edition.counted_failures or 0,
    )


def _count(app: App, session: Session, edition: Edition) -> stopping.Count:
    mailing = session.scalar(select(Mailing.id).where(Mailing.edition_id == edition.id))
    return stopping.tally(session, mailing, app.clock.now()).count if mailing else stopping.Count()


def drop_rest(app: App, edition: Edition) -> None:
    """Drop what a cancelled edition owes, in steps that let its workers write in between."""
    dropped: int | None = 0
    while dropped is not None:
        with app.database.write() as session:
            dropped = holding.drop_some(session, edition, app.clock.now())
        if dropped == 0:
            time.sleep(WAIT_FOR_WRITERS)
