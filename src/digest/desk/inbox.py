"""How an edition stands in the list of mails, before anybody opens it."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parseaddr
from typing import Final


@dataclass(frozen=True, slots=True)
class Client:
    """A mail program's list, in characters as its usual width shows them.

    `together` is the room for subject and preheader in one row; else each has its own.
    """

    name: str
    subject: int
    preheader: int
    together: bool = False


# Typical windows; a wider one shows more, a larger font less.
PHONE: Final = Client("Apple Mail on a phone", 41, 90)
CLIENTS: Final = (
    Client("Gmail in a browser", 70, 70, together=True),
    PHONE,
    Client("Outlook on a desktop", 55, 55),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One mail in one program's list; `*_rest` is what does not fit."""

    client: str
    together: bool
    subject: str
    subject_rest: str
    preheader: str
    preheader_rest: str


def rows(subject: str, preheader: str) -> list[Row]:
    """The edition in every program's list."""
    return [_row(client, subject, preheader) for client in CLIENTS]


def sender_name(mailbox: str) -> str:
    """What a list shows of `Name <a@b>`: the name, or the address where there is none."""
    name, address = parseaddr(mailbox)
    return name or address or mailbox


def _row(client: Client, subject: str, preheader: str) -> Row:
    shown, rest = cut(subject, client.subject)
    room = max(0, client.subject - len(subject)) if client.together else client.preheader
    seen, unseen = cut(preheader, room)
    return Row(client.name, client.together, shown, rest, seen, unseen)


def cut(text: str, room: int) -> tuple[str, str]:
    """What fits into `room` characters, one of them the ellipsis where something does not; and the rest."""
    if len(text) <= room:
        return text, ""
    kept = text[: max(0, room - 1)].rstrip()
    return kept, text[len(kept) :]
