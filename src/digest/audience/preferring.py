"""What readers choose by their own link: what we call them, how we write, and weeks without editions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from digest.audience.consent import count_since, record
from digest.audience.models import Subscriber
from digest.audience.names import LONGEST_NAME, is_unwanted
from digest.clock import iso
from digest.errors import DigestError
from digest.visible import is_visible

WEEKS: Final = tuple(range(1, 13))
# What BadChoice says to readers, besides what holds something they typed.
CONTROLS: Final = "A name is one line of letters, without line breaks or control characters."
NO_WEEKS: Final = f"A pause lasts from {WEEKS[0]} to {WEEKS[-1]} weeks."
NO_LANGUAGE: Final = "Please choose one of the languages in the list."
NO_KIND: Final = "Please choose one of the two kinds of mail."
NO_BUTTON: Final = "Please use one of the buttons below."
TOO_OFTEN: Final = "That was asked three times within a day. Please try again tomorrow."
TOO_SOON: Final = "To keep your data safe, we send it no sooner than a week after a change of address."
YOUR_DATA: Final = "your-data"
FETCHED, CHANGED = "data asked for", "address changed"
TIMES_A_DAY: Final = 3
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
SENTENCES: Final = (CONTROLS, NO_WEEKS, NO_LANGUAGE, NO_KIND, NO_BUTTON, TOO_OFTEN, TOO_SOON)


@dataclass(eq=False)  # not frozen: Python itself sets attributes of an exception on its way
class BadChoice(DigestError):
    """What a form's or a table's `field` holds is no choice there is; the message says what would be."""

    field: str
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Rename:
    """To be called `name`, or nothing."""

    name: str | None


@dataclass(frozen=True, slots=True)
class Speak:
    """To be shown pages in `language`, a code, or in their browser's."""

    language: str | None


@dataclass(frozen=True, slots=True)
class Shape:
    """To get mail as text alone, or with the HTML beside it."""

    text_only: bool


@dataclass(frozen=True, slots=True)
class Pause:
    """No edition for so many weeks, one of WEEKS."""

    weeks: int


@dataclass(frozen=True, slots=True)
class Resume:
    """Editions again from now on."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """To be sent a link to all that is held on them."""


Wish = Rename | Speak | Shape | Pause | Resume


def read_name(text: str) -> str | None:
    """A name as somebody typed it, single spaces, None where nothing can be seen of it; raises BadChoice."""
    if any(map(is_unwanted, text)):
        raise BadChoice("name", CONTROLS)
    name = " ".join(text.split())
    if len(name) > LONGEST_NAME:
        raise BadChoice("name", f"A name has at most {LONGEST_NAME} characters, and this one {len(name)}.")
    return name if is_visible(name) else None


def read_language(text: str, known: Collection[str]) -> str | None:
    """The code of a language as the form sends it, None for the browser's; raises BadChoice for others."""
    if text and text not in known:
        raise BadChoice("language", NO_LANGUAGE)
    return text or None


def read_shape(text: str) -> bool:
    """Whether the form asks for text alone; raises BadChoice for what is neither `text` nor `html`."""
    if text not in ("html", "text"):
        raise BadChoice("format", NO_KIND)
    return text == "text"


def read_weeks(text: str) -> int:
    """The length of a pause as the form sends it; raises BadChoice for all but WEEKS."""
    weeks = {str(one): one for one in WEEKS}.get(text)
    if weeks is None:
        raise BadChoice("weeks", NO_WEEKS)
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
    note = None
    match wish:
        case Rename(name) if name != subscriber.name:
            subscriber.name, event = name, "name changed"
        case Speak(language) if language != subscriber.language:
            subscriber.language, event = language, "language changed"
            note = f"to {language}" if language else "to the browser's"
        case Shape(text_only) if text_only != subscriber.text_only:
            subscriber.text_only, event = text_only, "format changed"
            note = "to text alone" if text_only else "to HTML and text"
        case Pause(weeks):
            until = pause_end(now, weeks, zone)
            subscriber.paused_until, event, note = until, "paused", f"until {iso(until)}"
        case Resume() if paused_until(subscriber, now):
            subscriber.paused_until, event = None, "resumed"
        case _:
            return
    record(session, subscriber, event, source, now, note=note)


def fetch(session: Session, subscriber: Subscriber, *, source: str, now: datetime) -> None:
    """Note that somebody wants to see what is held on them.

    Raises BadChoice for more than three times a day, or within a week of a change of address. The answer goes
    to their address, since a preferences link goes along with every mail that is passed on; and so that
    whoever got hold of one cannot enter an address of their own first, the old one has time to object.
    """
    if count_since(session, subscriber, CHANGED, now - WEEK):
        raise BadChoice("data", TOO_SOON)
    if count_since(session, subscriber, FETCHED, now - DAY) >= TIMES_A_DAY:
        raise BadChoice("data", TOO_OFTEN)
    record(session, subscriber, FETCHED, source, now)
