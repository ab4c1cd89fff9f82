"""The header fields of a mail: those that all copies share, and those of one reader."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime, getaddresses
from functools import lru_cache
from hashlib import blake2b
from textwrap import wrap

from digest.delivery.mailboxes import ascii_address
from digest.delivery.signing import Signer
from digest.errors import ConfigError
from digest.mailbox import ATOMS, ascii_domain, is_domain

UNSUBSCRIBE = "unsubscribe"
"""The link that stands in the List-Unsubscribe header and answers one-click POSTs."""
BY_MAIL = "unsubscribe-by-mail"
"""The mailto: address that may stand behind it; any mail to there does the same."""

PERSONAL = ("To", "Date", "Message-ID")  # in the order in which `personal_fields` writes them
ONE_CLICK = ("List-Unsubscribe", "List-Unsubscribe-Post")  # behind those
SUBJECT_LIMIT = 998  # characters; Gmail takes no more
LINE_LIMIT = 998  # octets without CRLF (RFC 5322 §2.1.1)
FOLD_AT = 78
WORD_BYTES = 39  # of UTF-8 in one encoded word, so that its line keeps to 76 columns (RFC 2047 §2)
URL = re.compile(r"(https?://|mailto:)[!-;=?-~]+")

_MESSAGE_ID = re.compile(rf"<{ATOMS}(\.{ATOMS})*@[A-Za-z0-9_.-]+>")
_CONTROLS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """What stands above every reader's copy of one email.

    `sender` and `reply_to` are `Name <a@b>` or `a@b`; `list_id` is `label.domain` without brackets and marks
    list mail; `bulk` is for editions, `auto_submitted` for notices. `list_archive` is a web or mailto: URL.
    `signer` makes the DKIM-Signatures, which stand above all the others.
    """

    sender: str
    name: str = ""
    reply_to: str | None = None
    list_id: str | None = None
    list_unsubscribe: bool = False
    list_archive: str | None = None
    feedback_id: str | None = None
    bulk: bool = False
    auto_submitted: bool = False
    signer: Signer | None = None


def message_id(seed: str, subscriber: str, domain: str) -> str:
    """The Message-ID of one mailing (`seed`) to one subscriber: the same on every try, no other's.

    Raises ConfigError when `domain` is no domain name.
    """
    host = ascii_domain(domain)
    if not is_domain(host):
        raise ConfigError(f"a Message-ID needs a domain name, not {domain!r}")
    name = blake2b(f"{len(seed)}:{seed}{subscriber}".encode(), digest_size=16, person=b"digest-mail-id")
    return f"<{name.hexdigest()}@{host}>"


def personal_fields(
    to: str, message_id: str, date: datetime, unsubscribe: str | None, by_mail: str | None = None
) -> bytes:
    """The header lines that differ between readers; the one-click pair stays unfolded (RFC 8058 §5)."""
    if (offset := date.utcoffset()) is None:
        raise ValueError("a message's date needs a time zone")
    date = date.replace(microsecond=0)
    if not _MESSAGE_ID.fullmatch(message_id) or len(message_id) > 500:
        raise ValueError(f"not a Message-ID: {message_id!r}")
    fields = f"To: {to}\r\nDate: {_date(date, offset)}\r\nMessage-ID: {message_id}\r\n"
    if unsubscribe:
        mailto = f", <{by_mail}>" if by_mail else ""  # behind: some programs know only the first
        fields += f"List-Unsubscribe: <{unsubscribe}>{mailto}\r\n"
        fields += "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    return fields.encode("ascii")


@lru_cache(maxsize=64)
def _date(date: datetime, _offset: timedelta) -> str:
    return format_datetime(date)


def shared_fields(subject: str, envelope: Headers) -> bytes:
    """The header lines that are the same for everybody, in one block without the blank line."""
    fields = [
        ("From", _mailbox(envelope.sender)),
        ("Subject", _unstructured(subject)),
        ("Reply-To", _mailbox(envelope.reply_to) if envelope.reply_to else None),
        ("List-Id", _list_id(envelope.name, envelope.list_id) if envelope.list_id else None),
        ("List-Post", "NO" if envelope.list_id else None),
        ("List-Archive", _bracketed("List-Archive", envelope.list_archive)),
        ("Precedence", "bulk" if envelope.bulk else None),
        ("Auto-Submitted", "auto-generated" if envelope.auto_submitted else None),
        ("Feedback-ID", _printable("Feedback-ID", envelope.feedback_id)),
    ]
    return "".join(f"{name}: {value}\r\n" for name, value in fields if value is not None).encode("ascii")


def _mailbox(mailbox: str) -> str:
    """`Name <a@b>` with the name quoted or encoded; raises ConfigError when there is no address in it."""
    try:
        ((name, address),) = getaddresses([_one_line(mailbox)])
        address = ascii_address(address)
    except ValueError as error:
        raise ConfigError(f"expected one address, as in Name <a@b.org>, not {mailbox!r}") from error
    if not name:
        return address
    phrase = _quoted_string(name) or _encoded_words(name)
    gap = " " if len(phrase) + len(address) < FOLD_AT - len("Reply-To:  <>") else "\r\n "
    return f"{phrase}{gap}<{address}>"


def _list_id(name: str, identifier: str) -> str:
    """`"Name" <label.domain>` of at most 255 octets; a name past quoting is left out (RFC 2919 §2)."""
    if not is_domain(identifier):
        raise ConfigError(f"a list id is label.domain, not {identifier!r}")
    phrase = _quoted_string(_one_line(name)) if name else None
    named = f"{phrase} <{identifier}>"
    return named if phrase and len(named) <= 255 else f"<{identifier}>"


def _bracketed(field: str, url: str | None) -> str | None:
    if url is None:
        return None
    if not URL.fullmatch(url):
        raise ConfigError(f"{field}: expected an https: or mailto: URL, not {url!r}")
    return _printable(field, f"<{url}>")


def _printable(field: str, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(rf"[!-~][ -~]{{0,{LINE_LIMIT - len(field) - 3}}}", value):
        raise ConfigError(f"{field}: expected one short line of plain ASCII, not {value!r}")
    return value


def _unstructured(text: str) -> str:
    """A subject as header text, folded at spaces, or as RFC 2047 encoded words."""
    line = _one_line(text)[:SUBJECT_LIMIT]
    folded = wrap(line, FOLD_AT - len("Subject: "), break_long_words=False, break_on_hyphens=False)
    if not line.isascii() or "=?" in line or any(len(part) >= FOLD_AT for part in folded):
        return _encoded_words(line)
    return "\r\n ".join(folded)


def _one_line(text: str) -> str:
    """`text` without line ends, control characters and lone surrogates, which become a single space."""
    return _CONTROLS.sub(" ", text).strip(" ")


def _quoted_string(text: str) -> str | None:
    """`text` as an RFC 5322 quoted-string, or None when it is not short plain ASCII."""
    if not text.isascii() or "=?" in text or len(text) > 60:
        return None
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def _encoded_words(text: str) -> str:
    """`text` as RFC 2047 encoded words, one to a line, never cut inside a character."""
    chunks = [b""]
    for character in text:
        encoded = character.encode()
        if len(chunks[-1]) + len(encoded) > WORD_BYTES:
            chunks.append(b"")
        chunks[-1] += encoded
    return "\r\n ".join(f"=?utf-8?b?{b64encode(chunk).decode()}?=" for chunk in chunks)
