"""Where in a TOML file a setting stands, for whoever has to mend it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import takewhile

_PART = r"""(?:"[^"]*"|'[^']*'|[\w-]+)"""
_NAME = rf"({_PART}(?:\s*\.\s*{_PART})*)"
_TABLE = re.compile(rf"\s*(\[\[?)\s*{_NAME}\s*\]")
_KEY = re.compile(rf"\s*{_NAME}\s*=")


def line_of(text: str, path: Sequence[str]) -> int | None:
    """The 1-based line that comes closest to `path`: its key's, else that of the table it belongs to.

    `path` is as pydantic tells it: an array's tables are numbered from 0.
    """
    found, closest = None, 0
    for number, place in places(text):
        same = (ours == theirs for ours, theirs in zip(place, path, strict=False))
        shared = sum(takewhile(bool, same))
        if shared > closest:
            found, closest = number, shared
    return found


def places(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each line that begins a table or sets a key, with the whole path of that."""
    table: tuple[str, ...] = ()
    tables: Counter[tuple[str, ...]] = Counter()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = name = _parts(header[2])
            if header[1] == "[[":
                table = (*name, str(tables[name]))
                tables[name] += 1
            yield number, table
        elif key := _KEY.match(line):
            yield number, table + _parts(key[1])


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, name))
