"""Slots and keys: when editions are due, and which ISO week each belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from digest.errors import NotFound

WEEK = timedelta(weeks=1)
_KEY = re.compile(r"(2[0-9]{3})-W([0-9]{2})")


@dataclass(frozen=True, slots=True)
class Rhythm:
    """One slot a week: `weekday` (0 is Monday) at `time` on the clocks of `zone`."""

    zone: ZoneInfo
    weekday: int
    time: time

    def slot_of(self, key: str) -> datetime:
        """The slot of the ISO week called `key` (2026-W47), in UTC; raises NotFound for any other text.

        When clocks go back the hour comes twice and the first one counts; when they go forward a time
        that does not exist is taken an hour later (PEP 495: fold 0 gives both).
        """
        monday = _monday(key)
        if monday is None:
            raise no_week(key)
        day = monday + timedelta(days=self.weekday)
        return datetime.combine(day, self.time, self.zone).astimezone(UTC)

    def last_slot(self, now: datetime) -> datetime:
        """The latest slot that is not after `now`."""
        today = now.astimezone(self.zone).date()
        slot = self.slot_of(week_key(today))
        return slot if slot <= now else self.slot_of(week_key(today - WEEK))

    def next_slot(self, now: datetime) -> datetime:
        """The earliest slot after `now`."""
        today = now.astimezone(self.zone).date()
        slot = self.slot_of(week_key(today))
        return slot if slot > now else self.slot_of(week_key(today + WEEK))

    def key_of(self, slot: datetime) -> str:
        """The key of the ISO week that a moment lies in, on this rhythm's clocks."""
        return week_key(slot.astimezone(self.zone).date())


def is_key(text: str) -> bool:
    """Whether this names an ISO week of our millennium, as 2026-W47 does."""
    return _monday(text) is not None


def no_week(text: str) -> NotFound:
    """What is said of a text that names none."""
    return NotFound(f"{text!r} names no ISO week; expected something like 2026-W47")


def week_key(day: date) -> str:
    """The ISO year and week of a date: 29 December 2025 is in 2026-W01, 1 January 2027 in 2026-W53."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def _monday(key: str) -> date | None:
    match = _KEY.fullmatch(key)
    try:
        return date.fromisocalendar(int(match[1]), int(match[2]), 1) if match else None
    except ValueError:
        return None  # week 53 of a year that has none
