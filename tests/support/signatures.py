"""What signing is tested with: keys of every kind, a message, and how to take a signed one apart."""

from __future__ import annotations

import email
import email.policy
import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from digest.config.settings import Dkim
from digest.delivery.composing import compose
from digest.delivery.headers import Headers
from digest.delivery.signing import Signer, make_signer
from digest.rendering.rendered import Rendered, reader_link
from tests.support.tables import MARKER

# Long ago: verifiers refuse what was signed in the future, and a machine's clock may be slow.
DATE = datetime(2025, 1, 2, 9, 0, tzinfo=UTC)
UNSUBSCRIBE, PREFERENCES = (reader_link(MARKER, name) for name in ("unsubscribe", "preferences"))
LINKS = {
    "unsubscribe": "https://example.org/u/" + "t0ken-_" * 12 + "?a=1&b=2",
    "preferences": "https://example.org/p/short",
    "confirm": "https://example.org/c/x",
    "change": "https://example.org/n/x",
    "data": "https://example.org/d/x",
}
EDITION = Headers(
    sender="Weekly Verdicts <digest@news.example.org>",
    name="Weekly Verdicts",
    reply_to="editors@example.org",
    list_id="weekly.example.org",
    list_unsubscribe=True,
    list_archive="https://example.org/archive",
    feedback_id="2026-W47:weekly:digest:exampleorg",
    bulk=True,
)
PLAIN = Headers(sender="digest@example.org")
WORDS = f"Verdicts  of\tthe week \n.\n..dots\n\nLeave: {UNSUBSCRIBE}  or {PREFERENCES}\n\n\n"
PAGE = (
    f'<p>Verdicts  of  the week</p>\n<a href="{UNSUBSCRIBE}">Leave</a>\n.<a href="{PREFERENCES}">Choose</a>'
)
RISKY = [
    *("from", "to", "cc", "subject", "date", "message-id", "reply-to", "mime-version", "content-type"),
    *("list-unsubscribe", "list-unsubscribe-post"),
]

KEYS: dict[str, Any] = {
    "rsa1024": rsa.generate_private_key(65537, 1024),  # noqa: S505 - DKIM allows it, we with a warning
    "rsa2048": rsa.generate_private_key(65537, 2048),
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
    "ed25519b": ed25519.Ed25519PrivateKey.generate(),
}
KINDS = {
    "RSA-1024": ("rsa1024",),
    "RSA-2048": ("rsa2048",),
    "Ed25519": ("ed25519",),
    "both": ("rsa2048", "ed25519"),
}


def pem(key: Any, password: bytes | None = None) -> bytes:
    """A private key as a file holds it."""
    secret: Any = (
        serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    )
    return bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret))


def record(name: str) -> str:
    """The TXT record of a key (RFC 6376 §3.6.1, RFC 8463 §4)."""
    public, der = KEYS[name].public_key(), serialization.Encoding.DER
    if name.startswith("ed25519"):
        return f"v=DKIM1; k=ed25519; p={b64encode(public.public_bytes_raw()).decode()}"
    data = public.public_bytes(der, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={b64encode(data).decode()}"


RECORDS = {f"{name}._domainkey.example.org": record(name) for name in KEYS}


def key_file(folder: Path, content: bytes, name: str = "key.pem", mode: int = 0o600) -> Path:
    """A file that only its owner reads, unless told otherwise."""
    file = folder / name
    file.write_bytes(content)
    file.chmod(mode)
    return file


def wanted(folder: Path, *names: str) -> Dkim:
    """Settings that sign with these keys, each under its own name."""
    files = [key_file(folder, pem(KEYS[name]), name) for name in names]
    second = {"ed25519_selector": names[1], "ed25519_key_file": files[1]} if len(names) > 1 else {}
    return Dkim(domain="example.org", selector=names[0], key_file=files[0], **second)


def signer_of(folder: Path, *names: str) -> Signer:
    """Signs for example.org with these keys."""
    signer = make_signer(wanted(folder, *names), "news.example.org")
    assert signer
    return signer


def signed(signer: Signer | None, envelope: Headers = EDITION, **changes: Any) -> bytes:
    """A message with this signer's signatures; `changes` to what is said, to whom, and with which links."""
    words: dict[str, Any] = {"subject": "A vs B", "text": WORDS, "html": PAGE, "marker": MARKER}
    words |= {name: changes.pop(name) for name in list(changes) if name in words}
    values: dict[str, Any] = {
        "to": "ada@example.net",
        "message_id": "<abc@example.org>",
        "date": DATE,
        "links": LINKS,
    }
    return compose(Rendered(**words), replace(envelope, signer=signer)).message(**(values | changes))


def tags(mail: bytes) -> list[dict[str, str]]:
    """The tags of each signature, without the blanks of its folds."""
    fields = email.message_from_bytes(mail, policy=email.policy.compat32).get_all("DKIM-Signature", [])
    bare = [re.sub(r"\s", "", str(field)).rstrip(";") for field in fields]
    return [dict(tag.split("=", 1) for tag in field.split(";")) for field in bare]


def head_of(mail: bytes) -> list[bytes]:
    """The header fields below the signatures, folded as they are."""
    fields = re.split(rb"\r\n(?![ \t])", mail.partition(b"\r\n\r\n")[0])
    return [field for field in fields if not field.startswith(b"DKIM-Signature:")]
