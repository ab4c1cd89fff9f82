"""Editions as the outside sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.clock import iso
from digest.editions.models import Edition, Item, LeftOut


def list_editions(session: Session) -> list[Edition]:
    """Every edition, the newest week first."""
    return list(session.scalars(select(Edition).order_by(Edition.key.desc())))


def overview(session: Session) -> list[dict[str, str]]:
    """Key, status and subject of every edition, the newest week first, without reading what is in them."""
    query = select(Edition.key, Edition.status, Edition.subject).order_by(Edition.key.desc())
    return [
        {"key": key, "status": status.value, "subject": subject}
        for key, status, subject in session.execute(query)
    ]


def as_json(edition: Edition) -> dict[str, Any]:
    """One edition in the shape of `digest edition show --json`."""
    decided = {choice.comparison_id: choice.kind for choice in edition.choices}
    hashes = edition.sha256 or {"subject": None, "html": None, "text": None}
    return {
        "key": edition.key,
        "status": edition.status.value,
        "reason": edition.reason,
        "paused_at": iso(edition.paused_at),
        "paused_because": edition.paused_because,
        "slot": iso(edition.slot),
        "window_start": iso(edition.window_start),
        "window_end": iso(edition.window_end),
        "subject": edition.subject,
        "preheader": edition.preheader,
        "intro": edition.intro,
        "version": edition.version,
        "own": {"subject": edition.own_subject, "preheader": edition.own_preheader},
        "items": [{**_row(item, decided), "position": item.position} for item in edition.items],
        "left_out": [{**_row(left, decided), "final": _is_final(left)} for left in edition.left_out],
        "voices": {voice.tool.slug: voice.numbers for voice in edition.voices},
        "briefly": edition.briefly,
        "sha256": hashes,
        "approved_by": edition.approved_by,
        "approved_at": iso(edition.approved_at),
        "finished_at": iso(edition.finished_at),
    }


def _row(row: Item | LeftOut, decided: Mapping[int, str]) -> dict[str, Any]:
    """A comparison with the reason it is in or out; `decided` is "pin", "leave_out" or nobody's choice."""
    return {
        "comparison": row.comparison.slug,
        "title": row.comparison.title,
        "reason": row.reason,
        "decided": decided.get(row.comparison_id),
    }


def _is_final(left: LeftOut) -> bool:
    """Whether an editor can do nothing about it: readers get it in another edition, or it was withdrawn."""
    return left.reaches_readers_elsewhere or left.comparison.withdrawn_at is not None
