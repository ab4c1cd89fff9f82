"""Coming and going: request, confirm, leave. Each returns which notice, if any, the person is owed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Final

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from digest.audience import returning
from digest.audience.addresses import Address
from digest.audience.consent import record
from digest.audience.likeness import mailbox_of
from digest.audience.limits import Allowances
from digest.audience.models import Standing, Subscriber
from digest.audience.suppressing import Suppressions, liftable, void_links
from digest.db.upserting import inserting
from digest.errors import Conflict, InvalidToken, NotFound
from digest.tokens import Token, new_public_id

CONFIRM, WELCOME, ALREADY, GOODBYE = "confirm", "welcome", "already-subscribed", "goodbye"
EVENTS: Final = {CONFIRM: "requested", ALREADY: "requested again"}
# Three mails in any 24 hours to one mailbox, whoever asks; of "you are on the list already" only one.
PLACES: Final = {CONFIRM: (0, 1, 2), ALREADY: (2,)}


class Link(Enum):
    """What a genuine confirm link is good for."""

    GOOD = "it confirms"
    DONE = "its person is on the list already"
    OLD = "they left since, or it is of an address they had before"
    SUPPRESSED = "their address may not be written to"
    EXPIRED = "it was made too long ago"
    NOBODY = "there is nobody behind it any more"


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
    allowances: Allowances,
    *,
    source: str,
    now: datetime,
    name: str | None = None,
    language: str | None = None,
    wording: str | None = None,
    client: str | None = None,
    waits: bool = False,
) -> tuple[Subscriber, str | None]:
    """Somebody asks for the newsletter at `address`: who it is, and the notice to send.

    `language` is for somebody who has not confirmed yet; who has keeps what they have.

    An address that complained or bounced gets nothing, as does one that had its mails for the day, or for
    which a confirmation `waits` to be sent. One that left before may come back, but only through the
    confirmation it is sent now.

    It reads and writes the same for everybody, so that no clock tells who is on the list. Where there is no
    notice, the caller undoes what was written, the subscriber included.
    """
    known = find(session, address.canonical)
    reason = suppressions.reason(session, address.canonical)
    notice = notice_for(known, reason, waits)
    asked_at = now if notice != ALREADY or known is None else known.requested_at
    subscriber = _known_or_new(session, address, name, language, now, asked_at)
    asked = notice or CONFIRM
    free = take_place(session, address, allowances, now, asked)
    record(session, subscriber, EVENTS[asked], source, now, wording, client=client)
    return subscriber, notice if free else None


def take_place(
    session: Session, address: Address, allowances: Allowances, now: datetime, notice: str = CONFIRM
) -> bool:
    """Count one of the mails that anybody can make us send to an address; False when it had its share."""
    return allowances.take(session, "mail", mailbox_of(address), now, PLACES[notice])


def count_asked(session: Session, subscribers: Sequence[int], allowances: Allowances, now: datetime) -> None:
    """Count the confirmations that an operator sends to new subscribers, given by their ids."""
    query = select(Subscriber.email, Subscriber.canonical).where(Subscriber.id.in_(subscribers))
    mailboxes = [mailbox_of(Address(*row)) for row in session.execute(query)]
    allowances.use(session, "mail", mailboxes, now)


def notice_for(known: Subscriber | None, reason: str | None, waits: bool) -> str | None:
    """Which notice somebody gets who asks; `reason` is why the address is suppressed."""
    if not liftable(reason):
        return None
    if known is None:
        return CONFIRM
    if known.status is Standing.ACTIVE:
        return ALREADY
    if known.status in (Standing.BOUNCED, Standing.COMPLAINED):
        return None
    # What waits is of use only while its link is: somebody may have left since they asked.
    return None if waits and known.requested_at is not None else CONFIRM


def link_of(token: Token, subscriber: Subscriber, reason: str | None) -> Link:
    """What a confirm link is good for; `reason` is why the subscriber's address is suppressed."""
    if subscriber.status is Standing.ACTIVE:
        return Link.DONE
    if subscriber.status in (Standing.BOUNCED, Standing.COMPLAINED) or not liftable(reason):
        return Link.SUPPRESSED
    if not token.is_of(subscriber.departures) or subscriber.requested_at is None:
        return Link.OLD
    return Link.GOOD


def confirm(
    session: Session,
    token: Token,
    suppressions: Suppressions,
    *,
    source: str,
    now: datetime,
    wording: str | None = None,
    client: str | None = None,
) -> tuple[Subscriber, str | None]:
    """The person behind a confirm link says yes. Raises InvalidToken, or Conflict when the link is too old.

    A link made before the person last left, or before an address was suppressed, brings nobody back.
    """
    subscriber = by_public_id(session, token.subscriber)
    match link_of(token, subscriber, suppressions.reason(session, subscriber.canonical)):
        case Link.DONE:
            return subscriber, None
        case Link.OLD:
            raise Conflict("this link is from before you left; ask for a new one if you want to come back")
        case Link.SUPPRESSED:
            raise Conflict("this address cannot be subscribed")
    suppressions.lift(session, subscriber.canonical)
    subscriber.status, subscriber.confirmed_at, subscriber.left_at = Standing.ACTIVE, now, None
    subscriber.paused_until = None
    record(session, subscriber, "confirmed", source, now, wording, client=client)
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
        returning.close(session, subscriber, source, now)
        return None
    was_active = subscriber.status is Standing.ACTIVE
    # A pause stays, should they be back in a minute; who confirms anew has none.
    subscriber.status, subscriber.left_at = Standing.UNSUBSCRIBED, now
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


def _known_or_new(
    session: Session,
    address: Address,
    name: str | None,
    language: str | None,
    now: datetime,
    asked_at: datetime | None,
) -> Subscriber:
    """Whoever has the address, as they stand, else somebody pending; by one and the same statement."""
    row = inserting(session, Subscriber).values(
        public_id=new_public_id(),
        email=address.email,
        canonical=address.canonical,
        name=name,
        language=language,
        status=Standing.PENDING,
        created_at=now,
        requested_at=asked_at,
    )
    # Whoever asked first may have been a stranger: until they confirm, the newest name and language count.
    waits = Subscriber.status == Standing.PENDING
    newest = case((waits, func.coalesce(row.excluded.name, Subscriber.name)), else_=Subscriber.name)
    spoken = case((waits, row.excluded.language), else_=Subscriber.language)
    values = {"requested_at": row.excluded.requested_at, "name": newest, "language": spoken}
    upsert = row.on_conflict_do_update(index_elements=[Subscriber.canonical], set_=values)
    options = {"populate_existing": True}
    return session.scalars(upsert.returning(Subscriber), execution_options=options).one()
