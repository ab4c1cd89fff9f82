"""Pause an edition that is being sent, and let it go on: nobody is mailed in between, no row changes."""

from __future__ import annotations

from datetime import datetime

from digest.clock import iso
from digest.editions.freezing import require
from digest.editions.models import Edition, Status
from digest.errors import Conflict


def pause(edition: Edition, reason: str, now: datetime) -> None:
    """Begin nothing more of it. Raises Conflict when it is not being sent, or paused already."""
    require(edition, Status.SENDING)
    require_going(edition)
    if not reason.strip():
        raise Conflict(f"pausing {edition.key} needs a reason")
    edition.paused_at, edition.paused_because = now, reason


def resume(edition: Edition, tries: int, failures: int) -> None:
    """Let it go on; raises Conflict when it is not paused.

    `tries` and `failures` are what was counted so far: a person knows of them now, so they stop it no more.
    """
    require(edition, Status.SENDING)
    if edition.paused_at is None:
        raise Conflict(f"edition {edition.key} is not paused")
    edition.paused_at = edition.paused_because = None
    edition.counted_tries, edition.counted_failures = tries, failures


def require_going(edition: Edition) -> None:
    """Raise Conflict when the edition is paused."""
    if edition.paused_at is not None:
        raise Conflict(f"edition {edition.key} is {why_paused(edition)} (digest resume {edition.key})")


def why_paused(edition: Edition) -> str | None:
    """`paused since 2026-11-19T09:01:00Z: wrong prices`, or None."""
    if edition.paused_at is None:
        return None
    return f"paused since {iso(edition.paused_at)}: {edition.paused_because}"
