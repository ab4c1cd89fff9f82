"""What readers choose for themselves by their own link: what we call them, and weeks without editions."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from digest.audience.consent import record
from digest.audience.models import Subscriber
from digest.errors import DigestError

LONGEST_NAME: Final = 100
WEEKS: Final = (1, 2, 4, 8, 12)
# Controls, line and paragraph separators, halves of a character, and what turns the direction of a line.
UNWANTED: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
TURNS: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


@dataclass(eq=False)  # not frozen: Python itself sets attributes of an exception on its way
class BadChoice(DigestError):
    """What the form's `field` holds is no choice there is; the message says what would be."""

    field: str
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Rename:
    """To be called `name`, or nothing."""

    name: str | None


@dataclass(frozen=True, slots=True)
class Pause:
    """No edition for so many weeks, one of WEEKS."""

    weeks: int


@dataclass(frozen=True, slots=True)
class Resume:
    """Editions again from now on."""


Wish = Rename | Pause | Resume


def read_name(text: str) -> str | None:
    """A name as somebody typed it, single spaces, None where nothing can be seen of it; raises BadChoice."""
    if any(unicodedata.category(c) in UNWANTED or unicodedata.bidirectional(c) in TURNS for c in text):
        raise BadChoice("name", "A name is one line of letters, without line breaks or control characters.")
    name = " ".join(text.split())
    if len(name) > LONGEST_NAME:
        raise BadChoice("name", f"A name has at most {LONGEST_NAME} characters, and this one {len(name)}.")
    seen = any(unicodedata.category(character)[0] in "LNPS" for character in name)
    return name if seen else None


def read_weeks(text: str) -> int:
    """The length of a pause as the form sends it; raises BadChoice for all but WEEKS."""
    weeks = {str(one): one for one in WEEKS}.get(text)
    if weeks is None:
        *most, last = WEEKS
        raise BadChoice("weeks", f"A pause lasts {', '.join(map(str, most))} or {last} weeks.")
    return weeks


def pause_end(now: datetime, weeks: int, zone: ZoneInfo) -> datetime:
    """The same time of day so many weeks on, by the clocks of `zone`, which editions go by as well.

    Counted in hours, a pause over a change of clocks could end just before an edition that it is to cover.
    """
    return (now.astimezone(zone) + timedelta(weeks=weeks)).astimezone(UTC)


def paused_until(subscriber: Subscriber, now: datetime) -> datetime | None:
    """When the pause that somebody is in ends; None for one that is over."""
    until = subscriber.paused_until
    return until if until is not None and until > now else None


def fulfil(
    session: Session, subscriber: Subscriber, wish: Wish, *, zone: ZoneInfo, source: str, now: datetime
) -> None:
    """Do as the reader wishes and write it into their history; what is so already leaves no trace."""
    match wish:
        case Rename(name) if name != subscriber.name:
            subscriber.name, event = name, "name changed"
        case Pause(weeks):
            subscriber.paused_until, event = pause_end(now, weeks, zone), "paused"
        case Resume() if paused_until(subscriber, now):
            subscriber.paused_until, event = None, "resumed"
        case _:
            return
    record(session, subscriber, event, source, now)
