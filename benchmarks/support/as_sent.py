"""An edition as one reader gets it: the whole message, and its parts as a mail program reads them."""

from __future__ import annotations

import email
import email.message
import email.policy
from dataclasses import dataclass
from datetime import UTC, datetime

from support.weeks import BRAND, KEY

from digest.delivery.composing import compose
from digest.delivery.headers import Headers, message_id
from digest.rendering.rendered import Rendered
from digest.tokens import Keyring, Purpose

_NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
_READER = "5f0c2a9e71b3d86440aa17c3"
_KEYRING = Keyring({1: bytes(range(64))}, 1)
_HEADERS = Headers(
    sender="Weekly Verdicts <verdicts@example.org>",
    name=BRAND.name,
    reply_to="editors@example.org",
    list_id="digest.example.org",
    list_unsubscribe=True,
    list_archive=f"{BRAND.base_url}/archive",
    feedback_id=f"{KEY}:edition:digest:digest-example-",
    bulk=True,
)


@dataclass(frozen=True, slots=True)
class AsSent:
    """The message on the wire, and its two parts decoded."""

    message: bytes
    html: bytes
    text: bytes


def as_sent(mail: Rendered) -> AsSent:
    """The edition with the links of one reader, as long as any reader's."""
    links = {
        "unsubscribe": f"{BRAND.base_url}/unsubscribe/{_token(Purpose.UNSUBSCRIBE)}",
        "preferences": f"{BRAND.base_url}/preferences/{_token(Purpose.PREFERENCES)}",
    }
    number = message_id("seed", _READER, "example.org")
    message = compose(mail, _HEADERS).message(
        to="a.reader.of.ours@mail.example.org", message_id=number, date=_NOW, links=links
    )
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    sent = AsSent(message, _part(parsed, "html"), _part(parsed, "plain"))
    assert mail.marker.encode() not in sent.html + sent.text, "a stand-in was left in the message"
    assert all(url.encode() in sent.html and url.encode() in sent.text for url in links.values())
    return sent


def _token(purpose: Purpose) -> str:
    return _KEYRING.issue(purpose, _READER, _NOW)


def _part(message: email.message.EmailMessage, kind: str) -> bytes:
    part = message.get_body((kind,))
    assert part is not None
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload
