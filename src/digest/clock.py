"""The one clock: everything that asks what time it is asks here, so that tests can set it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Anything that can say what time it is; `shifted` where that is another time for trying something."""

    shifted: bool

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock, optionally shifted so that a run can be tried at another time.

    A shifted clock goes on ticking: leases and retries in a `--now` run behave as they will in earnest.
    """

    def __init__(self, start: datetime | None = None) -> None:
        """Begin at `start` (aware) instead of the real present."""
        self._shift = start - datetime.now(UTC) if start else timedelta()
        self.shifted = start is not None

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC) + self._shift


def parse_moment(text: str) -> datetime:
    """Read an ISO 8601 moment that names its offset; raises ValueError for one that does not."""
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        raise ValueError(f"expected a moment with its offset, such as 2026-11-19T08:00:00Z, not {text!r}")
    return moment.astimezone(UTC)


def iso(moment: datetime | None) -> str | None:
    """`moment` as ISO 8601 in UTC with a Z, or None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def second(moment: datetime) -> str:
    """`2026-11-19T09:01:00Z` (RFC 3339), as feeds and sitemaps write moments."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
