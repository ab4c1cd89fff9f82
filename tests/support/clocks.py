"""A clock that tests set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class SettableClock:
    """A clock that stands still until somebody moves it."""

    shifted = False

    def __init__(self, moment: datetime) -> None:
        """Stand at `moment` (aware)."""
        self.moment = moment.astimezone(UTC)

    def now(self) -> datetime:
        """The moment last set."""
        return self.moment

    def advance(self, span: timedelta) -> None:
        """Move on by `span`."""
        self.moment += span
