"""A new address, taken when its owner follows the link that was mailed there."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from digest.app.parts import App
from digest.audience import joining, moving
from digest.audience.addresses import Address
from digest.audience.erasing import delete_subscriber
from digest.audience.moving import ADDRESS_CHANGED
from digest.audience.preferring import YOUR_DATA
from digest.delivery.forgetting import forget_deliveries
from digest.delivery.notices import owe_notice
from digest.delivery.withdrawing import withdraw_notice
from digest.logs import short_address
from digest.tokens import Purpose, Token


@dataclass(frozen=True, slots=True)
class Change:
    """What a link that changes an address is about.

    `address` is the new one, shortened; `done` whether it is theirs already; `language` what they chose.
    """

    address: str
    done: bool
    language: str | None


def check_change(app: App, token: str) -> Change:
    """What a link would do, changing nothing.

    Raises InvalidToken, ExpiredToken, or Conflict where the change can be made no more.
    """
    parsed = _read(app, token)
    with app.database.read() as session:
        subscriber, address = moving.wanted(session, parsed, app.suppressions)
        shown = short_address(address.email if address else subscriber.email)
        return Change(shown, address is None, subscriber.language)


def change(app: App, token: str, *, source: str) -> Change:
    """The owner of the new address says yes, and the old one is told; doing it twice is fine.

    Raises the same.
    """
    parsed, now = _read(app, token), app.clock.now()
    with app.database.write(lock="subscribers") as session:
        subscriber, address = moving.wanted(session, parsed, app.suppressions)
        if address is not None:
            before = subscriber.email
            _make_room(session, address)
            moving.move(session, subscriber, address, app.suppressions, source=source, now=now)
            # Asked for at the old address, which has the say for some days yet.
            withdraw_notice(session, YOUR_DATA, subscriber, "the reader has another address now", now)
            owe_notice(session, ADDRESS_CHANGED, subscriber, now, to=before)
        return Change(short_address(subscriber.email), True, subscriber.language)


def _make_room(session: Session, address: Address) -> None:
    """Forget that the address was entered once and never confirmed: its owner says now what they want."""
    if asked := joining.find(session, address.canonical):
        forget_deliveries(session, [asked.id])
        delete_subscriber(session, asked)


def _read(app: App, token: str) -> Token:
    return app.keyring.read(token, Purpose.CHANGE, app.clock.now())
