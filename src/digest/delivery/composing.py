"""Encodes one email once, into fixed pieces; one reader's message is those pieces joined with their links."""

from __future__ import annotations

import html
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, getaddresses
from hashlib import blake2b
from textwrap import wrap
from typing import NamedTuple

import idna

from digest.delivery.signing import Signer, Signing
from digest.errors import ConfigError, DigestError, RenderError
from digest.rendering.rendered import Rendered

UNSUBSCRIBE = "unsubscribe"
"""The link that stands in the List-Unsubscribe header and answers one-click POSTs."""

CRLF = b"\r\n"
SOFT_BREAK = b"=\r\n"
PERSONAL = ("To", "Date", "Message-ID")
ONE_CLICK = ("List-Unsubscribe", "List-Unsubscribe-Post")
QUOTED_COLUMNS = 75  # a soft break's "=" is the 76th (RFC 2045 §6.7)
SUBJECT_LIMIT = 998  # characters; Gmail takes no more
LINE_LIMIT = 998  # octets without CRLF (RFC 5322 §2.1.1)
FOLD_AT = 78
WORD_BYTES = 39  # of UTF-8 in one encoded word, so that its line keeps to 76 columns (RFC 2047 §2)

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"(?=.{{1,64}}\Z){_ATEXT}(\.{_ATEXT})*")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")
_MESSAGE_ID = re.compile(rf"<{_ATEXT}(\.{_ATEXT})*@[A-Za-z0-9_.-]+>")
_URL = re.compile(r"(https?://|mailto:)[!-;=?-~]+")
_CONTROLS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_UNSAFE = re.compile(rb"[^\n\t !-<>-~]|[ \t](?=\n|\Z)")


class BadRecipient(DigestError, ValueError):
    """The address cannot be written in plain SMTP; only this one reader is affected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """What stands above every reader's copy of one email.

    `sender` and `reply_to` are `Name <a@b>` or `a@b`; `list_id` is `label.domain` without brackets and marks
    list mail; `bulk` is for editions, `auto_submitted` for notices. The list URLs are https: or mailto:.
    `signer` makes the DKIM-Signatures, which stand above all the others.
    """

    sender: str
    name: str = ""
    reply_to: str | None = None
    list_id: str | None = None
    list_unsubscribe: bool = False
    list_owner: str | None = None
    list_help: str | None = None
    list_archive: str | None = None
    feedback_id: str | None = None
    bulk: bool = False
    auto_submitted: bool = False
    signer: Signer | None = None


class _Slot(NamedTuple):
    """The place of one reader's own link."""

    name: str
    in_html: bool


@dataclass(frozen=True, slots=True)
class Pieces:
    """One email, encoded for everybody, with gaps for what differs between readers."""

    head: bytes
    mime: bytes
    body: tuple[bytes | _Slot, ...]
    one_click: bool
    signing: Signing[_Slot] | None = None

    @property
    def links(self) -> frozenset[str]:
        """The names of the links that `message` must be given."""
        used = {piece.name for piece in self.body if isinstance(piece, _Slot)}
        return frozenset(used | ({UNSUBSCRIBE} if self.one_click else set()))

    def message(self, *, to: str, message_id: str, date: datetime, links: Mapping[str, str]) -> bytes:
        """One reader's whole message: 7-bit, CRLF line ends, not dot-stuffed (RFC 5322).

        `date` must be aware; `links` maps names to http(s) URLs and may hold more than is needed.
        Raises BadRecipient, and RenderError for a link that is missing or cannot stand in a message.
        """
        urls = {name: _link(name, links) for name in self.links}
        slots = {piece: _filled(piece, urls) for piece in self.body if isinstance(piece, _Slot)}
        personal = _personal(to, message_id, date, urls[UNSUBSCRIBE] if self.one_click else None)
        signatures = self.signing.signatures(personal, slots, date) if self.signing else b""
        filled = (piece if isinstance(piece, bytes) else slots[piece] for piece in self.body)
        return b"".join((signatures, self.head, personal, self.mime, CRLF, *filled))


