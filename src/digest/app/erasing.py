"""Erase a person: one transaction, after which no table holds their address, name or history."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.app.parts import App
from digest.audience import erasing, joining
from digest.audience.addresses import read_address
from digest.audience.models import Subscriber
from digest.delivery.forgetting import forget_deliveries, forget_notices_to
from digest.logs import get_logger


def erase(app: App, public_id: str, *, source: str) -> None:
    """Erase a subscriber by their own or an operator's wish; doing it twice is fine.

    By their public id, which is given to nobody else; row ids are. The keyed hash of the address stays, so
    that no import adds it again.
    """
    with app.database.write(lock="subscribers") as session:
        subscriber = session.scalar(select(Subscriber).where(Subscriber.public_id == public_id))
        if subscriber is None:
            return
        _erase_person(app, session, subscriber, app.clock.now())
    _log(source, on_list=True)


def erase_address(app: App, email: str, *, source: str) -> bool:
    """Erase whatever there is of an address, also one that is not on the list; whether it was.

    Raises NotAnAddress.
    """
    address, now = read_address(email), app.clock.now()
    with app.database.write(lock="subscribers") as session:
        subscriber = joining.find(session, address.canonical)
        if subscriber is not None:
            _erase_person(app, session, subscriber, now)
        else:
            _erase_mentions(app, session, address.canonical, now)
    _log(source, on_list=subscriber is not None)
    return subscriber is not None


def _erase_person(app: App, session: Session, subscriber: Subscriber, now: datetime) -> None:
    # Suppressed first of all: were only the rest done, the next import would bring the address back.
    erasing.suppress(session, subscriber.canonical, app.suppressions, now, subscriber.status)
    forget_deliveries(session, [subscriber.id])
    erasing.delete_subscriber(session, subscriber)
    _erase_mentions(app, session, subscriber.canonical, now)


def _erase_mentions(app: App, session: Session, canonical: str, now: datetime) -> None:
    """The address as it stands with others, who would have it for theirs."""
    erasing.suppress(session, canonical, app.suppressions, now)
    forget_notices_to(session, canonical)
    erasing.drop_wishes(session, canonical)


def _log(source: str, *, on_list: bool) -> None:
    get_logger().info("erased a person", action="erase", source=source, on_list=on_list)
