"""Editions as the outside sees them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.clock import iso
from digest.editions.models import Edition


def list_editions(session: Session) -> list[Edition]:
    """Every edition, the newest week first."""
    return list(session.scalars(select(Edition).order_by(Edition.key.desc())))


def as_json(edition: Edition) -> dict[str, Any]:
    """One edition in the shape of `digest edition show --json`."""
    hashes = edition.sha256 or {"subject": None, "html": None, "text": None}
    return {
        "key": edition.key,
        "status": edition.status.value,
        "reason": edition.reason,
        "slot": iso(edition.slot),
        "window_start": iso(edition.window_start),
        "window_end": iso(edition.window_end),
        "subject": edition.subject,
        "preheader": edition.preheader,
        "intro": edition.intro,
        "items": [
            {"comparison": item.comparison.slug, "position": item.position, "reason": item.reason}
            for item in edition.items
        ],
        "left_out": [
            {"comparison": left.comparison.slug, "reason": left.reason} for left in edition.left_out
        ],
        "sha256": hashes,
        "approved_by": edition.approved_by,
        "approved_at": iso(edition.approved_at),
        "finished_at": iso(edition.finished_at),
    }
