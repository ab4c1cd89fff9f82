"""One thing that a check has to say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

MOST_DETAILS = 20


class Level(StrEnum):
    """How bad it is; only an error stands in the way of sending."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return (Level.ERROR, Level.WARNING, Level.NOTE, Level.OK).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """What `check` found: one sentence, and the places or facts behind it line by line."""

    check: str
    level: Level
    message: str
    detail: tuple[str, ...] = ()


def listed(found: Iterable[str], most: int = MOST_DETAILS) -> tuple[str, ...]:
    """Each different line once, in order; past `most` of them, how many more there are."""
    lines = tuple(dict.fromkeys(found))
    rest = len(lines) - most
    return (*lines[:most], f"and {rest:,} more") if rest > 0 else lines


def sample(text: str, width: int = 60) -> str:
    """The beginning of a text on one line, in quotation marks."""
    line = " ".join(text.split())
    return f"“{line[: width - 1]}…”" if len(line) > width else f"“{line}”"
