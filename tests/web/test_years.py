"""The archive's calendar."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from digest.app.reading import Entry
from digest.web.years import by_year


def entry(key: str, *sent: int) -> Entry:
    """An edition of which only the moment matters."""
    return Entry(key, "", "", datetime(*sent, tzinfo=UTC))  # type: ignore[arg-type, misc]  # year, month, …


def test_years_and_months_are_those_of_the_newsletters_clocks() -> None:
    """New Year's Eve in UTC is New Year in Auckland; the newest stands first."""
    entries = [
        entry("2026-W01", 2025, 12, 31, 12),
        entry("2026-W06", 2026, 2, 5, 9),
        entry("2026-W09", 2026, 2, 26, 9),
        entry("2025-W52", 2025, 12, 24, 9),
    ]
    years = by_year(entries, ZoneInfo("Pacific/Auckland"))
    found = {
        year.number: {month.first.month: [one.key for one in month.editions] for month in year.months}
        for year in years
    }
    assert found == {2026: {2: ["2026-W09", "2026-W06"], 1: ["2026-W01"]}, 2025: {12: ["2025-W52"]}}
    assert list(found) == [2026, 2025]
    assert list(found[2026]) == [2, 1]


def test_no_editions_are_no_years() -> None:
    """Before the first edition there is nothing to show."""
    assert by_year([], ZoneInfo("UTC")) == []
