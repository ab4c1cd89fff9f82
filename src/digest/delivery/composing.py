"""Encodes one email once, into fixed pieces; one reader's message is those pieces joined with their links."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

from digest.delivery.headers import (
    BY_MAIL,
    LINE_LIMIT,
    ONE_CLICK,
    PERSONAL,
    UNSUBSCRIBE,
    URL,
    Headers,
    personal_fields,
    shared_fields,
)
from digest.delivery.mailboxes import ascii_address
from digest.delivery.signing import Signing
from digest.delivery.wire import FINAL_DOT, stuffed
from digest.errors import RenderError
from digest.rendering.rendered import Rendered, cut_at_links

CRLF = b"\r\n"
SOFT_BREAK = b"=\r\n"
QUOTED_COLUMNS = 75  # a soft break's "=" is the 76th (RFC 2045 §6.7)

_LINE_END = re.compile(r"\r\n?")
_UNSAFE = re.compile(rb"[^\n\t !-<>-~]|[ \t](?=\n|\Z)")


class _Slot(NamedTuple):
    """The place of one reader's own link."""

    name: str
    in_html: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """One reader's message as it goes over the wire.

    `to` is the address as SMTP writes it; `data` is dot-stuffed and ends with the final dot; `octets` is its
    size as SMTP counts it, without those dots (RFC 1870 §3).
    """

    to: str
    octets: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Pieces:
    """One email, encoded for everybody, with gaps for what differs between readers."""

    head: bytes
    mime: bytes
    body: tuple[bytes | _Slot, ...]
    one_click: bool
    signing: Signing[_Slot] | None = None
    stuffed: tuple[bytes | _Slot, ...] = ()  # the body once more, for the wire
    dots: int = 0  # how many octets longer that is
    gaps: tuple[_Slot, ...] = ()  # of the body, in their order
    links: frozenset[str] = frozenset()  # the names of those that `message` must be given

    def message(self, *, to: str, message_id: str, date: datetime, links: Mapping[str, str]) -> bytes:
        """One reader's whole message: 7-bit, CRLF line ends, not dot-stuffed (RFC 5322).

        `date` must be aware; `links` maps names to http(s) URLs and may hold more than is needed.
        Raises BadRecipient, and RenderError for a link that is missing or cannot stand in a message.
        """
        start, slots = self._own(ascii_address(to), message_id, date, links)
        return b"".join((start, *_joined(self.body, slots)))

    def letter(self, *, to: str, message_id: str, date: datetime, links: Mapping[str, str]) -> Letter:
        """The same message, ready for the wire; raises the same."""
        address = ascii_address(to)
        start, slots = self._own(address, message_id, date, links)
        filled = {slot: stuffed(value) for slot, value in slots.items()}
        data = b"".join((start, *_joined(self.stuffed, filled), FINAL_DOT))
        dots = self.dots + sum(len(filled[slot]) - len(slots[slot]) for slot in self.gaps)
        return Letter(address, len(data) - len(FINAL_DOT) - dots, data)

    def _own(
        self, to: str, message_id: str, date: datetime, links: Mapping[str, str]
    ) -> tuple[bytes, dict[_Slot, bytes]]:
        """One reader's headers with the blank line, and what fills the gaps of the body."""
        urls = {name: _link(name, links) for name in self.links}
        slots = {slot: _filled(slot, urls) for slot in self.gaps}
        leaving = _leaving(urls, links) if self.one_click else (None, None)
        personal = personal_fields(to, message_id, date, *leaving)
        signatures = self.signing.signatures(personal, slots, date) if self.signing else b""
        return b"".join((signatures, self.head, personal, self.mime, CRLF)), slots


def compose(rendered: Rendered, envelope: Headers, *, text_only: bool = False) -> Pieces:
    """Encode subject, text and HTML once, cut at the readers' links; or `text_only`, a mail of one part.

    Raises RenderError where a link's stand-in is damaged, ConfigError where a header value cannot be sent.
    """
    if not rendered.marker or rendered.marker.lower() in rendered.subject.lower():
        raise RenderError("a reader's own link cannot stand in a subject, and a marker cannot be empty")
    mime, parts = _text_alone(rendered) if text_only else _both_parts(rendered)
    head, body = shared_fields(rendered.subject, envelope), _merged(parts)
    personal = PERSONAL + ONE_CLICK if envelope.list_unsubscribe else PERSONAL
    # Behind a link that ends the text stands an empty line, which is not signed (RFC 6376 §3.4.4).
    shown = body[:-1] if body[-1] == CRLF else body
    signing = envelope.signer.prepare(head + mime, personal, shown) if envelope.signer else None
    wired = tuple(stuffed(piece) if isinstance(piece, bytes) else piece for piece in body)
    dots = sum(len(piece) for piece in wired) - sum(len(piece) for piece in body)
    gaps = tuple(piece for piece in body if isinstance(piece, _Slot))
    links = {slot.name for slot in gaps} | ({UNSUBSCRIBE} if envelope.list_unsubscribe else set())
    return Pieces(head, mime, body, envelope.list_unsubscribe, signing, wired, dots, gaps, frozenset(links))


