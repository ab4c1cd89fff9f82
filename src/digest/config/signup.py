"""The settings of the form that anybody may fill in: how often, how quickly, and what is kept of it."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from digest.config.group import Group
from digest.config.kinds import Span

LONGEST: Final = dt.timedelta(days=31)
MOST: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` within `span`."""

    count: int
    span: dt.timedelta
    said: str  # as the settings say it

    def __str__(self) -> str:
        return self.said


_SPAN = TypeAdapter(Span)
_EXPECTED: Final = 'expected a number and a span of time, such as "30 in 1 hour"'


def read_limit(value: object) -> Limit:
    """`"30 in 1 hour"` → Limit; raises ValueError for anything else."""
    if isinstance(value, Limit):
        return value
    match = re.fullmatch(r"(\d{1,10}) +in +(.+)", value.strip()) if isinstance(value, str) else None
    if match is None or not 1 <= int(match[1]) <= MOST:
        raise ValueError(_EXPECTED)
    try:
        span = _SPAN.validate_python(match[2])
    except ValidationError as error:
        raise ValueError(_EXPECTED) from error
    if not dt.timedelta(seconds=1) <= span <= LONGEST:
        raise ValueError(f"expected a span between 1 second and {LONGEST.days} days")
    return Limit(int(match[1]), span, match[0])


Often = Annotated[Limit, BeforeValidator(read_limit)]


class Signup(Group):
    """How often the subscribe form may be used, and what is kept of who used it."""

    per_client: Often = read_limit("30 in 1 hour")
    in_all: Often = read_limit("2000 in 1 hour")
    per_address: Often = read_limit("5 in 1 hour")
    per_mailbox: Often = read_limit("10 in 1 day")
    per_domain: Often = read_limit("100 in 1 hour")
    fill_time: Span = Field(dt.timedelta(seconds=2), le=dt.timedelta(minutes=1))
    keep_client: Span = dt.timedelta(days=30)
    # A confirm mail may leave two days late, and its link works for seven.
    keep_unconfirmed: Span = Field(dt.timedelta(days=30), ge=dt.timedelta(days=9))

    @property
    def longest(self) -> dt.timedelta:
        """The longest span that anything is counted over; what was counted before may be forgotten."""
        limits = (self.per_client, self.in_all, self.per_address, self.per_mailbox, self.per_domain)
        return max(dt.timedelta(days=1), *(limit.span for limit in limits))
