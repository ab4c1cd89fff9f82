"""Leaving by link, by mail or through an operator, saying why, coming back: each act is one transaction."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from digest.app.parts import App
from digest.audience import joining, reasons, returning
from digest.audience.addresses import read_address
from digest.audience.models import Standing, Subscriber
from digest.delivery.notices import owe_notice
from digest.delivery.withdrawing import withdraw_notice
from digest.errors import InvalidToken
from digest.feedback.leaving_by_mail import Answer, answer_to, received_at, tagged
from digest.tokens import Purpose

BY_PAGE = returning.BUTTON
BY_MAIL = "a mail to the unsubscribe address"


@dataclass(frozen=True, slots=True)
class Person:
    """Who an unsubscribe link speaks of; as it stands here for one who was erased.

    `on_list` is whether there is something to leave, and after leaving, whether editions come again; `back`
    is the token that brings them back, None where none does; `language` what they are spoken to in.
    """

    on_list: bool = False
    back: str | None = None
    language: str | None = None


def check_unsubscribe(app: App, token: str) -> Person:
    """Whom an unsubscribe link speaks of, changing nothing; raises InvalidToken for one that is not ours."""
    parsed = app.keyring.read(token, Purpose.UNSUBSCRIBE, app.clock.now())
    with app.database.read() as session, suppress(InvalidToken):
        subscriber = joining.by_public_id(session, parsed.subscriber)
        return Person(subscriber.status in (Standing.ACTIVE, Standing.PENDING), None, subscriber.language)
    return Person()


def unsubscribe(app: App, token: str, *, source: str) -> Person:
    """The person behind the link leaves, at once; doing it twice is fine. Raises InvalidToken."""
    now = app.clock.now()
    parsed = app.keyring.read(token, Purpose.UNSUBSCRIBE, now)
    with app.database.write(lock="subscribers") as session, suppress(InvalidToken):
        subscriber = joining.by_public_id(session, parsed.subscriber)
        _leave(session, subscriber, source, now)
        back = _way_back(app, session, subscriber, now) if source == BY_PAGE else None
        return Person(False, back, subscriber.language)
    return Person()


def say_why(app: App, token: str, choice: str, words: str | None) -> Person:
    """Keep what somebody who has left says about it, if they do; raises InvalidToken.

    They may be on the list again: the page that asks stays open in their browser.
    """
    now = app.clock.now()
    parsed = app.keyring.read(token, Purpose.UNSUBSCRIBE, now)
    with app.database.write(lock="subscribers") as session, suppress(InvalidToken):
        subscriber = joining.by_public_id(session, parsed.subscriber)
        if reason := reasons.reason_of(choice, words):
            reasons.say_why(session, subscriber, reason, now)
        on_list = subscriber.status is Standing.ACTIVE
        return Person(on_list, _way_back(app, session, subscriber, now), subscriber.language)
    return Person()


def check_return(app: App, token: str) -> Person:
    """Whom the button that brings back speaks of, changing nothing; on the list where they are back already.

    Raises ExpiredToken after a minute, InvalidToken, and Conflict where something else stands against it.
    """
    now = app.clock.now()
    parsed = app.keyring.read(token, Purpose.RETURN, now)
    with app.database.read() as session:
        subscriber = joining.by_public_id(session, parsed.subscriber)
        gone = returning.require_return(session, subscriber, parsed, app.suppressions, now)
        return Person(not gone, token if gone else None, subscriber.language)


def come_back(app: App, token: str) -> str | None:
    """Bring back whoever left by our button a moment ago; doing it twice is fine. Else as `check_return`.

    A goodbye that has not been sent is not sent. An edition that was dropped meanwhile stays dropped.
    """
    now = app.clock.now()
    parsed = app.keyring.read(token, Purpose.RETURN, now)
    with app.database.write(lock="subscribers") as session:
        subscriber = joining.by_public_id(session, parsed.subscriber)
        if returning.come_back(session, subscriber, parsed, app.suppressions, now):
            withdraw_notice(session, joining.GOODBYE, subscriber, "the reader is back", now)
        return subscriber.language


def unsubscribe_by_mail(app: App, head: bytes) -> Answer:
    """The person whose tag stands in a mail's header leaves; doing it twice is fine."""
    now = app.clock.now()
    token = tagged(head, app.keyring, now)
    if token is None:
        return Answer.NOT_FOR_US
    with app.database.write(lock="subscribers") as session, suppress(InvalidToken):
        subscriber = joining.by_public_id(session, token.subscriber)
        answer = answer_to(subscriber, received_at(head))
        if answer is Answer.LEFT:
            _leave(session, subscriber, BY_MAIL, now)
        return answer
    return Answer.GONE


def take_off(app: App, email: str, *, source: str) -> None:
    """Somebody leaves who asked an operator in person, so that no mail is sent about it.

    Doing it twice is fine. Raises NotAnAddress or NotFound.
    """
    address, now = read_address(email), app.clock.now()
    with app.database.write(lock="subscribers") as session:
        joining.leave(session, joining.get(session, address), source=source, now=now)


def _leave(session: Session, subscriber: Subscriber, source: str, now: datetime) -> None:
    notice = joining.leave(session, subscriber, source=source, now=now)
    if notice:
        owe_notice(session, notice, subscriber, now)


def _way_back(app: App, session: Session, subscriber: Subscriber, now: datetime) -> str | None:
    """Made as of when they left, so that pressing the button again wins no time."""
    if subscriber.left_at is None or not returning.may_return(session, subscriber, app.suppressions, now):
        return None
    return app.keyring.issue(Purpose.RETURN, subscriber.public_id, subscriber.left_at, subscriber.departures)