def compose(rendered: Rendered, envelope: Headers) -> Pieces:
    """Encode subject, text and HTML once, cut at the readers' links.

    Raises RenderError where a link's stand-in is damaged, ConfigError where a header value cannot be sent.
    """
    if not rendered.marker or rendered.marker.lower() in rendered.subject.lower():
        raise RenderError("a reader's own link cannot stand in a subject, and a marker cannot be empty")
    text = _cut(rendered.text, rendered.marker, in_html=False)
    page = _cut(rendered.html, rendered.marker, in_html=True)
    between = _boundary(rendered)
    body = _merged(
        [
            _part_head(between, "plain"),
            *text,
            CRLF + _part_head(between, "html"),
            *page,
            f"\r\n--{between}--\r\n".encode(),
        ]
    )
    head, mime = _shared_head(rendered.subject, envelope), _mime_head(between)
    personal = PERSONAL + ONE_CLICK if envelope.list_unsubscribe else PERSONAL
    signing = envelope.signer.prepare(head + mime, personal, body) if envelope.signer else None
    return Pieces(head, mime, body, envelope.list_unsubscribe, signing)


def message_id(seed: str, subscriber: str, domain: str) -> str:
    """The Message-ID of one mailing (`seed`) to one subscriber: the same on every try, no other's.

    Raises ConfigError when `domain` is no domain name.
    """
    host = _ascii_domain(domain)
    if not _DOMAIN.fullmatch(host):
        raise ConfigError(f"a Message-ID needs a domain name, not {domain!r}")
    name = blake2b(f"{len(seed)}:{seed}{subscriber}".encode(), digest_size=16, person=b"digest-mail-id")
    return f"<{name.hexdigest()}@{host}>"


def ascii_address(address: str) -> str:
    """`address` as SMTP without SMTPUTF8 can carry it: the domain as A-labels (RFC 5321 §4.1.2, RFC 5891).

    Raises BadRecipient for anything but `dot-atom@domain`; the message does not repeat the address.
    """
    local, _, domain = address.rpartition("@")
    if not _LOCAL.fullmatch(local):
        raise BadRecipient("the part before the @ has characters or a length that plain SMTP cannot carry")
    host = _ascii_domain(domain)
    if not _DOMAIN.fullmatch(host) or len(local) + len(host) > 253:
        raise BadRecipient("the part after the @ is not a domain name")
    return f"{local}@{host}"


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode()
    except UnicodeError:
        return ""


# --- the body ---


def _cut(source: str, marker: str, *, in_html: bool) -> list[bytes | _Slot]:
    """Literals, each ending with a soft break so that any encoded link may follow, and slots in turn."""
    parts = re.split(rf"https://{re.escape(marker)}\.invalid/([a-z][a-z-]*)", source)
    if any(marker.lower() in literal.lower() for literal in parts[::2]):
        raise RenderError("a reader's own link was damaged on its way through the template")
    pieces: list[bytes | _Slot] = []
    for literal, name in zip(parts[:-1:2], parts[1::2], strict=True):
        pieces += [_quoted(literal) + SOFT_BREAK, _Slot(name, in_html)]
    return [*pieces, _quoted(parts[-1])]


def _merged(pieces: Iterable[bytes | _Slot]) -> tuple[bytes | _Slot, ...]:
    """`pieces` with neighbouring literals joined: each is whole lines then, as signing wants it."""
    merged: list[bytes | _Slot] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if isinstance(piece, bytes) and isinstance(last, bytes):
            merged[-1] = last + piece
        else:
            merged.append(piece)
    return tuple(merged)


def _filled(slot: _Slot, urls: Mapping[str, str]) -> bytes:
    url = urls[slot.name]
    return _quoted(html.escape(url) if slot.in_html else url) + SOFT_BREAK


