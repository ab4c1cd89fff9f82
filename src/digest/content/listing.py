"""Comparisons as the outside sees them: the JSON shape that import reads as well."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.clock import iso
from digest.content.models import Comparison, Tool
from digest.errors import NotFound


def list_comparisons(session: Session, *, withdrawn: bool = False) -> list[Comparison]:
    """Every comparison in order of publication; withdrawn ones only when asked for."""
    query = select(Comparison).order_by(Comparison.published_at, Comparison.id)
    if not withdrawn:
        query = query.where(Comparison.withdrawn_at.is_(None))
    return list(session.scalars(query))


def get_comparison(session: Session, slug: str) -> Comparison:
    """The comparison called `slug`; raises NotFound."""
    found = session.scalar(select(Comparison).where(Comparison.slug == slug))
    if found is None:
        raise NotFound(f"there is no comparison {slug!r}; `digest comparisons list` shows them")
    return found


def withdraw(session: Session, slug: str, now: datetime) -> Comparison:
    """Take a comparison out of every edition that is not yet frozen; raises NotFound."""
    comparison = get_comparison(session, slug)
    comparison.withdrawn_at = comparison.withdrawn_at or now
    return comparison


def restore(session: Session, slug: str) -> Comparison:
    """Undo `withdraw`; raises NotFound."""
    comparison = get_comparison(session, slug)
    comparison.withdrawn_at = None
    return comparison


def as_json(comparison: Comparison) -> dict[str, Any]:
    """One comparison in the shape of `digest comparisons list --json`."""
    return {
        "slug": comparison.slug,
        "title": comparison.title,
        "blurb": comparison.blurb,
        "url": comparison.url,
        "published_at": iso(comparison.published_at),
        "tools": [_tool(comparison.left), _tool(comparison.right)],
    }


def _tool(tool: Tool) -> dict[str, Any]:
    facts = ("slug", "name", "category", "tagline", "description", "panel_ship", "community", "entry")
    words = ("position", "reviewer", "verdict", "quote")
    reviews = [{word: getattr(review, word) for word in words} for review in tool.reviews]
    return {fact: getattr(tool, fact) for fact in facts} | {"reviews": reviews}
