"""An edition as one reader would get it, with sample links; and the same sent to editors as a test."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from digest.app.delivering import make_messages
from digest.app.looking import look
from digest.app.parts import App
from digest.audience.addresses import read_address
from digest.delivery.composing import compose
from digest.delivery.headers import BY_MAIL, message_id
from digest.delivery.messages import Messages
from digest.delivery.replies import Meaning
from digest.delivery.smtp import Relay, Session
from digest.errors import Conflict, RelayTrouble
from digest.rendering.rendered import Rendered, reader_link, with_links

SAMPLE = "a-sample-where-readers-have-a-token"  # as long as one, so that sizes are true
SAMPLE_TAG = "asamplewherereadershaveatagfromtheirtokens"  # the same for mail addresses
MOST_ADDRESSES = 20


@dataclass(frozen=True, slots=True)
class Tried:
    """What the relay said to one test mail."""

    address: str
    sent: bool
    reply: str


def sample_links(app: App) -> dict[str, str]:
    """What stands where a reader's own links will: as long as those, and they open nobody's door."""
    base = app.settings.web.base_url
    return {name: f"{base}/{name}/{SAMPLE}" for name in ("unsubscribe", "preferences", "confirm")}


def as_read(app: App, rendered: Rendered) -> Rendered:
    """The email with sample links filled in, as a person reads it; a link of no known name stays as it is."""
    links, marker = sample_links(app), rendered.marker

    def link(name: str) -> str:
        return links.get(name) or reader_link(marker, name)

    html = with_links(rendered.html, marker, lambda name: escape(link(name)))
    return replace(rendered, html=html, text=with_links(rendered.text, marker, link))


def sample_message(app: App, rendered: Rendered, key: str, to: str = "reader@example.org") -> bytes:
    """One whole message as it would be sent to `to`, with sample links: CRLF line ends, RFC 5322."""
    messages = make_messages(app)
    pieces = compose(rendered, messages.headers(list_mail=True, key=key))
    return pieces.message(
        to=to,
        message_id=message_id(secrets.token_hex(8), SAMPLE, messages.sender.domain),
        date=app.clock.now(),
        links=sample_links(app) | _by_mail(messages),
    )


def _by_mail(messages: Messages) -> dict[str, str]:
    """The mail address to leave at, where there is one."""
    address = messages.sender.leaving(SAMPLE_TAG)
    return {BY_MAIL: address} if address else {}


def send_test(app: App, key: str | None, addresses: Sequence[str]) -> list[Tried]:
    """Mail an edition, as it stands, to these addresses and nobody else; nothing is recorded.

    Raises ConfigError, RelayRefused or RelayUnreachable where the relay is not to be had, NotAnAddress for
    what is no address, Conflict for none or too many, or where there is nothing to send.
    """
    people = [read_address(address).email for address in addresses]
    if not 0 < len(people) <= MOST_ADDRESSES:
        raise Conflict(f"a test goes to between 1 and {MOST_ADDRESSES} addresses")
    shown = look(app, key)
    rendered = shown.require()
    sender = make_messages(app).sender.address
    mails = [(email, sample_message(app, rendered, shown.key, email)) for email in people]
    return asyncio.run(_send(app.relay, sender, mails))


async def _send(relay: Relay, sender: str, mails: Sequence[tuple[str, bytes]]) -> list[Tried]:
    async with Session(relay) as session:
        return [await _tried(session, sender, email, message) for email, message in mails]


async def _tried(session: Session, sender: str, email: str, message: bytes) -> Tried:
    """One of them; a relay that goes away half-way through is an answer too."""
    try:
        if not session.usable:
            await session.open()
    except RelayTrouble as error:
        return Tried(email, False, str(error))
    outcome = await session.send(sender, email, message)
    return Tried(email, outcome.meaning is Meaning.SENT, outcome.text)
