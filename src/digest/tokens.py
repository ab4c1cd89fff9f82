"""Links that only we can make: a purpose, an opaque subscriber id and a MAC, in one header line.

Layout before base64url: purpose (1 byte), key id (1), subscriber id (12), then only for purposes that expire
issued at (4, Unix seconds big-endian) and generation (2), at last a keyed BLAKE2b MAC (12) that differs by
purpose, so that a token made for one cannot be used for another. Those that never expire have 35 characters.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from digest.errors import ExpiredToken, InvalidToken

ID_BYTES = 12
SHARED_BYTES = 4  # of the ids of people who come together
MAC_BYTES = 12
LENGTH = 35  # characters of a token that does not expire, as unsubscribe and preferences links have it
GENERATIONS = 65536  # as many as two bytes tell apart
TAG_LENGTH = 42  # characters of the same as a tag in a mail address


class Purpose(IntEnum):
    """What a link may do; the number is in the token, so members are never renumbered."""

    UNSUBSCRIBE = 1
    CONFIRM = 2
    PREFERENCES = 3
    CHANGE = 4
    RETURN = 5
    DATA = 6


LIFETIMES = {
    Purpose.CONFIRM: timedelta(days=7),
    Purpose.CHANGE: timedelta(days=2),
    Purpose.RETURN: timedelta(minutes=1),
    Purpose.DATA: timedelta(days=1),
}


Reread = Callable[[], Mapping[int, bytes]]


@dataclass(frozen=True, slots=True)
class Token:
    """What a genuine link says.

    `issued_at` is None for purposes that never expire. `generation` is two bytes of how often the person had
    left when the link was made, so that an old one brings back nobody who left later; where it confirms a new
    address, of how often they had asked for one.
    """

    purpose: Purpose
    subscriber: str  # hexadecimal public id
    issued_at: datetime | None = None
    generation: int = 0

    def is_of(self, generation: int) -> bool:
        """Whether it was made when the person's own count stood there."""
        return self.generation == generation % GENERATIONS

    def is_over(self, now: datetime) -> bool:
        """Whether it was made for a time that is over."""
        return self.issued_at is not None and now - self.issued_at > LIFETIMES[self.purpose]


@dataclass(frozen=True)
class Keyring:
    """The signing keys by id (0–255); `current` makes new tokens, the others still check old ones.

    `reread` is asked for all the keys there are when somebody names one that is not known here: it may have
    been added since, and another process may sign with it already.
    """

    keys: Mapping[int, bytes] = field(repr=False)
    current: int
    reread: Reread | None = field(default=None, repr=False, compare=False)

    def issue(self, purpose: Purpose, subscriber: str, now: datetime, generation: int = 0) -> str:
        """A token for `subscriber` (hexadecimal public id) and `purpose`."""
        body = struct.pack(">BB", purpose, self.current) + bytes.fromhex(subscriber)
        if purpose in LIFETIMES:
            body += struct.pack(">IH", int(now.timestamp()), generation % GENERATIONS)
        mac = _mac(self.keys[self.current], purpose, body)
        return base64.urlsafe_b64encode(body + mac).rstrip(b"=").decode()

    def read(self, text: str, purpose: Purpose, now: datetime) -> Token:
        """What `text` says, if it is ours, whole, for `purpose` and not expired.

        Raises InvalidToken or ExpiredToken; every reason for InvalidToken looks the same from outside.
        """
        token = self.read_old(text, purpose)
        if token.is_over(now):
            raise ExpiredToken("this link has expired")
        return token

    def read_old(self, text: str, purpose: Purpose) -> Token:
        """The same, however long ago it was made; raises InvalidToken."""
        body, mac = _split(text, purpose)
        key = self.key(body[1])
        if key is None or not hmac.compare_digest(mac, _mac(key, purpose, body)):
            raise InvalidToken("this link is not one of ours, or it was damaged on the way")
        return _unpack(purpose, body)

    def key(self, number: int) -> bytes | None:
        """The key of this id, also one that was added since; None for one there never was, or is no more."""
        key = self.keys.get(number)
        return self.reread().get(number) if key is None and self.reread else key


