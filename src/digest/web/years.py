"""The archive's calendar: editions by the year and the month in which they went out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from zoneinfo import ZoneInfo

from digest.app.reading import Entry


@dataclass(frozen=True, slots=True)
class Month:
    """The editions of one month, which begins on `first`."""

    first: date
    editions: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Year:
    """The months of one year that have editions."""

    number: int
    months: tuple[Month, ...]


def by_year(entries: Iterable[Entry], zone: ZoneInfo) -> list[Year]:
    """Every year that has editions, the newest first, by the clocks of `zone`."""
    newest_first = sorted(entries, key=lambda entry: (entry.sent, entry.key), reverse=True)
    grouped = groupby(newest_first, lambda entry: entry.sent.astimezone(zone).date().replace(day=1))
    months = [Month(first, tuple(editions)) for first, editions in grouped]
    return [Year(number, tuple(found)) for number, found in groupby(months, lambda month: month.first.year)]
