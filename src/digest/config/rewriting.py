"""Changes the signing keys in a settings file, line by line: every other byte of it stays as it was."""

from __future__ import annotations

import os
import re
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from digest.config.lines import places
from digest.errors import ConfigError, Conflict

SIGNING = ("keys", "signing")
CURRENT = ("keys", "current")
BOM = "\ufeff"
BY_HAND = "keys: they are written in a way that only a person can change; docs/operating.md tells how"

_KEY = re.compile(r"""(\s*(?:[\w"'-]+\s*\.\s*)*)["']?\d+["']?(\s*=\s*)""")


def with_key(text: str, number: int, key: str) -> str:
    """The settings with one signing key more, below the others and written as they are.

    Raises ConfigError where they are not written one to a line.
    """
    lines = text.splitlines(keepends=True)
    last = max((at for at, path in _places(text) if path[:2] == SIGNING and len(path) == 3), default=0)
    found = _KEY.match(lines[last - 1]) if last else None
    if found is None:
        raise ConfigError(BY_HAND)
    return _put(lines, last, f'{found[1]}{number}{found[2]}"{key}"')


def with_current(text: str, number: int | None) -> str:
    """The settings with `keys.current`, or without it; raises ConfigError where it cannot be written."""
    lines = text.splitlines(keepends=True)
    for at, path in _places(text):
        if path == CURRENT:
            del lines[at - 1]
            return with_current("".join(lines), number)
    if number is None:
        return text
    header = next((at for at, path in _places(text) if path == CURRENT[:1]), None)
    if header is None:
        raise ConfigError(BY_HAND)
    return _put(lines, header, f"current = {number}")


def _put(lines: list[str], after: int, line: str) -> str:
    """The lines with one more behind the 1-based `after`, and with the same line end."""
    bare = lines[after - 1].rstrip("\r\n")
    end = lines[after - 1][len(bare) :] or "\n"
    lines[after - 1 : after] = [bare + end, line + end]
    return "".join(lines)


def _places(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    return places(text.removeprefix(BOM))


def read_text(file: Path) -> str:
    """The file as it is, line ends included; raises ConfigError where it cannot be read."""
    try:
        return file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {error}") from error


def replace_keys(file: Path, before: str, after: str, keys: Mapping[str, Any]) -> None:
    """Put `after` in the place of `before`, at once and for good, with the same owner and mode.

    `keys` is what must have changed in the [keys] table, None for what must have gone. Raises ConfigError
    where it would change anything else or cannot be written, Conflict where the file is another by now.
    """
    place = file.resolve()
    _require(before, after, keys)
    if not os.access(place, os.W_OK):
        raise ConfigError(f"{file}: this file may not be written")
    try:
        _replace(place, before, after)
    except OSError as error:
        raise ConfigError(f"{file}: it could not be written: {error.strerror}") from error


def _require(before: str, after: str, keys: Mapping[str, Any]) -> None:
    """What a line scanner took for a table may be words in a string: the parser has the last word."""
    wanted, found = _parsed(before), _parsed(after)
    table = wanted.setdefault("keys", {})
    for name, value in keys.items():
        table[name] = {**table.get(name, {}), **value} if isinstance(value, dict) else value
        if value is None:
            del table[name]
    if wanted != found:
        raise ConfigError(BY_HAND)


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.removeprefix(BOM))
    except tomllib.TOMLDecodeError:
        return {}


def _replace(place: Path, before: str, after: str) -> None:
    was = place.stat()
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(after.encode())
            out.flush()
            _dress(out.fileno(), was)
            os.fsync(out.fileno())
        _require_same(place, before)
        Path(name).replace(place)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _keep(place.parent)


def _require_same(place: Path, before: str) -> None:
    if place.read_bytes() != before.encode():
        raise Conflict(f"{place}: somebody else has just changed it; nothing was done")


def _dress(handle: int, was: os.stat_result) -> None:
    """The owner before the mode: nobody else may read it in between."""
    now = os.fstat(handle)
    if (was.st_uid, was.st_gid) != (now.st_uid, now.st_gid):
        os.fchown(handle, was.st_uid, was.st_gid)
    os.fchmod(handle, was.st_mode & 0o7777)


def _keep(folder: Path) -> None:
    """Have the new name on the disk before anything is signed with what the file holds."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
