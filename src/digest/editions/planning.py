"""Make an edition's draft, or make it again: from the database's rows to a selection and back into rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select as select_rows
from sqlalchemy.orm import Session

from digest.content.models import Comparison
from digest.editions.models import SEALED, Choice, Edition, Item, LeftOut, Status, reaches_readers
from digest.editions.selecting import Candidate, Choices, Rules, Selection, select
from digest.editions.story import Story
from digest.editions.versioning import versioned
from digest.editions.weeks import WEEK, Rhythm
from digest.errors import NotFound

Teller = Callable[[Session, Edition], Story]


def find_edition(session: Session, key: str) -> Edition | None:
    """The edition called `key`."""
    return session.scalar(select_rows(Edition).where(Edition.key == key))


def get_edition(session: Session, key: str) -> Edition:
    """The edition called `key`; raises NotFound."""
    edition = find_edition(session, key)
    if edition is None:
        raise NotFound(f"there is no edition {key}; `digest edition list` shows them")
    return edition


def plan(session: Session, key: str, rhythm: Rhythm, rules: Rules, now: datetime, tell: Teller) -> Edition:
    """The draft of `key` as of `now`; call it inside a write unit with the lock "editions".

    A draft is planned anew, keeping what its editor decided. A sealed edition is returned as it is, but
    for a skipped one: planning it is a person's word that it may be looked at again.
    """
    edition = find_edition(session, key) or _new_edition(session, key, rhythm, now)
    if edition.status not in (Status.DRAFT, Status.SKIPPED):
        return edition
    with versioned(edition):
        edition.status = Status.DRAFT
        edition.window_start, edition.window_end = _window_start(session, edition, now), now
        selection = choose(session, edition, rules)
        _store(session, edition, selection)
        edition.reason = selection.skip
        story = tell(session, edition)
        edition.subject, edition.preheader = story.subject, story.preheader
    return edition


def _new_edition(session: Session, key: str, rhythm: Rhythm, now: datetime) -> Edition:
    edition = Edition(
        key=key,
        status=Status.DRAFT,
        slot=rhythm.slot_of(key),
        window_start=now,
        window_end=now,
        subject="",
        preheader="",
        intro="",
        version=0,
        created_at=now,
    )
    session.add(edition)
    session.flush()
    return edition


def _window_start(session: Session, edition: Edition, now: datetime) -> datetime:
    """Where the last sealed edition's window ended; a week before its slot for the very first.

    Windows that end after `now` were made under a clock set wrong, and must not empty those before them.
    """
    sealed = select_rows(Edition.window_end).where(Edition.status.in_(SEALED), Edition.id != edition.id)
    past = sealed.where(Edition.window_end <= now)
    last = session.scalar(past.order_by(Edition.window_end.desc()).limit(1))
    return min(now, last or edition.slot - WEEK)


def choose(session: Session, edition: Edition, rules: Rules) -> Selection:
    """Apply selection to everything the database holds."""
    sent = sent_in(session, edition)
    comparisons = session.scalars(select_rows(Comparison)).all()
    candidates = [_candidate(comparison, sent) for comparison in comparisons]
    return select(candidates, rules, edition.window_start, edition.window_end, choices_of(session, edition))


def choices_of(session: Session, edition: Edition) -> Choices:
    """What the editor decided about this edition."""
    rows = session.scalars(
        select_rows(Choice)
        .where(Choice.edition_id == edition.id)
        .order_by(Choice.place, Choice.comparison_id)
    ).all()
    pinned = [row.comparison_id for row in rows if row.kind == "pin"]
    left_out = {row.comparison_id: row.reason or "no reason given" for row in rows if row.kind == "leave_out"}
    return Choices(pinned, left_out)


def sent_in(session: Session, edition: Edition) -> dict[int, str]:
    """Comparisons of other editions: mailed, about to be, or stopped after mailing began; with their keys."""
    rows = session.execute(
        select_rows(Item.comparison_id, Edition.key)
        .join(Edition)
        .where(reaches_readers(), Edition.id != edition.id)
    )
    return {row.comparison_id: row.key for row in rows}


def _candidate(comparison: Comparison, sent: dict[int, str]) -> Candidate:
    return Candidate(
        id=comparison.id,
        slug=comparison.slug,
        published_at=comparison.published_at,
        withdrawn=comparison.withdrawn_at is not None,
        sent_in=sent.get(comparison.id),
        panel_ships=(comparison.left.panel_ship, comparison.right.panel_ship),
    )


def _store(session: Session, edition: Edition, selection: Selection) -> None:
    edition.items.clear()
    edition.left_out.clear()
    session.flush()
    edition.items.extend(
        Item(comparison_id=pick.id, position=position, reason=pick.reason)
        for position, pick in enumerate(selection.items, 1)
    )
    edition.left_out.extend(LeftOut(comparison_id=pick.id, reason=pick.reason) for pick in selection.left_out)
    session.flush()
    session.refresh(edition, ["items", "left_out", "choices", "voices"])
