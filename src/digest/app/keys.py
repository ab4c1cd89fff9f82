"""Rotating the keys that sign readers' links, without a link that any process takes for a forgery."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digest.config import load_settings
from digest.config.loading import settings_file
from digest.config.rewriting import read_text, replace_keys, with_current, with_key
from digest.config.settings import MOST_KEYS
from digest.errors import ConfigError, Conflict
from digest.tokens import Keyring

FROM_OUTSIDE = ("DIGEST_KEYS__SIGNING__", "DIGEST_KEYS__CURRENT")


@dataclass(frozen=True, slots=True)
class Rotation:
    """The newest key's number, and whether it signs or is only known for now."""

    number: int
    signs: bool


@dataclass(frozen=True, slots=True)
class _Change:
    """The file as it is to be, and what of [keys] differs; see `replace_keys`."""

    text: str
    keys: dict[str, Any]
    rotation: Rotation


def rotate(path: Path | None, *, prepare: bool, environ: Mapping[str, str] = os.environ) -> Rotation:
    """Write a new signing key into the settings file, or put one to use that was prepared.

    With `prepare` the new one is only known, and the old one signs on. Raises ConfigError where the keys
    come from the environment, are used up, or the file cannot be written; Conflict for a second preparation.
    """
    ring = load_settings(path, environ).keys.keyring()
    if outside := sorted(name for name in environ if name.startswith(FROM_OUTSIDE)):
        raise ConfigError(f"{outside[0]}: keys from the environment are rotated there")
    file = settings_file(path, environ)
    before = read_text(file)
    change = _put_to_use(before, ring) if max(ring.keys) > ring.current else _added(before, ring, prepare)
    if prepare and change.rotation.signs:
        raise Conflict(f"key {max(ring.keys)} is prepared already; `digest keys rotate` puts it to use")
    replace_keys(file, before, change.text, change.keys)
    return change.rotation


def _put_to_use(before: str, ring: Keyring) -> _Change:
    return _Change(with_current(before, None), {"current": None}, Rotation(max(ring.keys), signs=True))


def _added(before: str, ring: Keyring, prepare: bool) -> _Change:
    number, key = max(ring.keys) + 1, secrets.token_hex(32)
    if number > MOST_KEYS:
        raise ConfigError(
            f"keys.signing: {MOST_KEYS} is the last number there is; by hand, add a key under a free number "
            "and name that in keys.current"
        )
    current = ring.current if prepare else None
    text = with_current(with_key(before, number, key), current)
    keys = {"signing": {str(number): key}, "current": current}
    return _Change(text, keys, Rotation(number, signs=not prepare))
