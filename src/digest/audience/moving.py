"""A new address: asked for by link, and taken only when whoever reads mail there says yes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.audience.addresses import Address, stored_address
from digest.audience.consent import count_since, record
from digest.audience.joining import by_public_id, find
from digest.audience.models import Consent, Standing, Subscriber
from digest.audience.preferring import CHANGED, DAY, TIMES_A_DAY, TOO_OFTEN, BadChoice
from digest.audience.suppressing import Suppressions, liftable, void_change
from digest.errors import Conflict
from digest.logs import short_address
from digest.tokens import Token

CHANGE_ADDRESS, ADDRESS_CHANGED = "change-address", "address-changed"
ASKED: Final = "address change asked"
# The mail may be two days on its way, and its link works for two days.
WISHED_FOR: Final = timedelta(days=4)
AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Move:
    """To get their mail at another address."""

    address: Address


@dataclass(frozen=True, slots=True)
class Stay:
    """To keep the address they have."""


def ask(
    session: Session,
    subscriber: Subscriber,
    address: Address,
    suppressions: Suppressions,
    *,
    source: str,
    now: datetime,
) -> bool:
    """Note that somebody wants their mail at `address`; returns whether to write there, which is told nobody.

    Raises BadChoice for more than three times a day. Links for what was asked before are void.
    """
    if count_since(session, subscriber, ASKED, now - DAY) >= TIMES_A_DAY:
        raise BadChoice("email", TOO_OFTEN)
    subscriber.next_email, subscriber.changes = address.email, subscriber.changes + 1
    record(session, subscriber, ASKED, source, now, note=f"to {short_address(address.email)}")
    return _is_free(session, address, suppressions)


def stay(session: Session, subscriber: Subscriber, *, source: str, now: datetime) -> None:
    """The person keeps the address they have; nothing happens where they asked for no other."""
    if subscriber.next_email is not None:
        void_change(subscriber)
        record(session, subscriber, "address change withdrawn", source, now)


def wanted(session: Session, token: Token, suppressions: Suppressions) -> tuple[Subscriber, Address | None]:
    """Who is behind a link that changes an address, and to which; None in its place where that is done.

    Raises InvalidToken, or Conflict where it can be done no more: they left, asked for something else since,
    or the address is somebody's or may not be written to by now.
    """
    subscriber = by_public_id(session, token.subscriber)
    if subscriber.status is not Standing.ACTIVE or not token.is_of(subscriber.changes):
        raise Conflict("this link is from before the last change")
    if subscriber.next_email is None:
        return subscriber, None
    address = stored_address(subscriber.next_email)
    if not _is_free(session, address, suppressions):
        raise Conflict("this address can no longer be changed to")
    return subscriber, address


def move(
    session: Session,
    subscriber: Subscriber,
    address: Address,
    suppressions: Suppressions,
    *,
    source: str,
    now: datetime,
) -> None:
    """Write to `address` from now on, which its owner has just confirmed, and never again to the old one.

    The old one is suppressed, so that no later import brings it back; its owner may, by confirming it.
    Links that were mailed there and expire are void as after leaving; the others go along.
    """
    old = Address(subscriber.email, subscriber.canonical)
    suppressions.lift(session, address.canonical)
    subscriber.email, subscriber.canonical = address.email, address.canonical
    subscriber.next_email, subscriber.requested_at, subscriber.confirmed_at = None, None, now
    subscriber.departures += 1
    note = f"from {short_address(old.email)} to {short_address(address.email)}"
    record(session, subscriber, CHANGED, source, now, note=note)
    suppressions.suppress(session, old, "moved", source, now)


def forget_wishes(session: Session, before: datetime) -> int:
    """Forget addresses that somebody asked for before that and nobody confirmed; their links are void.

    Returns how many, at most AT_ONCE.
    """
    asked = select(Consent.id).where(
        Consent.subscriber_id == Subscriber.id, Consent.event == ASKED, Consent.at >= before
    )
    old = select(Subscriber).where(Subscriber.next_email.is_not(None), ~asked.exists())
    found = session.scalars(old.order_by(Subscriber.id).limit(AT_ONCE)).all()
    for subscriber in found:
        void_change(subscriber)
    return len(found)


def _is_free(session: Session, address: Address, suppressions: Suppressions) -> bool:
    """Whether an address is nobody's here who ever said yes, and may be written to if its owner does.

    Whoever left has a history, and links in old mails by which one must be able to leave: neither can become
    another reader's. Such an address is subscribed anew instead.
    """
    known = find(session, address.canonical)
    reason = suppressions.reason(session, address.canonical)
    return (known is None or known.status is Standing.PENDING) and liftable(reason)