def _link(name: str, links: Mapping[str, str]) -> str:
    url = links.get(name)
    if url is None:
        raise RenderError(f"the email needs a link called {name!r}")
    if not _URL.fullmatch(url) or len(url) > LINE_LIMIT - len("List-Unsubscribe: <>"):
        raise RenderError(f"the link called {name!r} is not a URL that a header can carry")
    return url


def _quoted(text: str) -> bytes:
    """`text` as quoted-printable UTF-8 (RFC 2045 §6.7); any kind of line end becomes a CRLF."""
    data = re.sub(r"\r\n?", "\n", text).encode("utf-8", "replace")
    escaped = _UNSAFE.sub(lambda match: b"=%02X" % match[0][0], data)
    return CRLF.join(SOFT_BREAK.join(_wrapped(line)) for line in escaped.split(b"\n"))


def _wrapped(line: bytes) -> Iterator[bytes]:
    """`line` in pieces of at most 75 octets, never cut inside an `=XX`."""
    start = 0
    while len(line) - start > QUOTED_COLUMNS:
        tail = line[start + QUOTED_COLUMNS - 2 : start + QUOTED_COLUMNS]
        end = start + QUOTED_COLUMNS - (2 - tail.index(b"=") if b"=" in tail else 0)
        yield line[start:end]
        start = end
    yield line[start:]


def _boundary(rendered: Rendered) -> str:
    # Quoted-printable never writes "=_", so no part can hold the boundary, whatever a link looks like.
    content = f"{rendered.subject}\0{rendered.text}\0{rendered.html}".encode("utf-8", "replace")
    return "=_" + blake2b(content, digest_size=12).hexdigest()


def _mime_head(boundary: str) -> bytes:
    kind = f'multipart/alternative;\r\n boundary="{boundary}"'
    return f"MIME-Version: 1.0\r\nContent-Type: {kind}\r\n".encode()


def _part_head(boundary: str, kind: str) -> bytes:
    encoding = "Content-Transfer-Encoding: quoted-printable"
    return f"--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\n{encoding}\r\n\r\n".encode()


# --- the headers ---


def _personal(to: str, message_id: str, date: datetime, unsubscribe: str | None) -> bytes:
    """The header lines that differ between readers; the one-click pair stays unfolded (RFC 8058 §5)."""
    if date.utcoffset() is None:
        raise ValueError("a message's date needs a time zone")
    if not _MESSAGE_ID.fullmatch(message_id) or len(message_id) > 500:
        raise ValueError(f"not a Message-ID: {message_id!r}")
    fields = [*zip(PERSONAL, (ascii_address(to), format_datetime(date), message_id), strict=True)]
    if unsubscribe:
        fields += zip(ONE_CLICK, (f"<{unsubscribe}>", "List-Unsubscribe=One-Click"), strict=True)
    return "".join(f"{name}: {value}\r\n" for name, value in fields).encode("ascii")


def _shared_head(subject: str, envelope: Headers) -> bytes:
    """The header lines that are the same for everybody, in one block without the blank line."""
    fields = [
        ("From", _mailbox(envelope.sender)),
        ("Subject", _unstructured(subject)),
        ("Reply-To", _mailbox(envelope.reply_to) if envelope.reply_to else None),
        ("List-Id", _list_id(envelope.name, envelope.list_id) if envelope.list_id else None),
        ("List-Post", "NO" if envelope.list_id else None),
        ("List-Owner", _bracketed("List-Owner", envelope.list_owner)),
        ("List-Help", _bracketed("List-Help", envelope.list_help)),
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
    if not _DOMAIN.fullmatch(identifier):
        raise ConfigError(f"a list id is label.domain, not {identifier!r}")
    phrase = _quoted_string(_one_line(name)) if name else None
    named = f"{phrase} <{identifier}>"
    return named if phrase and len(named) <= 255 else f"<{identifier}>"


def _bracketed(field: str, url: str | None) -> str | None:
    if url is None:
        return None
    if not _URL.fullmatch(url):
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
