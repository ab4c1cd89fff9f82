"""What readers do by link and form: each act is one transaction with the notice it owes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from digest.app.parts import App
from digest.audience import joining, preferring
from digest.audience.addresses import read_address
from digest.audience.models import Standing, Subscriber
from digest.audience.preferring import Wish
from digest.delivery.notices import owe_notice
from digest.errors import InvalidToken
from digest.logs import short_address
from digest.tokens import Purpose


@dataclass(frozen=True, slots=True)
class Preferences:
    """What an active reader is shown of themselves.

    `address` is shortened, `paused_until` None where no pause is on, `leave` their unsubscribe token.
    """

    address: str
    name: str | None
    paused_until: datetime | None
    leave: str


def subscribe(
    app: App, email: str, *, source: str, name: str | None = None, wording: str | None = None
) -> None:
    """Somebody asks for the newsletter at `email`; what follows goes by mail, whoever asked.

    Raises NotAnAddress, and nothing else that would tell whether the address is known.
    """
    address, now = read_address(email), app.clock.now()
    with app.database.write(lock="subscribers") as session:
        subscriber, notice = joining.request(
            session, address, app.suppressions, source=source, now=now, name=name, wording=wording
        )
        if subscriber and notice:
            owe_notice(session, notice, subscriber, now)


def check_confirm(app: App, token: str) -> None:
    """See whether a confirm link would work, changing nothing; raises InvalidToken or ExpiredToken."""
    parsed = app.keyring.read(token, Purpose.CONFIRM, app.clock.now())
    with app.database.read() as session:
        joining.by_public_id(session, parsed.subscriber)


def confirm(app: App, token: str, *, source: str, wording: str | None = None) -> None:
    """The person behind the link says yes; doing it twice is fine.

    Raises InvalidToken, ExpiredToken, or Conflict when the person left after the link was made.
    """
    now = app.clock.now()
    parsed = app.keyring.read(token, Purpose.CONFIRM, now)
    with app.database.write(lock="subscribers") as session:
        subscriber, notice = joining.confirm(
            session, parsed, app.suppressions, source=source, now=now, wording=wording
        )
        if notice:
            owe_notice(session, notice, subscriber, now)


def check_unsubscribe(app: App, token: str) -> bool:
    """Whether the person behind an unsubscribe link is still on the list; raises InvalidToken."""
    parsed = app.keyring.read(token, Purpose.UNSUBSCRIBE, app.clock.now())
    with app.database.read() as session:
        subscriber = joining.by_public_id(session, parsed.subscriber)
        return subscriber.status in (Standing.ACTIVE, Standing.PENDING)


def unsubscribe(app: App, token: str, *, source: str) -> None:
    """The person behind the link leaves, at once; doing it twice is fine. Raises InvalidToken."""
    now = app.clock.now()
    parsed = app.keyring.read(token, Purpose.UNSUBSCRIBE, now)
    with app.database.write(lock="subscribers") as session:
        subscriber = joining.by_public_id(session, parsed.subscriber)
        notice = joining.leave(session, subscriber, source=source, now=now)
        if notice:
            owe_notice(session, notice, subscriber, now)


def preferences(app: App, token: str) -> Preferences | None:
    """What the person behind a preferences link has chosen; None for one who is not on the list any more.

    Raises InvalidToken for a link that is not ours.
    """
    now = app.clock.now()
    public_id = app.keyring.read(token, Purpose.PREFERENCES, now).subscriber
    with app.database.read() as session:
        subscriber = _active(session, public_id)
        return _shown(app, subscriber, now) if subscriber else None


def prefer(app: App, token: str, wish: Wish, *, source: str) -> Preferences | None:
    """The same after doing what the person wishes; nothing is done for one who is not on the list."""
    now = app.clock.now()
    public_id = app.keyring.read(token, Purpose.PREFERENCES, now).subscriber
    with app.database.write(lock="subscribers") as session:
        subscriber = _active(session, public_id)
        if subscriber is None:
            return None
        preferring.fulfil(session, subscriber, wish, zone=app.rhythm.zone, source=source, now=now)
        return _shown(app, subscriber, now)


def _active(session: Session, public_id: str) -> Subscriber | None:
    """The reader, unless they left, have yet to confirm, or were erased."""
    with suppress(InvalidToken):
        subscriber = joining.by_public_id(session, public_id)
        return subscriber if subscriber.status is Standing.ACTIVE else None
    return None


def _shown(app: App, subscriber: Subscriber, now: datetime) -> Preferences:
    return Preferences(
        address=short_address(subscriber.email),
        name=subscriber.name,
        paused_until=preferring.paused_until(subscriber, now),
        leave=app.keyring.issue(Purpose.UNSUBSCRIBE, subscriber.public_id, now),
    )


def add_with_consent(app: App, email: str, *, consent: str, name: str | None = None) -> bool:
    """Add somebody who agreed elsewhere; False when known or suppressed. Raises NotAnAddress."""
    address, now = read_address(email), app.clock.now()
    with app.database.write(lock="subscribers") as session:
        return joining.add_active(session, address, app.suppressions, consent=consent, name=name, now=now)
