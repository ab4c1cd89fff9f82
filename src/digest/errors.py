"""The errors that stages share; one that a single module is about stands there.

DigestError
├── ConfigError        a setting is missing or makes no sense           (exit 78)
├── SourceError        something we were given to read does not fit     (exit 1)
├── NotFound           the thing named does not exist                   (exit 1)
├── Conflict           the thing is not in a state that allows this     (exit 1)
│   └── Stale          somebody else changed it in the meantime         (exit 1)
├── RenderError        a template or its result is broken               (exit 1)
├── InvalidToken       a link is forged, damaged or of another purpose
│   └── ExpiredToken   a link was good once
└── RelayTrouble       the SMTP relay takes nothing from us             (exit 1)
    ├── RelayRefused      it refuses us, whoever the reader is
    └── RelayUnreachable  it is not there, or not now
"""

from __future__ import annotations

from dataclasses import dataclass

_SHOWN = 20


class DigestError(Exception):
    """Something went wrong that the person at the keyboard can understand and mend."""


class ConfigError(DigestError):
    """A setting is missing or makes no sense; the message names file, line and key."""


@dataclass(eq=False)  # not frozen: Python itself sets attributes of an exception on its way
class SourceError(DigestError):
    """Input that does not fit, with the place and what was expected there.

    `line` is 1-based and None where a source has no lines; `field` is the path of the value
    (`tools[1].panel_ship`) or None where the unit as a whole is unreadable.
    """

    source: str
    line: int | None
    field: str | None
    message: str

    def __str__(self) -> str:
        place = self.source if self.line is None else f"{self.source}:{self.line}"
        return f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"


class NotFound(DigestError):
    """The edition, comparison or subscriber named does not exist."""


class Conflict(DigestError):
    """The thing exists, but its state does not allow what was asked."""


class Stale(Conflict):
    """Somebody else changed the thing since the person looked at it; nothing was changed now."""


@dataclass(frozen=True, slots=True)
class Place:
    """One fault and where it stands: the template's path and the 1-based line in it."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class RenderError(DigestError):
    """A template, or the MJML or HTML it produced, is broken.

    `places` holds every fault that has a place, in reading order; the message shows the first 20, one a line.
    """

    def __init__(self, message: str = "", places: tuple[Place, ...] = ()) -> None:
        """Say what is wrong, or let the places say it."""
        super().__init__(message or _shown(places))
        self.places = places


def _shown(places: tuple[Place, ...]) -> str:
    more = len(places) - _SHOWN
    return "\n".join([*map(str, places[:_SHOWN]), *([f"and {more} more"] if more > 0 else [])])


class InvalidToken(DigestError):
    """A link that we did not make, that was damaged, or that was made for another purpose."""


class ExpiredToken(InvalidToken):
    """A link that was good once."""


class RelayTrouble(DigestError):
    """The relay takes no mail from us: no reader is to blame, the run stops.

    `at_the_door`: it said so in its greeting, as relays do that have too many connections.
    """

    def __init__(self, words: str, *, at_the_door: bool = False) -> None:
        """`words` are for the operator."""
        super().__init__(words)
        self.at_the_door = at_the_door


class RelayRefused(RelayTrouble):
    """It will not have us."""


class RelayUnreachable(RelayTrouble):
    """It is not there, or not now: nothing was refused, the same may work later."""
