"""Slots and keys: New Year, both nights of the clocks, and every moment between two slots."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.editions.weeks import Rhythm, is_key, week_key
from digest.errors import NotFound

BERLIN, NEW_YORK, SYDNEY = "Europe/Berlin", "America/New_York", "Australia/Sydney"
MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6
SECOND = timedelta(seconds=1)


def rhythm(zone: str, weekday: int, clock: str) -> Rhythm:
    """A weekly slot."""
    return Rhythm(ZoneInfo(zone), weekday, time.fromisoformat(clock))


def utc(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "key"),
    [
        ("2020-12-27", "2020-W52"),
        ("2020-12-28", "2020-W53"),
        ("2021-01-03", "2020-W53"),
        ("2021-01-04", "2021-W01"),
        ("2025-12-28", "2025-W52"),
        ("2025-12-29", "2026-W01"),
        ("2026-12-27", "2026-W52"),
        ("2026-12-28", "2026-W53"),
        ("2027-01-01", "2026-W53"),
        ("2027-01-03", "2026-W53"),
        ("2027-01-04", "2027-W01"),
    ],
)
def test_a_date_belongs_to_its_iso_year(day: str, key: str) -> None:
    """The days around New Year, where the year of the week is not the year of the date."""
    assert week_key(date.fromisoformat(day)) == key


@pytest.mark.parametrize(
    ("key", "zone", "weekday", "clock", "slot"),
    [
        ("2026-W47", "UTC", THURSDAY, "09:00", "2026-11-19T09:00"),
        ("2020-W53", BERLIN, SUNDAY, "18:00", "2021-01-03T17:00"),
        ("2026-W53", BERLIN, THURSDAY, "09:00", "2026-12-31T08:00"),
        ("2026-W53", BERLIN, SUNDAY, "09:00", "2027-01-03T08:00"),
        ("2027-W01", BERLIN, MONDAY, "00:00", "2027-01-03T23:00"),
        ("2026-W53", NEW_YORK, SUNDAY, "23:30", "2027-01-04T04:30"),
        # the night when Berlin's clocks go from 02:00 to 03:00: 02:30 is taken at 03:30
        ("2026-W13", BERLIN, SUNDAY, "01:59", "2026-03-29T00:59"),
        ("2026-W13", BERLIN, SUNDAY, "02:30", "2026-03-29T01:30"),
        ("2026-W13", BERLIN, SUNDAY, "03:00", "2026-03-29T01:00"),
        # the night when they go back: 02:30 comes twice, and the first one counts
        ("2026-W43", BERLIN, SUNDAY, "02:30", "2026-10-25T00:30"),
        ("2026-W43", BERLIN, SUNDAY, "03:00", "2026-10-25T02:00"),
        ("2026-W10", NEW_YORK, SUNDAY, "02:30", "2026-03-08T07:30"),
        ("2026-W44", NEW_YORK, SUNDAY, "01:30", "2026-11-01T05:30"),
        # down under the year runs the other way
        ("2026-W14", SYDNEY, SUNDAY, "02:30", "2026-04-04T15:30"),
        ("2026-W40", SYDNEY, SUNDAY, "02:30", "2026-10-03T16:30"),
        ("2026-W47", "Asia/Kathmandu", THURSDAY, "09:00", "2026-11-19T03:15"),
        ("2026-W47", "Pacific/Kiritimati", MONDAY, "00:30", "2026-11-15T10:30"),
    ],
)
def test_a_key_names_one_moment(key: str, zone: str, weekday: int, clock: str, slot: str) -> None:
    """Each week's slot in UTC, and the way back from it to the key."""
    beat = rhythm(zone, weekday, clock)
    assert is_key(key)
    assert beat.slot_of(key) == utc(slot)
    assert beat.key_of(utc(slot)) == key


