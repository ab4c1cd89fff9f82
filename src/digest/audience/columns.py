"""Which column of a table holds what, by its header row and by what the operator says of it."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from digest.audience.choices import CHOICE_COLUMNS
from digest.audience.csv_rows import NOT_UTF8, is_not_utf8
from digest.audience.formulas import bare
from digest.errors import DigestError, SourceError

FIELDS: Final = ("email", "name", "status", *CHOICE_COLUMNS)
DELIMITERS: Final = ",;\t"
LONGEST: Final = 100_000  # characters of a header row that are looked at for the delimiter
_ENTRY: Final = re.compile(
    r'\s*(?P<field>[^=,"]+?)\s*=\s*(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<bare>[^,"]*))\s*(,|$)'
)


class NotAMapping(DigestError):
    """The text does not say which column is which; the message says how to."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the values stand in a row, counted from 0; None for one that the table does not have."""

    email: int
    name: int | None
    status: int | None
    choices: Mapping[str, int]  # only those there are


def read_mapping(text: str) -> dict[str, str]:
    """`email="E-Mail",name=Full name` as column by field; quotes only where the name has a comma in it.

    `status=` with nothing behind it leaves a column out. Raises NotAMapping.
    """
    mapping: dict[str, str] = {}
    position = 0
    while position < len(text):
        entry = _ENTRY.match(text, position)
        if not entry:
            raise NotAMapping(f'expected email="E-Mail",name="Full name", not {text[position:][:60]!r}')
        field, quoted = entry["field"].lower(), entry["quoted"]
        column = entry["bare"] if quoted is None else quoted.replace('""', '"')
        _check(field, column, mapping)
        mapping[field] = column.strip()
        position = entry.end()
    return mapping


def _check(field: str, column: str, mapping: Mapping[str, str]) -> None:
    if field not in FIELDS:
        raise NotAMapping(f"expected one of {', '.join(FIELDS)} before the =, not {field[:40]!r}")
    if field in mapping:
        raise NotAMapping(f"{field} is named twice")
    if field == "email" and not column.strip():
        raise NotAMapping("expected the name of a column after email=")


def delimiter_of(line: str, mapping: Mapping[str, str]) -> str:
    """Comma, semicolon or tab: the one by which a header row has a column for addresses."""
    return delimiter_with({plain(mapping.get("email", "email"))}, line) or DELIMITERS[0]


def delimiter_with(names: Collection[str], line: str) -> str | None:
    """The one by which a header row has a column of one of these plain names; None where it has none."""
    for delimiter in DELIMITERS:
        if any(plain(cell) in names for cell in next(csv.reader([line[:LONGEST]], delimiter=delimiter), [])):
            return delimiter
    return None


def find_columns(header: list[str], mapping: Mapping[str, str], source: str) -> Columns:
    """Where each field stands; raises SourceError that names the columns there are."""
    if any(is_not_utf8(name) for name in header):
        raise SourceError(source, 1, None, NOT_UTF8)
    names = [plain(name) for name in header]
    found = {field: _position(field, names, mapping, header, source) for field in FIELDS}
    email = found["email"]
    if email is None:
        raise SourceError(source, 1, "email", _missing("email", "email", 0, header))
    choices = {field: at for field in CHOICE_COLUMNS if (at := found[field]) is not None}
    return Columns(email, found["name"], found["status"], choices)


def _position(
    field: str, names: list[str], mapping: Mapping[str, str], header: list[str], source: str
) -> int | None:
    column = mapping.get(field, field)
    if not column:
        return None
    times = names.count(plain(column))
    if times > 1 or (not times and field in mapping):
        raise SourceError(source, 1, field, _missing(field, column, times, header))
    return names.index(plain(column)) if times else None


def _missing(field: str, column: str, times: int, header: list[str]) -> str:
    there = ", ".join(f'"{" ".join(name.split())[:40]}"' for name in header[:12] if name.strip()) or "nothing"
    more = ", …" if len(header) > 12 else ""
    hint = f'; --map {field}="…" takes another one' if column == field else ""
    found = "two or more of that name" if times else "none"
    expected = f"expected a header row with one column called {column[:60]}"
    return f"{expected}, found {found} among: {there}{more}{hint}"


def plain(name: str) -> str:
    """A column's name as it is compared."""
    return " ".join(bare(name.strip().lstrip("\ufeff")).split()).lower()
