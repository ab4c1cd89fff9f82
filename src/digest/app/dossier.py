"""All that is held on one person: for themselves by link, and for the operator who is asked for it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from digest.app.parts import App
from digest.audience import joining
from digest.audience.listing import as_json
from digest.audience.models import Consent, Subscriber, Suppression, Wording
from digest.clock import iso
from digest.delivery.models import Attempt, Delivery, Mailing
from digest.editions.models import Edition
from digest.errors import ExpiredToken
from digest.logs import short_address
from digest.tokens import Purpose

Words = Callable[[str | None], str | None]
ADDRESS: Final = re.compile(r"""("(?:[^"\\]|\\.)*"|(?!')[^\s"(),:;<>@\[\]\\]+)@[\w.-]*\w""")


def dossier(app: App, session: Session, subscriber: Subscriber) -> dict[str, Any]:
    """What every table holds on a subscriber, as JSON: themselves, their history, their mail.

    Addresses other than the one they have now are shortened: a preferences link goes along with every mail
    that is passed on, and whoever moves a subscription by it to themselves shall not learn whose it was.
    """
    words = _without_others(subscriber.canonical)
    return {
        **as_json(subscriber),
        "requested_at": iso(subscriber.requested_at),
        "times_left": subscriber.departures,
        "address_changes_asked": subscriber.changes,
        "next_email": words(subscriber.next_email),
        "id_in_links": subscriber.public_id,
        "suppression": suppression(app, session, subscriber.canonical),
        "consent": _consent(session, subscriber.id, words),
        "mail": _mail(session, subscriber.id, words),
    }


def suppression(app: App, session: Session, canonical: str) -> dict[str, Any] | None:
    """Why and since when an address is not mailed, whoever has it; None where it is."""
    found = session.get(Suppression, app.suppressions.hash(canonical))
    return {"reason": found.reason, "at": iso(found.at)} if found else None


def check_data(app: App, token: str) -> str | None:
    """The language chosen by whoever is behind a link of that purpose.

    Raises InvalidToken or ExpiredToken. The link is void once they have left or changed their address, since
    it was mailed to the one they had.
    """
    with app.database.read() as session:
        return _whose(app, session, token).language


def my_data(app: App, token: str) -> dict[str, Any]:
    """The dossier of whoever is behind such a link; raises the same."""
    with app.database.read() as session:
        return dossier(app, session, _whose(app, session, token))


def _whose(app: App, session: Session, token: str) -> Subscriber:
    parsed = app.keyring.read(token, Purpose.DATA, app.clock.now())
    subscriber = joining.by_public_id(session, parsed.subscriber)
    if not parsed.is_of(subscriber.departures):
        raise ExpiredToken("this link is from before this person left or changed their address")
    return subscriber


def _without_others(canonical: str) -> Words:
    """Shortens all addresses in a text but the one whose canonical form this is."""

    def shown(found: re.Match[str]) -> str:
        return found[0] if found[0].casefold() == canonical else short_address(found[0])

    return lambda text: text and ADDRESS.sub(shown, text)


def _consent(session: Session, subscriber_id: int, words: Words) -> list[dict[str, Any]]:
    """The consent history, oldest first, with the words themselves where they are on record."""
    query = (
        select(Consent, Wording.text)
        .outerjoin(Wording, Wording.hash == Consent.wording)
        .where(Consent.subscriber_id == subscriber_id)
        .order_by(Consent.id)
    )
    return [
        {
            "at": iso(one.at),
            "event": one.event,
            "source": words(one.source),
            "note": words(one.note),
            "wording": one.wording,
            "wording_text": text,
            "client_hash": one.client,
        }
        for one, text in session.execute(query)
    ]


def _mail(session: Session, subscriber_id: int, words: Words) -> list[dict[str, Any]]:
    """What was or is to be sent, oldest first, each with the tries and what the server said."""
    tries = _tries(session, subscriber_id, words)
    query = (
        select(Delivery, Mailing, Edition.key)
        .join(Mailing, Delivery.mailing_id == Mailing.id)
        .outerjoin(Edition, Mailing.edition_id == Edition.id)
        .where(Delivery.subscriber_id == subscriber_id)
        .order_by(Mailing.id)
    )
    return [
        {
            "edition": key,
            "notice": mailing.notice,
            "to": words(mailing.email),
            "created_at": iso(mailing.created_at),
            "state": delivery.state.value,
            "changed_at": iso(delivery.changed_at),
            "due_at": iso(delivery.due_at),
            "detail": words(delivery.detail),
            "mailbox_is_gone": delivery.gone,
            "tries": tries.get(mailing.id, []),
        }
        for delivery, mailing, key in session.execute(query)
    ]


def _tries(session: Session, subscriber_id: int, words: Words) -> Mapping[int, list[dict[str, Any]]]:
    """The attempts by mailing, in their order."""
    found = defaultdict(list)
    this = and_(Attempt.mailing_id == Delivery.mailing_id, Attempt.subscriber_id == Delivery.subscriber_id)
    query = (
        select(Attempt)
        .join(Delivery, this)
        .where(Delivery.subscriber_id == subscriber_id)
        .order_by(Attempt.id)
    )
    for one in session.scalars(query):
        found[one.mailing_id].append(
            {
                "at": iso(one.at),
                "result": one.result,
                "code": one.code,
                "enhanced": one.enhanced,
                "reply": words(one.reply),
            }
        )
    return found
