"""Signs mail with DKIM, relaxed/relaxed (RFC 6376, RFC 8463); what readers share is hashed only once."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Generic, TypeVar

from digest.config.settings import Dkim
from digest.errors import ConfigError
from digest.logs import get_logger

if TYPE_CHECKING:
    from _hashlib import HASH

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

Slot = TypeVar("Slot")

LEAST_BITS = 1024  # of RSA; verifiers must refuse less (RFC 8301 §3.2)
GOOD_BITS = 2048
COLUMNS = 76  # with the blank before it, a folded line stays below 78
READABLE_BY_ALL = 0o004

_FOLD = re.compile(rb"\r\n(?=[ \t])")
_BLANKS = re.compile(rb"[ \t]+")

# Named once more than they are there, so that nobody can add another and keep the signature (RFC 6376 §8.15).
# Not in the list is what relays may rightly add, such as Sender, or a Feedback-ID of their own.
OVERSIGNED = (
    "from",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "mime-version",
    "content-type",
    "list-unsubscribe",
    "list-unsubscribe-post",
)


@dataclass(frozen=True, slots=True)
class Key:
    """A private key; its public half stands in DNS at `selector._domainkey.domain`."""

    selector: str
    algorithm: str  # as in the tag a=
    sign: Callable[[bytes], bytes]  # a SHA-256 digest → its signature


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for one domain with every one of its keys."""

    domain: str
    keys: tuple[Key, ...]

    def prepare(self, shared: bytes, personal: Sequence[str], body: Sequence[bytes | Slot]) -> Signing[Slot]:
        """What one mailing's signatures have in common.

        `shared` holds the header fields that are the same for everybody, `personal` names the others in
        their order. Each piece of `body`, and whatever will fill its slots, is whole lines with CRLF; slots
        are filled without blanks, and the last line of all is not empty.
        """
        fields = relaxed_fields(shared)
        present = [*(field.partition(b":")[0].decode() for field in fields), *(n.lower() for n in personal)]
        starts = [_start(self.domain, key, [*present, *OVERSIGNED]) for key in self.keys]
        pieces = [relaxed_lines(piece) if isinstance(piece, bytes) else piece for piece in body]
        fixed = next((at for at, piece in enumerate(pieces) if not isinstance(piece, bytes)), len(pieces))
        return Signing(
            self.keys,
            tuple((start, relaxed_fields(start + b"\r\n")[0].removesuffix(b"\r\n")) for start in starts),
            sha256(b"".join(fields)),
            sha256(b"".join(piece for piece in pieces[:fixed] if isinstance(piece, bytes))),
            tuple(pieces[fixed:]),
        )


@dataclass(frozen=True, slots=True)
class Signing(Generic[Slot]):
    """One mailing, hashed as far as all readers share it."""

    keys: tuple[Key, ...]
    starts: tuple[tuple[bytes, bytes], ...]  # of each key's field: as sent, and canonical
    fields: HASH
    body: HASH  # up to the first slot
    rest: tuple[bytes | Slot, ...]

    def signatures(self, personal: bytes, filled: Mapping[Slot, bytes], date: datetime) -> bytes:
        """The DKIM-Signature fields of one reader's message, with CRLF; `date` must be aware."""
        body = self.body.copy()
        for piece in self.rest:
            body.update(piece if isinstance(piece, bytes) else filled[piece])
        stamp = b"t=%d; bh=%s;" % (int(date.timestamp()), b64encode(body.digest()))
        fields = self.fields.copy()
        fields.update(b"".join(relaxed_fields(personal)))
        signed = []
        for key, (start, canonical) in zip(self.keys, self.starts, strict=True):
            whole = fields.copy()
            # The field itself comes last, with b= empty and without CRLF (§3.7).
            whole.update(b"%s %s b=" % (canonical, stamp))
            signed.append(b"%s\r\n %s\r\n b=%s\r\n" % (start, stamp, _base64(key.sign(whole.digest()))))
        return b"".join(signed)


def relaxed_fields(block: bytes) -> list[bytes]:
    """Each header field of `block`, canonical and with CRLF (RFC 6376 §3.4.2)."""
    unfolded = _BLANKS.sub(b" ", _FOLD.sub(b"", block))
    parted = (line.partition(b":") for line in unfolded.split(b"\r\n") if line)
    return [b"%s:%s\r\n" % (name.rstrip(b" ").lower(), value.strip(b" ")) for name, _, value in parted]


