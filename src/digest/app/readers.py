"""What readers do by link and form: each act is one transaction with the notice it owes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy.orm import Session

from digest.app.admitting import Visitor, admit, hashed
from digest.app.parts import App
from digest.audience import joining
from digest.audience.addresses import read_address
from digest.audience.joining import Link
from digest.delivery.notices import owe_notice, owe_notices, waits
from digest.errors import InvalidToken
from digest.tokens import Purpose, Token


def subscribe(
    app: App,
    email: str,
    *,
    source: str,
    name: str | None = None,
    language: str | None = None,
    wording: str | None = None,
    visitor: Visitor | None = None,
) -> None:
    """Somebody asks for the newsletter at `email`; what follows goes by mail, whoever asked.

    `visitor`: they did so by a form that is open to all, which counts them; None for an operator. `language`
    is what somebody new is written to in; None leaves that to the newsletter.
    Raises NotAnAddress or TooMany, and nothing that would tell whether the address is known: what is done is
    the same for each, and undone where nothing may come of it.
    """
    address, now = read_address(email), app.clock.now()
    wanted = admit(app, address, visitor, now) if visitor else True
    client = hashed(app, visitor.client) if visitor else None
    with app.database.write(lock="subscribers") as session:
        waiting = waits(session, joining.CONFIRM, address.canonical, now)
        attempt = session.begin_nested()
        subscriber, notice = joining.request(
            session,
            address,
            app.suppressions,
            app.allowances,
            source=source,
            now=now,
            name=name,
            language=language,
            wording=wording,
            client=client,
            waits=waiting,
        )
        owe_notice(session, notice or joining.CONFIRM, subscriber, now)
        session.flush()
        if notice and wanted:
            attempt.commit()
        else:
            attempt.rollback()


def check_confirm(app: App, token: str) -> Link:
    """What a confirm link is good for, changing nothing; raises InvalidToken for one that is not ours."""
    parsed = app.keyring.read_old(token, Purpose.CONFIRM)
    with app.database.read() as session:
        return _judge(app, session, parsed, app.clock.now())


def confirm(
    app: App, token: str, *, source: str, wording: str | None = None, client: str | None = None
) -> Link:
    """The person behind the link says yes; doing it twice is fine.

    `client` is the network address they do so from. Returns DONE, or why it is not done; raises InvalidToken.
    """
    now = app.clock.now()
    parsed = app.keyring.read_old(token, Purpose.CONFIRM)
    with app.database.write(lock="subscribers") as session:
        link = _judge(app, session, parsed, now)
        if link is not Link.GOOD:
            return link
        subscriber, notice = joining.confirm(
            session,
            parsed,
            app.suppressions,
            source=source,
            now=now,
            wording=wording,
            client=hashed(app, client),
        )
        if notice:
            owe_notice(session, notice, subscriber, now)
    return Link.DONE


def ask_again(app: App, token: str, *, source: str, wording: str, visitor: Visitor) -> bool:
    """Another confirm link for whom this one was made, however long ago: it goes to that address by mail.

    False where there is nobody behind it any more. Raises InvalidToken or TooMany.
    """
    parsed = app.keyring.read_old(token, Purpose.CONFIRM)
    email = None
    with app.database.read() as session, suppress(InvalidToken):
        email = joining.by_public_id(session, parsed.subscriber).email
    if email is None:
        return False
    subscribe(app, email, source=source, wording=wording, visitor=visitor)
    return True


def language_of(app: App, token: str, purpose: Purpose) -> str | None:
    """What the person behind a link of ours chose for pages, however old it is; None for nobody."""
    with suppress(InvalidToken):
        parsed = app.keyring.read_old(token, purpose)
        with app.database.read() as session:
            return joining.by_public_id(session, parsed.subscriber).language
    return None


def add_with_consent(app: App, email: str, *, consent: str, name: str | None = None) -> bool:
    """Add somebody who agreed elsewhere; False when known or suppressed. Raises NotAnAddress."""
    address, now = read_address(email), app.clock.now()
    with app.database.write(lock="subscribers") as session:
        return joining.add_active(session, address, app.suppressions, consent=consent, name=name, now=now)


def ask_all(app: App, session: Session, subscribers: Sequence[int], now: datetime) -> None:
    """Owe a confirmation to subscribers, given by their ids, whom an import has just added as pending."""
    joining.count_asked(session, subscribers, app.allowances, now)
    owe_notices(session, joining.CONFIRM, subscribers, now)


def _judge(app: App, session: Session, token: Token, now: datetime) -> Link:
    with suppress(InvalidToken):
        subscriber = joining.by_public_id(session, token.subscriber)
        if token.is_over(now):
            return Link.EXPIRED
        return joining.link_of(token, subscriber, app.suppressions.reason(session, subscriber.canonical))
    return Link.NOBODY
