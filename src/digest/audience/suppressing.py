"""Suppression: addresses that must never be mailed, whatever is imported later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from digest.audience.addresses import Address
from digest.audience.consent import record
from digest.audience.models import Standing, Subscriber, Suppression
from digest.tokens import address_hash

STANDING = {"complaint": Standing.COMPLAINED, "bounce": Standing.BOUNCED}
# They left by themselves (unsubscribe), have another address now (moved), or asked to be forgotten (erased).
LIFTABLE = frozenset({"unsubscribe", "moved", "erased"})


def liftable(reason: str | None) -> bool:
    """Whether somebody comes back by confirming anew: no suppression, or one that is their own doing."""
    return reason is None or reason in LIFTABLE


def void_links(subscriber: Subscriber) -> None:
    """Make every confirm link under way useless, also that of somebody who left before and asked again."""
    if subscriber.requested_at is not None or subscriber.status in (Standing.PENDING, Standing.ACTIVE):
        subscriber.departures += 1
        subscriber.requested_at = None
    void_change(subscriber)


def void_change(subscriber: Subscriber) -> None:
    """Make the link useless by which somebody would change their address, if they asked for that."""
    if subscriber.next_email is not None:
        subscriber.next_email = None
        subscriber.changes += 1


def take_off_one(session: Session, subscriber: Subscriber, reason: str, source: str, now: datetime) -> None:
    """Whose address is suppressed leaves, and no link brings them back that was made before."""
    void_links(subscriber)
    if subscriber.status in (Standing.PENDING, Standing.ACTIVE):
        subscriber.status = STANDING.get(reason, Standing.UNSUBSCRIBED)
        subscriber.left_at = now
        record(session, subscriber, subscriber.status.value, source, now)


class Suppressions:
    """Questions and additions to the list of keyed hashes."""

    def __init__(self, key: bytes) -> None:
        """`key` is the settings' suppression key, which is never rotated."""
        self._key = key

    def hash(self, canonical: str) -> str:
        """The keyed hash of a canonical address."""
        return address_hash(self._key, canonical)

    @property
    def fingerprint(self) -> str:
        """A short word that tells this key from others, and nothing of what it is."""
        return self.hash("")[:8]

    def reason(self, session: Session, canonical: str) -> str | None:
        """Why an address is suppressed, or None when it is not."""
        return session.scalar(
            select(Suppression.reason).where(Suppression.address_hash == self.hash(canonical))
        )

    def among(self, session: Session, canonicals: Iterable[str]) -> dict[str, str]:
        """Those of the addresses that are suppressed, each with its reason."""
        hashes = {self.hash(canonical): canonical for canonical in canonicals}
        found = session.scalars(select(Suppression).where(Suppression.address_hash.in_(hashes)))
        return {hashes[one.address_hash]: one.reason for one in found}

    def suppress(self, session: Session, address: Address, reason: str, source: str, now: datetime) -> bool:
        """Never mail `address` again; False when that was so already. A subscriber of that address leaves."""
        subscriber = session.scalar(select(Subscriber).where(Subscriber.canonical == address.canonical))
        if subscriber:
            take_off_one(session, subscriber, reason, source, now)
        return self.add(session, self.hash(address.canonical), reason, now)

    def add(self, session: Session, hashed: str, reason: str, now: datetime) -> bool:
        """Put a keyed hash on the list, also one that was exported before; False for a known one.

        A reason that its person can undo gives way to one that they cannot; never the other way round.
        """
        if known := session.get(Suppression, hashed):
            if liftable(known.reason):
                known.reason = reason
            return False
        session.add(Suppression(address_hash=hashed, reason=reason, at=now))
        return True

    def add_all(self, session: Session, reasons: Mapping[str, str], now: datetime) -> int:
        """The same for many hashes with their reasons; returns how many were not known."""
        known = session.scalars(select(Suppression).where(Suppression.address_hash.in_(reasons))).all()
        for one in known:
            if liftable(one.reason):
                one.reason = reasons[one.address_hash]
        new = dict(reasons)
        for one in known:
            del new[one.address_hash]
        if new:
            rows = [{"address_hash": one, "reason": why, "at": now} for one, why in new.items()]
            session.execute(insert(Suppression), rows)
        return len(new)

    def lift(self, session: Session, canonical: str) -> None:
        """Forget a suppression that its own person has undone by confirming anew."""
        known = session.get(Suppression, self.hash(canonical))
        if known is not None and liftable(known.reason):
            session.delete(known)