def relaxed_lines(lines: bytes) -> bytes:
    """Whole lines of a body, canonical but for empty ones at its end (RFC 6376 §3.4.4)."""
    return _BLANKS.sub(b" ", lines).replace(b" \r\n", b"\r\n")


def _start(domain: str, key: Key, names: Sequence[str]) -> bytes:
    """The field up to the first tag that differs between readers, without CRLF.

    There is no x=, since a mail may be read, moved and checked again years later, and no l= (§8.2).
    """
    tags = f"DKIM-Signature: v=1; a={key.algorithm}; c=relaxed/relaxed; d={domain}; s={key.selector};"
    lines = wrap(tags, COLUMNS, break_long_words=False, break_on_hyphens=False)
    listed = wrap(f"h={': '.join(names)};", COLUMNS, break_long_words=False, break_on_hyphens=False)
    return "\r\n ".join([*lines, *(line.replace(": ", ":") for line in listed)]).encode("ascii")


def _base64(signature: bytes) -> bytes:
    text = b64encode(signature)
    return b"\r\n ".join(text[at : at + 72] for at in range(0, len(text), 72))


# --- the keys ---


def make_signer(dkim: Dkim, sender_domain: str) -> Signer | None:
    """Who signs mail from `sender_domain`; None where the settings leave that to the relay.

    Raises ConfigError naming the setting and the file.
    """
    if not (dkim.domain and dkim.selector and dkim.key_file):
        return None
    if not aligned(dkim.domain, sender_domain):
        raise ConfigError(
            f"dkim.domain: {dkim.domain} is neither the domain of newsletter.sender ({sender_domain}) nor "
            "a parent of it, so its signature would count for nothing (DMARC alignment, RFC 7489 §3.1.1)"
        )
    key = _read_key("dkim.key_file", dkim.key_file, dkim.selector)
    if not (dkim.ed25519_selector and dkim.ed25519_key_file):
        return Signer(dkim.domain, (key,))
    second = _read_key("dkim.ed25519_key_file", dkim.ed25519_key_file, dkim.ed25519_selector)
    if key.algorithm != "rsa-sha256":
        raise ConfigError(f"dkim.key_file: {dkim.key_file}: expected an RSA key beside the Ed25519 one")
    if second.algorithm != "ed25519-sha256":
        raise ConfigError(f"dkim.ed25519_key_file: {dkim.ed25519_key_file}: expected an Ed25519 key")
    return Signer(dkim.domain, (key, second))


def aligned(domain: str, sender_domain: str) -> bool:
    """Whether a signature of `domain` speaks for a sender: the same domain or a parent of it."""
    return f".{sender_domain.lower()}".endswith(f".{domain.lower()}")


def _read_key(setting: str, file: Path, selector: str) -> Key:
    from cryptography.exceptions import UnsupportedAlgorithm  # most commands get by without it
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(_read_secret(setting, file), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(
            f"{setting}: {file}: expected a private key, RSA or Ed25519, as PEM without a passphrase"
        ) from error
    return _key(f"{setting}: {file}", private, selector)


def _read_secret(setting: str, file: Path) -> bytes:
    """What is in `file`, which not everybody may read."""
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            content = opened.read()
    except OSError as error:
        raise ConfigError(f"{setting}: {file}: {error.strerror}") from error
    if os.name == "posix" and mode & READABLE_BY_ALL:
        raise ConfigError(f"{setting}: {file}: everybody on this machine can read it; chmod 600 mends that")
    return content


def _key(place: str, private: PrivateKeyTypes, selector: str) -> Key:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa, utils

    if isinstance(private, ed25519.Ed25519PrivateKey):
        return Key(selector, "ed25519-sha256", private.sign)  # of the digest (RFC 8463 §3)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise ConfigError(f"{place}: expected an RSA or an Ed25519 key; DKIM knows no other kind")
    if private.key_size < LEAST_BITS:
        raise ConfigError(
            f"{place}: expected an RSA key of {LEAST_BITS} bits or more, not {private.key_size}"
        )
    if private.key_size < GOOD_BITS:
        weak = f"an RSA key of {private.key_size} bits is weak; use {GOOD_BITS} (RFC 8301 §3.2)"
        get_logger().warning(f"{place}: {weak}", action="dkim")
    scheme, digest = padding.PKCS1v15(), utils.Prehashed(hashes.SHA256())
    return Key(selector, "rsa-sha256", lambda hashed: private.sign(hashed, scheme, digest))