def new_public_id() -> str:
    """A fresh opaque subscriber id: 12 random bytes in hexadecimal."""
    return secrets.token_hex(ID_BYTES)


def new_public_ids(count: int) -> list[str]:
    """As many of them with the first 4 bytes in common: an index takes those that stand together quicker.

    The other 8 are random, and what links reveal is whether two people came in the same batch of a file.
    """
    beginning, every = secrets.token_hex(SHARED_BYTES), secrets.token_hex((ID_BYTES - SHARED_BYTES) * count)
    each = 2 * (ID_BYTES - SHARED_BYTES)
    return [beginning + every[at : at + each] for at in range(0, len(every), each)]


def tag_of(token: str) -> str:
    """An unsubscribe token as a tag in a mail address, where small and large letters may be confused."""
    return base64.b32encode(_decoded(token)).rstrip(b"=").decode().lower()


def token_of(tag: str) -> str:
    """The token of such a tag, in letters of any size; raises InvalidToken for what can be none."""
    try:
        raw = base64.b32decode(tag.upper().encode("ascii") + b"=" * (-len(tag) % 8))
    except (ValueError, binascii.Error) as error:
        raise InvalidToken("this tag is not one of ours, or it was damaged on the way") from error
    token = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    if tag_of(token) != tag.lower():  # base32 ignores the unused low bits of a last character, too
        raise InvalidToken("this tag is not one of ours, or it was damaged on the way")
    return token


def address_hash(key: bytes, canonical: str) -> str:
    """The keyed hash of a suppressed address: nobody can guess it back without the key."""
    return hashlib.blake2b(canonical.encode(), key=key[:64], digest_size=20, person=b"suppress").hexdigest()


def client_hash(key: bytes, client: str) -> str:
    """The keyed hash of a network address: one can compare it, and nobody guesses it back without the key."""
    return hashlib.blake2b(client.encode(), key=key[:64], digest_size=16, person=b"client").hexdigest()


def allowance_hash(key: bytes, text: str) -> str:
    """The keyed hash of whatever is counted: an address, a domain, a network address."""
    return hashlib.blake2b(text.encode(), key=key[:64], digest_size=16, person=b"allowance").hexdigest()


def content_marker(key: bytes, mailing: str) -> str:
    """An unguessable word for one mailing's link placeholders, the same at every rendering."""
    return "m" + hashlib.blake2b(mailing.encode(), key=key[:64], digest_size=12, person=b"marker").hexdigest()


def _mac(key: bytes, purpose: Purpose, body: bytes) -> bytes:
    person = f"token{int(purpose)}".encode()
    return hashlib.blake2b(body, key=key[:64], digest_size=MAC_BYTES, person=person).digest()


def _split(text: str, purpose: Purpose) -> tuple[bytes, bytes]:
    length = 2 + ID_BYTES + (6 if purpose in LIFETIMES else 0) + MAC_BYTES
    raw = _decoded(text)
    # base64 ignores the unused low bits of a last character: only the spelling we made is accepted.
    if len(raw) != length or raw[0] != purpose or base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise InvalidToken("this link is not one of ours, or it was damaged on the way")
    return raw[:-MAC_BYTES], raw[-MAC_BYTES:]


def _decoded(text: str) -> bytes:
    """The bytes of a token; none for what cannot be one."""
    try:
        return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return b""


def _unpack(purpose: Purpose, body: bytes) -> Token:
    subscriber, rest = body[2 : 2 + ID_BYTES].hex(), body[2 + ID_BYTES :]
    if not rest:
        return Token(purpose, subscriber)
    seconds, generation = struct.unpack(">IH", rest)
    return Token(purpose, subscriber, datetime.fromtimestamp(seconds, UTC), generation)
