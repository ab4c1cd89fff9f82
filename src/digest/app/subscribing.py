"""Asking for the newsletter and saying yes, by form and link: each act is one transaction with its notice."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from sqlalchemy.orm import Session

from digest.app.admitting import Visitor, admit, hashed
from digest.app.parts import App
from digest.audience import joining
from digest.audience.addresses import read_address
from digest.audience.joining import Link
from digest.db.savepoints import keep_or_undo
from digest.delivery.notices import owe_notice, waits
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
    is what somebody who has not confirmed yet is written to in; None leaves that to the newsletter.
    Raises NotAnAddress or TooMany, and nothing that would tell whether the address is known: what is done is
    the same for each, and undone where nothing may come of it.
    """
    address, now = read_address(email), app.clock.now()
    wanted = admit(app, address, visitor, now) if visitor else True
    client = hashed(app, visitor.client) if visitor else None

    def ask(session: Session) -> bool:
        waiting = waits(session, joining.CONFIRM, address.canonical, now)
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
        return notice is not None and wanted

    with app.database.write(lock="subscribers") as session:
        keep_or_undo(session, ask)


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


def add_with_consent(app: App, email: str, *, consent: str, name: str | None = None) -> bool:
    """Add somebody who agreed elsewhere; False when known or suppressed. Raises NotAnAddress."""
    address, now = read_address(email), app.clock.now()
    with app.database.write(lock="subscribers") as session:
        return joining.add_active(session, address, app.suppressions, consent=consent, name=name, now=now)


def _judge(app: App, session: Session, token: Token, now: datetime) -> Link:
    with suppress(InvalidToken):
        subscriber = joining.by_public_id(session, token.subscriber)
        if token.is_over(now):
            return Link.EXPIRED
        return joining.link_of(token, subscriber, app.suppressions.reason(session, subscriber.canonical))
    return Link.NOBODY