def _both_parts(rendered: Rendered) -> tuple[bytes, list[bytes | _Slot]]:
    """MIME header and body of a mail with text and HTML, of which mail programs show one."""
    text = _cut(rendered.text, rendered.marker, in_html=False)
    page = _cut(rendered.html, rendered.marker, in_html=True)
    between = _boundary(rendered)
    start, middle = _part_head(between, "plain"), CRLF + _part_head(between, "html")
    return _mime_head(between), [start, *text, middle, *page, f"\r\n--{between}--\r\n".encode()]


def _text_alone(rendered: Rendered) -> tuple[bytes, list[bytes | _Slot]]:
    """MIME header and body of a mail that is its text part, with one line break at the end."""
    text = _cut(rendered.text.rstrip("\r\n"), rendered.marker, in_html=False)
    return b"MIME-Version: 1.0\r\n" + _kind("plain"), [*text, CRLF]


def _cut(source: str, marker: str, *, in_html: bool) -> list[bytes | _Slot]:
    """Literals, each ending with a soft break so that any encoded link may follow, and slots in turn."""
    literals, names = cut_at_links(source, marker)
    if any(marker.lower() in literal.lower() for literal in literals):
        raise RenderError("a reader's own link was damaged on its way through the template")
    pieces: list[bytes | _Slot] = []
    for literal, name in zip(literals[:-1], names, strict=True):
        pieces += [_quoted(literal) + SOFT_BREAK, _Slot(name, in_html)]
    return [*pieces, _quoted(literals[-1])]


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
    """A link as quoted-printable: it is plain ASCII in one line, of which only `=` needs quoting."""
    url = html.escape(urls[slot.name]) if slot.in_html else urls[slot.name]
    return SOFT_BREAK.join(_wrapped(url.replace("=", "=3D").encode("ascii"))) + SOFT_BREAK


def _link(name: str, links: Mapping[str, str]) -> str:
    url = links.get(name)
    if url is None:
        raise RenderError(f"the email needs a link called {name!r}")
    if not URL.fullmatch(url) or len(url) > LINE_LIMIT - len("List-Unsubscribe: <>"):
        raise RenderError(f"the link called {name!r} is not a URL that a header can carry")
    return url


def _leaving(urls: Mapping[str, str], links: Mapping[str, str]) -> tuple[str, str | None]:
    """The web and, where there is one, the mail address of the List-Unsubscribe header: one line in all."""
    url, by_mail = urls[UNSUBSCRIBE], _link(BY_MAIL, links) if BY_MAIL in links else None
    if by_mail and len(url) + len(by_mail) > LINE_LIMIT - len("List-Unsubscribe: <>, <>"):
        raise RenderError("the addresses to leave by are too long for one header line")
    return url, by_mail


def _quoted(text: str) -> bytes:
    """`text` as quoted-printable UTF-8 (RFC 2045 §6.7); any kind of line end becomes a CRLF."""
    data = _LINE_END.sub("\n", text).encode("utf-8", "replace")
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


def _joined(body: Iterable[bytes | _Slot], slots: Mapping[_Slot, bytes]) -> Iterator[bytes]:
    return (piece if isinstance(piece, bytes) else slots[piece] for piece in body)


def _boundary(rendered: Rendered) -> str:
    # Quoted-printable never writes "=_", so no part can hold the boundary, whatever a link looks like.
    content = f"{rendered.subject}\0{rendered.text}\0{rendered.html}".encode("utf-8", "replace")
    return "=_" + blake2b(content, digest_size=12).hexdigest()


def _mime_head(boundary: str) -> bytes:
    kind = f'multipart/alternative;\r\n boundary="{boundary}"'
    return f"MIME-Version: 1.0\r\nContent-Type: {kind}\r\n".encode()


def _part_head(boundary: str, kind: str) -> bytes:
    return f"--{boundary}\r\n".encode() + _kind(kind) + CRLF


def _kind(kind: str) -> bytes:
    encoding = "Content-Transfer-Encoding: quoted-printable"
    return f"Content-Type: text/{kind}; charset=utf-8\r\n{encoding}\r\n".encode()
