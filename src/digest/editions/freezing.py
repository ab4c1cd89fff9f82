"""Approve, withdraw, skip, cancel: the steps after which an edition no longer moves, and the way back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from digest.editions.models import Edition, SeenFact, Status
from digest.editions.planning import sent_in
from digest.editions.stories import remember
from digest.errors import Conflict


def freeze(
    session: Session,
    edition: Edition,
    *,
    subject: str,
    preheader: str,
    html: str,
    text: str,
    marker: str,
    sha256: dict[str, str],
    briefly: int,
    by: str,
    now: datetime,
) -> None:
    """Approve a draft: store the bytes that the archive and every reader get, for good.

    Raises Conflict when the edition is no draft, holds nothing, or holds what must not be sent any more.
    """
    require(edition, Status.DRAFT)
    if not edition.items:
        raise Conflict(f"edition {edition.key} has nothing in it: {edition.reason or 'nothing new'}")
    _require_sendable(session, edition)
    remember(session, edition)
    edition.status, edition.reason = Status.APPROVED, None
    edition.approved_at, edition.approved_by = now, by
    edition.subject, edition.preheader = subject, preheader
    edition.html, edition.text = html, text
    edition.marker, edition.sha256, edition.briefly = marker, sha256, briefly


def _require_sendable(session: Session, edition: Edition) -> None:
    """Raise Conflict when an item was withdrawn or sent in another edition since the draft was planned."""
    sent = sent_in(session, edition)
    for item in edition.items:
        slug, key = item.comparison.slug, sent.get(item.comparison_id)
        if key or item.comparison.withdrawn_at:
            why = f"already sent in {key}" if key else "withdrawn"
            raise Conflict(f"edition {edition.key} holds {slug}, which is {why}; plan it again")


def thaw(session: Session, edition: Edition) -> None:
    """Withdraw an approval before mailing began; raises Conflict afterwards."""
    require(edition, Status.APPROVED)
    session.execute(delete(SeenFact).where(SeenFact.edition_id == edition.id))
    edition.status = Status.DRAFT
    edition.approved_at = edition.approved_by = None
    edition.html = edition.text = edition.marker = edition.sha256 = None
    edition.briefly = 0


def skip(edition: Edition, reason: str) -> None:
    """Send nothing for this week; what was in it waits for the next edition."""
    require(edition, Status.DRAFT)
    if not reason.strip():
        raise Conflict(f"skipping {edition.key} needs a reason")
    edition.status, edition.reason = Status.SKIPPED, reason


def cancel(edition: Edition, reason: str, now: datetime) -> None:
    """Stop an edition for good, wherever it stands short of sent."""
    require(edition, Status.DRAFT, Status.APPROVED, Status.SENDING)
    edition.status, edition.reason, edition.finished_at = Status.CANCELLED, reason, now
    edition.paused_at = edition.paused_because = None


def require(edition: Edition, *wanted: Status) -> None:
    """Raise Conflict unless the edition stands at one of the statuses."""
    if edition.status not in wanted:
        words = " or ".join(status.value for status in wanted)
        raise Conflict(f"edition {edition.key} is {edition.status.value}; this needs one that is {words}")
