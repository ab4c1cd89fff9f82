"""Reads what the page posts: a JSON object whose fields are checked one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from digest.errors import DigestError
from digest.halves import has_half

LONGEST_LINE: Final = 1000
LONGEST_TEXT: Final = 200_000
MOST_IN_LIST: Final = 500


class BadRequest(DigestError):
    """What was posted is not what the act needs; the message names the field."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one object; `path` is what errors call it."""

    values: Mapping[str, Any]
    path: str = ""

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None

    def text(self, name: str, longest: int = LONGEST_LINE) -> str:
        """A string; raises BadRequest for anything else."""
        return self._text(name, self.values.get(name), longest)

    def optional(self, name: str, longest: int = LONGEST_LINE) -> str | None:
        """A string, or None where the field is missing."""
        return self.text(name, longest) if name in self else None

    def number(self, name: str) -> int:
        """A whole number from 0; raises BadRequest for anything else."""
        return self._number(name, self.values.get(name))

    def texts(self, name: str) -> list[str]:
        """A list of strings."""
        return [self._text(name, one, LONGEST_LINE) for one in self._list(name)]

    def numbers(self, name: str) -> list[int]:
        """A list of whole numbers from 0."""
        return [self._number(name, one) for one in self._list(name)]

    def inside(self, name: str) -> Fields:
        """An object in this one."""
        value = self.values.get(name)
        if not isinstance(value, dict):
            raise self._wrong(name, "expected an object")
        return Fields(value, f"{self.path}{name}.")

    def digests(self, name: str) -> dict[str, str]:
        """Names with their SHA-256 in hexadecimal."""
        inner = self.inside(name)
        return {part: inner.text(part) for part in ("subject", "html", "text")}

    def _text(self, name: str, value: object, longest: int) -> str:
        if not isinstance(value, str):
            raise self._wrong(name, "expected a text")
        if len(value) > longest:
            raise self._wrong(name, f"expected at most {longest:,} characters, not {len(value):,}")
        # What no database keeps: PostgreSQL refuses NUL, UTF-8 has no half characters.
        if "\0" in value or has_half(value):
            raise self._wrong(name, "expected a text without control characters that cannot be kept")
        return value

    def _number(self, name: str, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
            raise self._wrong(name, "expected a whole number")
        return value

    def _list(self, name: str) -> list[Any]:
        value = self.values.get(name)
        if not isinstance(value, list) or len(value) > MOST_IN_LIST:
            raise self._wrong(name, f"expected a list of at most {MOST_IN_LIST}")
        return value

    def _wrong(self, name: str, message: str) -> BadRequest:
        return BadRequest(f"{self.path}{name}: {message}")


def read_fields(body: bytes) -> Fields:
    """The object in a body; raises BadRequest for a body that is no JSON object."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest("expected JSON") from error
    if not isinstance(value, dict):
        raise BadRequest("expected a JSON object")
    return Fields(value)
