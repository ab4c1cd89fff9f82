"""What rendering returns: the words of one email, with stand-ins where a reader's own links belong.

How a stand-in is written and how it is found again is decided here and nowhere else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

# What gets through Jinja, MJML and premailer unchanged, as a label of a host name (RFC 1035 §2.3.1).
_MARKER: Final = re.compile(r"[a-z][a-z0-9]{7,62}")
_NAME: Final = "[a-z][a-z-]*"


@dataclass(frozen=True, slots=True)
class Rendered:
    """One email for every reader.

    `html` and `text` hold stand-ins of the form `https://{marker}.invalid/{name}` (name: "unsubscribe", ...)
    where a reader's own link is put in when the message is assembled. `marker` is unguessable for whoever
    writes content, so that no text can pretend to be a link of ours. `briefly` counts the comparisons that
    are told in one line only, to keep the size that mail programs show whole.
    """

    subject: str
    html: str
    text: str
    marker: str
    briefly: int = 0

    def sha256(self) -> dict[str, str]:
        """The digests of subject, html and text as UTF-8, in hexadecimal."""
        parts = {"subject": self.subject, "html": self.html, "text": self.text}
        return {name: hashlib.sha256(value.encode()).hexdigest() for name, value in parts.items()}


def reader_link(marker: str, name: str) -> str:
    """The stand-in for a reader's own link called `name` (lower-case ASCII letters and hyphens)."""
    return f"https://{marker}.invalid/{name}"


def is_marker(marker: str) -> bool:
    """Whether it can be part of a stand-in and come through the templates unchanged."""
    return _MARKER.fullmatch(marker) is not None


def cut_at_links(source: str, marker: str) -> tuple[list[str], list[str]]:
    """What stands around the stand-ins, and the name of each: one piece more than there are names."""
    parts = _stand_ins(marker).split(source)
    return parts[::2], parts[1::2]


def with_links(source: str, marker: str, link: Callable[[str], str]) -> str:
    """`source` with `link(name)` in place of each stand-in."""
    return _stand_ins(marker).sub(lambda found: link(found[1]), source)


@lru_cache(maxsize=64)
def _stand_ins(marker: str) -> re.Pattern[str]:
    return re.compile(f"{re.escape(reader_link(marker, ''))}({_NAME})")
