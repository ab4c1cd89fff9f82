"""Coming and going: request, confirm, leave. Each returns which notice, if any, the person is owed."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.audience.addresses import Address
from digest.audience.consent import count_since, record
from digest.audience.models import Standing, Subscriber
from digest.audience.suppressing import Suppressions, void_links
from digest.errors import Conflict, InvalidToken, NotFound
from digest.tokens import Token, new_public_id

CONFIRM, WELCOME, ALREADY, GOODBYE = "confirm", "welcome", "already-subscribed", "goodbye"
NOTICES_PER_DAY = {CONFIRM: 3, ALREADY: 1}
DAY = timedelta(days=1)


def find(session: Session, canonical: str) -> Subscriber | None:
    """The subscriber of an address."""
    return session.scalar(select(Subscriber).where(Subscriber.canonical == canonical))


def by_public_id(session: Session, public_id: str) -> Subscriber:
    """The subscriber a link speaks of; raises InvalidToken when there is none any more."""
    subscriber = session.scalar(select(Subscriber).where(Subscriber.public_id == public_id))
    if subscriber is None:
        raise InvalidToken("this link belongs to nobody on the list any more")
    return subscriber


def request(
    session: Session,
    address: Address,
    suppressions: Suppressions,
    *,
    source: str,
    now: datetime,
    name: str | None = None,
    wording: str | None = None,
) -> tuple[Subscriber | None, str | None]:
    """Somebody asks for the newsletter at `address`: who it is, and the notice to send.

    An address that complained or bounced gets nothing, as does one that had its notices for the day.
    One that left before may come back, but only through the confirmation it is sent now.
    """
    subscriber = find(session, address.canonical)
    if subscriber is None:
        if suppressions.reason(session, address.canonical) not in (None, "unsubscribe"):
            return None, None
        subscriber = _add(session, address, name, now)
    if subscriber.status is Standing.ACTIVE:
        return subscriber, _capped(session, subscriber, ALREADY, source, now)
    if subscriber.status in (Standing.BOUNCED, Standing.COMPLAINED):
        return subscriber, None
    if suppressions.reason(session, address.canonical) not in (None, "unsubscribe"):
        return subscriber, None
    notice = _capped(session, subscriber, CONFIRM, source, now, wording)
    if notice:
        subscriber.requested_at = now
        # Only a person who left by themselves is asked again; until they confirm they stay as they were.
        if subscriber.status is not Standing.UNSUBSCRIBED:
            subscriber.status = Standing.PENDING
    return subscriber, notice


def confirm(
    session: Session,
    token: Token,
    suppressions: Suppressions,
    *,
    source: str,
    now: datetime,
    wording: str | None = None,
) -> tuple[Subscriber, str | None]:
    """The person behind a confirm link says yes. Raises InvalidToken, or Conflict when the link is too old.

    A link made before the person last left, or before an address was suppressed, brings nobody back.
    """
    subscriber = by_public_id(session, token.subscriber)
    if subscriber.status is Standing.ACTIVE:
        return subscriber, None
    stale = token.generation != subscriber.departures % 65536 or subscriber.requested_at is None
    if stale or subscriber.status in (Standing.BOUNCED, Standing.COMPLAINED):
        raise Conflict("this link is from before you left; ask for a new one if you want to come back")
    if suppressions.reason(session, subscriber.canonical) not in (None, "unsubscribe"):
        raise Conflict("this address cannot be subscribed")
    suppressions.lift(session, subscriber.canonical)
    subscriber.status, subscriber.confirmed_at, subscriber.left_at = Standing.ACTIVE, now, None
    subscriber.paused_until = None
    record(session, subscriber, "confirmed", source, now, wording)
    return subscriber, WELCOME


def add_active(
    session: Session,
    address: Address,
    suppressions: Suppressions,
    *,
    consent: str,
    name: str | None,
    now: datetime,
) -> bool:
    """Add somebody who agreed elsewhere; False, and nothing changed, when they are known or suppressed."""
    if find(session, address.canonical) or suppressions.reason(session, address.canonical):
        return False
    subscriber = _add(session, address, name, now)
    subscriber.status, subscriber.confirmed_at = Standing.ACTIVE, now
    record(session, subscriber, "imported", consent, now)
    return True


def leave(session: Session, subscriber: Subscriber, *, source: str, now: datetime) -> str | None:
    """The person leaves; nothing happens when they have left already. Returns the notice they are owed."""
    void_links(subscriber)
    if subscriber.status not in (Standing.ACTIVE, Standing.PENDING):
        return None
    was_active = subscriber.status is Standing.ACTIVE
    subscriber.status, subscriber.left_at, subscriber.paused_until = Standing.UNSUBSCRIBED, now, None
    record(session, subscriber, "unsubscribed", source, now)
    return GOODBYE if was_active else None


def get(session: Session, address: Address) -> Subscriber:
    """The subscriber of an address; raises NotFound."""
    subscriber = find(session, address.canonical)
    if subscriber is None:
        raise NotFound(f"{address.email} is not on the list")
    return subscriber


def _add(session: Session, address: Address, name: str | None, now: datetime) -> Subscriber:
    subscriber = Subscriber(
        public_id=new_public_id(),
        email=address.email,
        canonical=address.canonical,
        departures=0,
        name=name,
        status=Standing.PENDING,
        created_at=now,
    )
    session.add(subscriber)
    session.flush()
    return subscriber


def _capped(
    session: Session,
    subscriber: Subscriber,
    notice: str,
    source: str,
    now: datetime,
    wording: str | None = None,
) -> str | None:
    """The notice, unless this address had its share today: a form must not be a way to bomb somebody."""
    event = "requested" if notice == CONFIRM else "requested again"
    if count_since(session, subscriber, event, now - DAY) >= NOTICES_PER_DAY[notice]:
        return None
    record(session, subscriber, event, source, now, wording)
    return notice
