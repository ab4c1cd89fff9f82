"""The message around the two parts: what a server or a mail program needs to find in its headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from digest.checking.addresses import fault
from digest.checking.findings import Finding, Level, listed
from digest.checking.mail import Mail

CHECK = "headers"
LONGEST_LINE = 998  # octets without CRLF (RFC 5322 §2.1.1)
ONCE = ("From", "To", "Date", "Message-ID", "Subject", "MIME-Version", "Content-Type")
LIST = ("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post")
ONE_CLICK = "List-Unsubscribe=One-Click"
_MESSAGE_ID = re.compile(r"<[^\s<>@]+@[^\s<>@]+>")
_URI = re.compile(r"<([^<>]*)>")
_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")

Fault = tuple[Level, str]


def check_headers(mail: Mail) -> Iterator[Finding]:
    """All that is missing, doubled or malformed, worst first."""
    message = message_from_bytes(mail.message)
    faults = [
        *_present(message),
        *_values(message, mail),
        *_leaving(message),
        *_structure(message),
        *_lines(mail),
    ]
    for level, said in ((Level.ERROR, "faults"), (Level.WARNING, "doubts")):
        if lines := listed(line for at, line in faults if at is level):
            yield Finding(CHECK, level, f"the message has {said} in its headers or its lines", lines)
    if not faults:
        message_size = len(mail.message)
        yield Finding(CHECK, Level.OK, f"every header is there; the message is {message_size:,} bytes")


def _values_of(message: Message, name: str) -> list[str]:
    return [str(value).strip() for value in message.get_all(name, [])]


def _value(message: Message, name: str) -> str:
    return next(iter(_values_of(message, name)), "")


def _present(message: Message) -> Iterator[Fault]:
    for name in (*ONCE, *LIST):
        values = _values_of(message, name)
        if not values or not values[0]:
            yield Level.ERROR, f"{name} is missing"
        elif len(values) > 1:
            yield Level.ERROR, f"{name} stands there {len(values)} times"


def _values(message: Message, mail: Mail) -> Iterator[Fault]:
    for name in ("From", "To"):
        value = _value(message, name)
        addresses = [address for _, address in getaddresses([value])]
        if value and (len(addresses) != 1 or "@" not in addresses[0]):
            yield Level.ERROR, f"{name} is not one address"
    identity, date = _value(message, "Message-ID"), _value(message, "Date")
    if identity and not _MESSAGE_ID.fullmatch(identity):
        yield Level.ERROR, "Message-ID is not <name@domain>"
    if date and not _is_date(date):
        yield Level.ERROR, "Date is not a date"
    subject = _value(message, "Subject")
    if subject and _decoded(subject) != " ".join(mail.subject.split()):
        yield Level.ERROR, "Subject is not the subject of this mail"


def _is_date(value: str) -> bool:
    try:
        return parsedate_to_datetime(value).tzinfo is not None
    except (ValueError, OverflowError):
        return False


def _decoded(value: str) -> str | None:
    try:
        return " ".join(str(make_header(decode_header(value))).split())
    except (ValueError, LookupError, MessageError):
        return None


def _leaving(message: Message) -> Iterator[Fault]:
    """One https address and the one-click line, unfolded (RFC 8058 §3.1, §5)."""
    value = _value(message, "List-Unsubscribe")
    web = [uri.strip() for uri in _URI.findall(value) if uri.strip().lower().startswith(("http:", "https:"))]
    if value and len(web) != 1:
        yield Level.ERROR, f"List-Unsubscribe must hold one https address, not {len(web)}"
    elif web and (bad := fault(web[0])):
        yield bad[0], f"the address in List-Unsubscribe {bad[1]}"
    post = _value(message, "List-Unsubscribe-Post")
    if post and post != ONE_CLICK:
        yield Level.ERROR, f"List-Unsubscribe-Post must be {ONE_CLICK}"


def _structure(message: Message) -> Iterator[Fault]:
    if message.get_content_type() != "multipart/alternative":
        yield Level.ERROR, f"the message is {message.get_content_type()}, not multipart/alternative"
        return
    parts = [part for part in message.get_payload() if isinstance(part, Message)]
    kinds = [part.get_content_type() for part in parts]
    if kinds != ["text/plain", "text/html"]:
        yield (
            Level.ERROR,
            f"the parts must be text/plain and then text/html, not {', '.join(kinds) or 'nothing'}",
        )
    for part in parts:
        if (part.get_content_charset() or "") not in {"utf-8", "us-ascii"}:
            yield Level.ERROR, f"{part.get_content_type()} does not say charset=utf-8"


def _lines(mail: Mail) -> Iterator[Fault]:
    longest = max(map(len, mail.message.split(b"\r\n")))
    if longest > LONGEST_LINE:
        yield Level.ERROR, f"a line has {longest:,} bytes; servers take {LONGEST_LINE}"
    if _BARE.search(mail.message):
        yield Level.ERROR, "a line does not end with CRLF"
    head = mail.message.partition(b"\r\n\r\n")[0]
    if not head.isascii():
        yield Level.ERROR, "a header holds bytes that are not ASCII"
