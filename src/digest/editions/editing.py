"""What an editor changes in a draft. Planning again keeps it all."""

from __future__ import annotations

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from digest.content.listing import get_comparison
from digest.content.models import Tool
from digest.editions.freezing import require
from digest.editions.models import Choice, Edition, Status, VoiceChoice
from digest.errors import Conflict, NotFound

MOST_VOICES = 4


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
    """Keep a comparison out of this edition; it may be in the next. Raises NotFound, Conflict."""
    if not reason.strip():
        raise Conflict(f"leaving out {slug} needs a reason")
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


def choose_voices(session: Session, edition: Edition, slug: str, numbers: list[int]) -> None:
    """Let these of a tool's quotes be heard (1 is its first), in this order; none goes back to the first two.

    Raises NotFound for a tool that is not in the edition, Conflict for a quote that it does not have.
    """
    require(edition, Status.DRAFT)
    tool = _tool_in(edition, slug)
    held = len(tool.reviews)
    if (
        len(numbers) > MOST_VOICES
        or len(set(numbers)) < len(numbers)
        or not set(numbers) <= set(range(1, held + 1))
    ):
        raise Conflict(
            f"{slug} has {held} quotes: expected up to {MOST_VOICES} different numbers from 1 to {held}"
        )
    session.execute(
        delete(VoiceChoice).where(VoiceChoice.edition_id == edition.id, VoiceChoice.tool_id == tool.id)
    )
    if numbers:
        session.add(VoiceChoice(edition_id=edition.id, tool_id=tool.id, numbers=numbers))
    session.flush()


def _tool_in(edition: Edition, slug: str) -> Tool:
    for item in edition.items:
        for tool in (item.comparison.left, item.comparison.right):
            if tool.slug == slug:
                return tool
    raise NotFound(f"there is no tool {slug!r} in edition {edition.key}")


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
