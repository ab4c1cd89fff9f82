"""Purging: addresses that were asked to confirm and never did are not kept for ever."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from digest.audience.models import Standing, Subscriber


def unconfirmed(before: datetime) -> ColumnElement[bool]:
    """Who was last asked before that and never said yes. Nobody who was ever on the list, or left it, is."""
    asked = func.coalesce(Subscriber.requested_at, Subscriber.created_at)
    never = Subscriber.confirmed_at.is_(None) & Subscriber.left_at.is_(None)
    return (Subscriber.status == Standing.PENDING) & never & (asked < before)


def count_unconfirmed(session: Session, before: datetime) -> int:
    """How many there are of them."""
    return session.scalar(select(func.count()).select_from(Subscriber).where(unconfirmed(before))) or 0


def some_unconfirmed(session: Session, before: datetime, most: int) -> Sequence[int]:
    """The ids of up to `most` of them."""
    return session.scalars(select(Subscriber.id).where(unconfirmed(before)).limit(most)).all()


def still_unconfirmed(session: Session, ids: Collection[int], before: datetime) -> Sequence[int]:
    """Those of them for whom that holds now: meanwhile somebody may have said yes, or asked again."""
    return session.scalars(select(Subscriber.id).where(Subscriber.id.in_(ids), unconfirmed(before))).all()


def delete_subscribers(session: Session, ids: Collection[int]) -> None:
    """Delete them and their history. Their addresses are not suppressed: they neither agreed nor left."""
    session.execute(delete(Subscriber).where(Subscriber.id.in_(ids)))
