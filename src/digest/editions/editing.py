"""What an editor changes in a draft. Planning again keeps it all."""

from __future__ import annotations

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from digest.content.listing import get_comparison
from digest.editions.freezing import require
from digest.editions.models import Choice, Edition, Status


def set_words(
    edition: Edition, *, subject: str | None = None, preheader: str | None = None, intro: str | None = None
) -> None:
    """Replace the words given; an empty subject or preheader goes back to the one written from the facts."""
    require(edition, Status.DRAFT)
    if subject is not None:
        edition.own_subject = subject or None
    if preheader is not None:
        edition.own_preheader = preheader or None
    if intro is not None:
        edition.intro = intro


def pin(session: Session, edition: Edition, slug: str) -> None:
    """Put a comparison into the edition, after those pinned before; raises NotFound."""
    places = select(func.max(Choice.place)).where(Choice.edition_id == edition.id)
    _choose(session, edition, slug, "pin", place=(session.scalar(places) or 0) + 1)


def leave_out(session: Session, edition: Edition, slug: str, reason: str) -> None:
    """Keep a comparison out of this edition; it may be in the next. Raises NotFound."""
    _choose(session, edition, slug, "leave_out", reason=reason)


def order(session: Session, edition: Edition, slugs: list[str]) -> None:
    """Show these comparisons first, in this order; raises NotFound."""
    require(edition, Status.DRAFT)
    session.execute(delete(Choice).where(Choice.edition_id == edition.id, Choice.kind == "pin"))
    for slug in slugs:
        pin(session, edition, slug)


def undecide(session: Session, edition: Edition, slug: str) -> None:
    """Forget what was decided about a comparison; raises NotFound."""
    require(edition, Status.DRAFT)
    comparison = get_comparison(session, slug)
    session.execute(
        delete(Choice).where(Choice.edition_id == edition.id, Choice.comparison_id == comparison.id)
    )


def _choose(
    session: Session,
    edition: Edition,
    slug: str,
    kind: str,
    *,
    place: int | None = None,
    reason: str | None = None,
) -> None:
    undecide(session, edition, slug)
    comparison = get_comparison(session, slug)
    session.add(
        Choice(edition_id=edition.id, comparison_id=comparison.id, kind=kind, place=place, reason=reason)
    )
    session.flush()
