"""Forget what the ledger knows of people: their deliveries, what servers said to them, and their notices."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from digest.delivery.models import Attempt, Delivery, Mailing


def forget_deliveries(session: Session, subscribers: Collection[int]) -> None:
    """Delete all that the ledger holds on subscribers (by id), in the caller's transaction.

    Also rows at `sending`: whoever sends finds them gone when the try is over, and writes nothing.
    """
    theirs = Delivery.subscriber_id.in_(subscribers)
    # Locked in one order, since workers hold some of them for a moment.
    in_order = select(Delivery.mailing_id).where(theirs).order_by(Delivery.mailing_id, Delivery.subscriber_id)
    mailings = set(session.scalars(in_order.with_for_update()))
    _forget(session, mailings, theirs, Attempt.subscriber_id.in_(subscribers))


def forget_notices_to(session: Session, canonical: str) -> None:
    """Delete the notices that somebody else's wish sent, or will send, to an address to be forgotten."""
    named = Mailing.email.is_not(None) & (func.lower(Mailing.email) == canonical)
    mailings = set(session.scalars(select(Mailing.id).where(named)))
    _forget(session, mailings, Delivery.mailing_id.in_(mailings), Attempt.mailing_id.in_(mailings))


def _forget(
    session: Session, mailings: set[int], theirs: ColumnElement[bool], tried: ColumnElement[bool]
) -> None:
    if not mailings:
        return
    session.execute(delete(Attempt).where(Attempt.mailing_id.in_(mailings), tried))
    session.execute(delete(Delivery).where(theirs))
    _forget_mailings(session, mailings)


def _forget_mailings(session: Session, mailings: set[int]) -> None:
    """Delete those that were notices, but for the newest mailing of all, which only loses its address.

    SQLite gives the highest id out again once it is free. A worker in the midst of an old delivery would take
    the new one of the same mailing and subscriber, both new, for its own.
    """
    notices = (Mailing.id.in_(mailings), Mailing.notice.is_not(None))
    newest = select(func.max(Mailing.id)).scalar_subquery()
    session.execute(delete(Mailing).where(*notices, Mailing.id < newest))
    for left in session.scalars(select(Mailing).where(*notices)):
        left.email = None