@pytest.mark.parametrize(
    "key",
    [
        *("", "W47", "2026-47", "2026-w47", "2026-W7", "2026-W00", "2026-W54", "2025-W53", "26-W47"),
        *("2026-W47 ", "2026-W47\n", "-026-W47", "0000-W01", "0001-W01", "9999-W52", "9999-W53"),
        *("\uff12\uff10\uff12\uff16-W47", "2026-W\u0664\u0667", "../../etc", "2026-W47'--"),
    ],
)
@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
def test_a_bad_key_is_not_found(key: str, zone: str) -> None:
    """What names no week is said to name none, also at the edges of the calendar and in foreign digits."""
    assert not is_key(key)
    with pytest.raises(NotFound, match="names no ISO week"):
        rhythm(zone, MONDAY, "00:30").slot_of(key)


@pytest.mark.parametrize(
    ("zone", "weekday", "clock", "slots"),
    [
        (BERLIN, SUNDAY, "02:30", ["2026-03-22T01:30", "2026-03-29T01:30", "2026-04-05T00:30"]),
        (BERLIN, SUNDAY, "02:30", ["2026-10-18T00:30", "2026-10-25T00:30", "2026-11-01T01:30"]),
        (NEW_YORK, SUNDAY, "02:30", ["2026-03-01T07:30", "2026-03-08T07:30", "2026-03-15T06:30"]),
        (NEW_YORK, SUNDAY, "01:30", ["2026-10-25T05:30", "2026-11-01T05:30", "2026-11-08T06:30"]),
        (BERLIN, THURSDAY, "09:00", ["2026-12-24T08:00", "2026-12-31T08:00", "2027-01-07T08:00"]),
        # Greenland's clocks jump from Saturday 23:00 to Sunday 00:00
        ("America/Nuuk", SATURDAY, "23:30", ["2024-03-24T01:30", "2024-03-31T01:30", "2024-04-07T00:30"]),
    ],
)
def test_slots_follow_one_another(zone: str, weekday: int, clock: str, slots: list[str]) -> None:
    """Around each change of clocks and the year's end: at a slot, a second before it, a second after it."""
    beat = rhythm(zone, weekday, clock)
    before, slot, after = map(utc, slots)
    assert (beat.last_slot(slot), beat.next_slot(slot)) == (slot, after)
    assert (beat.last_slot(slot - SECOND), beat.next_slot(slot - SECOND)) == (before, slot)
    assert (beat.last_slot(slot + SECOND), beat.next_slot(slot + SECOND)) == (slot, after)


def test_an_hour_that_comes_twice_is_one_slot() -> None:
    """In the second 02:30 of the night the slot has been for an hour and the next is a week away."""
    beat = rhythm(BERLIN, SUNDAY, "02:30")
    again = utc("2026-10-25T01:30")
    assert beat.last_slot(again) == utc("2026-10-25T00:30")
    assert beat.next_slot(again) == utc("2026-11-01T01:30")


ZONES = ("UTC", BERLIN, NEW_YORK, SYDNEY, "America/Sao_Paulo", "Pacific/Kiritimati", "Australia/Lord_Howe")
RHYTHMS = st.builds(
    Rhythm,
    st.sampled_from([*map(ZoneInfo, (*ZONES, "Africa/Cairo", "America/Nuuk"))]),
    st.integers(0, 6),
    st.times().map(lambda moment: moment.replace(second=0, microsecond=0)),
)
MOMENTS = st.datetimes(datetime(2010, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(RHYTHMS, MOMENTS)
def test_two_slots_always_bracket_now(beat: Rhythm, now: datetime) -> None:
    """`last_slot` is not after now and `next_slot` is, a week apart give or take the clocks."""
    last, after = beat.last_slot(now), beat.next_slot(now)
    assert last <= now < after
    assert timedelta(days=6, hours=22) <= after - last <= timedelta(days=7, hours=2)


@given(RHYTHMS, MOMENTS)
def test_going_on_from_slot_to_slot_misses_none(beat: Rhythm, now: datetime) -> None:
    """From one slot to the next the keys differ, and each key leads back to its slot."""
    last, after = beat.last_slot(now), beat.next_slot(now)
    assert beat.last_slot(after) == after
    assert beat.next_slot(last) == after
    assert beat.key_of(last) != beat.key_of(after)
    assert beat.slot_of(beat.key_of(last)) == last
