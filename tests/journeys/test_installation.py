"""What the journeys stand on: an edition that is due now, whatever time it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from digest.app.parts import App
from digest.config import Settings
from digest.db import Database
from tests.journeys.installation import slot_before
from tests.support.clocks import SettableClock


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        (datetime(2026, 11, 23, 0, 0, 0, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)),
        (datetime(2026, 11, 23, 0, 1, 59, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)),
        (datetime(2026, 11, 23, 0, 3, 30, tzinfo=UTC), datetime(2026, 11, 23, 0, 1, tzinfo=UTC)),
        (datetime(2026, 11, 25, 0, 1, 0, tzinfo=UTC), datetime(2026, 11, 24, 23, 59, tzinfo=UTC)),
        (datetime(2026, 11, 29, 23, 56, 0, tzinfo=UTC), datetime(2026, 11, 29, 23, 54, tzinfo=UTC)),
    ],
    ids=["monday", "after", "later", "midnight", "sunday"],
)
def test_the_slot_just_passed_is_of_this_week(now: datetime, slot: datetime) -> None:
    """A newcomer gets no edition of the week before."""
    schedule = {name.removeprefix("SCHEDULE__").lower(): value for name, value in slot_before(now).items()}
    keys = {"signing": {"1": "ab" * 32}, "suppression": "cd" * 32}
    settings = Settings.model_validate({"keys": keys, "schedule": schedule})
    rhythm = App(settings, SettableClock(now), Database("sqlite://")).rhythm
    assert rhythm.last_slot(now) == slot
    assert rhythm.key_of(slot) == rhythm.key_of(now)
