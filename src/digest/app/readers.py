"""What readers do by link and form: each act is one transaction with the notice it owes."""

from __future__ import annotations

from digest.app.parts import App
from digest.audience import joining
from digest.audience.addresses import read_address
from digest.audience.models import Standing
from digest.delivery.notices import owe_notice
from digest.tokens import Purpose


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


def add_with_consent(app: App, email: str, *, consent: str, name: str | None = None) -> bool:
    """Add somebody who agreed elsewhere; False when known or suppressed. Raises NotAnAddress."""
    address, now = read_address(email), app.clock.now()
    with app.database.write(lock="subscribers") as session:
        return joining.add_active(session, address, app.suppressions, consent=consent, name=name, now=now)
