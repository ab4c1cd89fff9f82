"""Every error this package raises on purpose.

DigestError
├── ConfigError        a setting is missing or makes no sense           (exit 78)
├── SourceError        something we were given to read does not fit     (exit 1)
├── NotFound           the thing named does not exist                   (exit 1)
├── Conflict           the thing is not in a state that allows this     (exit 1)
│   └── Stale          somebody else changed it in the meantime         (exit 1)
├── RenderError        a template or its result is broken               (exit 1)
├── InvalidToken       a link is forged, damaged or of another purpose
│   └── ExpiredToken   a link was good once
└── RelayRefused       the SMTP relay refuses us, whoever the reader is (exit 1)
"""

from __future__ import annotations

from dataclasses import dataclass


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


class RenderError(DigestError):
    """A template, or the MJML or HTML it produced, is broken."""


class InvalidToken(DigestError):
    """A link that we did not make, that was damaged, or that was made for another purpose."""


class ExpiredToken(InvalidToken):
    """A link that was good once."""


class RelayRefused(DigestError):
    """The relay will not take mail from us: no reader is to blame, the run stops."""
