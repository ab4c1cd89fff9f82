"""Mail to the unsubscribe address: whose tag it carries, and what to do about it.

Nothing else in a mail counts. Who it says it is from is not looked at, nor answered; its body is not read,
and its subject may be empty, as some phones leave it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

from digest.audience.models import Standing, Subscriber
from digest.errors import InvalidToken
from digest.tokens import TAG_LENGTH, Keyring, Purpose, Token, token_of

WHERE = (b"delivered-to", b"x-original-to", b"to", b"cc")  # the surest first
MOST_TAGS = 20  # looked at in one mail; each costs a hash

_FIELD = re.compile(rb"(?m)^([!-9;-~]{1,100})[ \t]*:(.*(?:\n[ \t].*)*)")
_TAG = re.compile(rb"\+([A-Za-z2-7]{%d})@" % TAG_LENGTH)


class Answer(StrEnum):
    """What became of a mail."""

    LEFT = "left"
    GONE = "gone"  # by then already
    OUTDATED = "outdated"  # its writer came back after it had arrived
    NOT_FOR_US = "not_for_us"


def tags(head: bytes) -> Iterator[str]:
    """The tags in the addresses that a mail went to, as far as there are any; `head` is its header."""
    fields = [(match[1].lower(), match[2]) for match in _FIELD.finditer(head)]
    for wanted in WHERE:
        for name, value in fields:
            if name == wanted:
                yield from (found.decode() for found in _TAG.findall(value))


def tagged(head: bytes, keyring: Keyring, now: datetime) -> Token | None:
    """The first genuine one, read."""
    for number, tag in enumerate(tags(head)):
        if number == MOST_TAGS:
            break
        try:
            return keyring.read(token_of(tag), Purpose.UNSUBSCRIBE, now)
        except InvalidToken:
            continue
    return None


def received_at(head: bytes) -> datetime | None:
    """When our own server took the mail: the uppermost Received (RFC 5321 §4.4); None where none says."""
    stamp = next((match[2] for match in _FIELD.finditer(head) if match[1].lower() == b"received"), b"")
    _, semicolon, date = stamp.rpartition(b";")
    try:
        moment = parsedate_to_datetime(date.decode("ascii").strip()) if semicolon else None
        return moment.astimezone(UTC) if moment and moment.tzinfo else None
    except (ValueError, TypeError, IndexError, OverflowError):  # dates of every kind end in one of these
        return None


def answer_to(subscriber: Subscriber, received: datetime | None) -> Answer:
    """What the mail of somebody on our list comes to; an old one read late takes nobody off again."""
    if subscriber.status not in (Standing.ACTIVE, Standing.PENDING):
        return Answer.GONE
    confirmed = subscriber.confirmed_at
    return Answer.OUTDATED if received and confirmed and received < confirmed else Answer.LEFT
