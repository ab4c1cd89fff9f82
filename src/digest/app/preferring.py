"""What readers choose by their own link: each act is one transaction with the notice it owes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from digest.app.erasing import erase
from digest.app.parts import App
from digest.audience import joining, moving, preferring
from digest.audience.addresses import Address
from digest.audience.models import Standing, Subscriber
from digest.audience.moving import CHANGE_ADDRESS, Move, Stay
from digest.audience.preferring import YOUR_DATA, Fetch, Wish
from digest.db.savepoints import keep_or_undo
from digest.delivery.notices import owe_notice
from digest.errors import InvalidToken
from digest.logs import short_address
from digest.tokens import Purpose


@dataclass(frozen=True, slots=True)
class Preferences:
    """What an active reader is shown of themselves.

    `address` and `next_address`, which they asked to be changed to, are shortened; `language` is the code
    they chose, `paused_until` None where no pause is on, `leave` their unsubscribe token.
    """

    address: str
    next_address: str | None
    name: str | None
    language: str | None
    text_only: bool
    paused_until: datetime | None
    leave: str


@dataclass(frozen=True, slots=True)
class Absent:
    """Somebody who is not on the list any more, or not yet; `language` as above, None for nobody."""

    language: str | None = None


def preferences(app: App, token: str) -> Preferences | Absent:
    """What the person behind a preferences link has chosen.

    Raises InvalidToken for a link that is not ours.
    """
    now = app.clock.now()
    public_id = _public_id(app, token)
    with app.database.read() as session:
        found = _found(session, public_id)
        return found if isinstance(found, Absent) else _shown(app, found, now)


def prefer(app: App, token: str, wish: Wish | Move | Stay | Fetch, *, source: str) -> Absent | None:
    """Do what the person wishes; nothing is done for one who is not on the list.

    Raises InvalidToken for a link that is not ours, BadChoice for what was wished too often.
    """
    now = app.clock.now()
    public_id = _public_id(app, token)
    with app.database.write(lock="subscribers") as session:
        found = _found(session, public_id)
        if isinstance(found, Absent):
            return found
        _fulfil(app, session, found, wish, source, now)
        return None


def forget(app: App, token: str, *, source: str) -> None:
    """Erase the person behind a preferences link, wherever they stand; doing it twice is fine.

    Raises InvalidToken for a link that is not ours.
    """
    erase(app, _public_id(app, token), source=source)


def language_of(app: App, token: str, purpose: Purpose) -> str | None:
    """What language the person behind a link of ours is spoken to in, however old it is; None for nobody."""
    with suppress(InvalidToken):
        parsed = app.keyring.read_old(token, purpose)
        with app.database.read() as session:
            return joining.by_public_id(session, parsed.subscriber).language
    return None


def _fulfil(
    app: App,
    session: Session,
    subscriber: Subscriber,
    wish: Wish | Move | Stay | Fetch,
    source: str,
    now: datetime,
) -> None:
    match wish:
        case Move(address):
            _move(app, session, subscriber, address, source, now)
        case Stay():
            moving.stay(session, subscriber, source=source, now=now)
        case Fetch():
            preferring.fetch(session, subscriber, source=source, now=now)
            owe_notice(session, YOUR_DATA, subscriber, now)
        case _:
            preferring.fulfil(session, subscriber, wish, zone=app.rhythm.zone, source=source, now=now)


def _move(
    app: App, session: Session, subscriber: Subscriber, address: Address, source: str, now: datetime
) -> None:
    """Owe the new address its mail, undone where none may go there: the work shall not tell which it was."""
    free = moving.ask(session, subscriber, address, app.suppressions, source=source, now=now)

    def write(session: Session) -> bool:
        granted = joining.take_place(session, address, app.allowances, now)
        owe_notice(session, CHANGE_ADDRESS, subscriber, now, to=address.email)
        return free and granted

    keep_or_undo(session, write)


def _public_id(app: App, token: str) -> str:
    return app.keyring.read(token, Purpose.PREFERENCES, app.clock.now()).subscriber


def _found(session: Session, public_id: str) -> Subscriber | Absent:
    """The reader, unless they left, have yet to confirm, or were erased."""
    with suppress(InvalidToken):
        subscriber = joining.by_public_id(session, public_id)
        return subscriber if subscriber.status is Standing.ACTIVE else Absent(subscriber.language)
    return Absent()


def _shown(app: App, subscriber: Subscriber, now: datetime) -> Preferences:
    return Preferences(
        address=short_address(subscriber.email),
        next_address=short_address(subscriber.next_email) if subscriber.next_email else None,
        name=subscriber.name,
        language=subscriber.language,
        text_only=subscriber.text_only,
        paused_until=preferring.paused_until(subscriber, now),
        leave=app.keyring.issue(Purpose.UNSUBSCRIBE, subscriber.public_id, now),
    )
