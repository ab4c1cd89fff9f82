"""When a form was handed out, sealed: nobody fills one in within a second, but programs do.

A stamp says nothing of a person. It also seals the words that the form showed, so that nobody is taken to
have agreed to others.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from datetime import datetime, timedelta
from typing import Final

from digest.tokens import Keyring

LONGEST: Final = timedelta(days=1)
_HEAD: Final = struct.Struct(">BQ")  # key id, milliseconds since 1970
_MAC: Final = 12


def new_stamp(keyring: Keyring, now: datetime, wording: str) -> str:
    """A stamp for a form that shows `wording`: 28 characters for a hidden field."""
    head = _HEAD.pack(keyring.current, round(now.timestamp() * 1000))
    return base64.urlsafe_b64encode(head + _seal(keyring.keys[keyring.current], head, wording)).decode()


def age(keyring: Keyring, stamp: str, now: datetime, wording: str) -> timedelta | None:
    """How old a stamp is; None when it is not ours, of other words, or older than a day."""
    try:
        raw = base64.b64decode(stamp.encode("ascii"), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    if len(raw) != _HEAD.size + _MAC:
        return None
    head, seal = raw[: _HEAD.size], raw[_HEAD.size :]
    number, milliseconds = _HEAD.unpack(head)
    key = keyring.key(number)
    if key is None or not hmac.compare_digest(seal, _seal(key, head, wording)):
        return None
    old = timedelta(milliseconds=round(now.timestamp() * 1000) - milliseconds)
    return old if old <= LONGEST else None


def _seal(key: bytes, head: bytes, wording: str) -> bytes:
    body = head + hashlib.sha256(wording.encode()).digest()
    return hashlib.blake2b(body, key=key[:64], digest_size=_MAC, person=b"stamp").digest()
