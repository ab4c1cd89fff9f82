"""Sentences that Python makes and pages show, as catalogs know them: with names where values go."""

from __future__ import annotations

import re
from typing import Final

from digest.audience import addresses, preferring
from digest.rendering.languages import Language

# Whatever stands in no page's template is found by translators here.
SENTENCES: Final = (
    # How a comparison stands, and when an edition came, from digest.rendering
    "%(tool)s leads by %(points)s points",
    "%(tool)s leads by 1 point",
    "Level at %(share)s%%",
    "%(year)s, week %(week)s",
    # What is wrong with what somebody typed
    *addresses.SENTENCES,
    "please enter your email address",
    *preferring.SENTENCES,
    "A name has at most %(most)s characters, and this one %(length)s.",
)


def say(spoken: Language, sentence: str) -> str:
    """An English sentence that Python made, with what was filled into it; itself where none is known."""
    said = spoken.say(sentence)
    if said != sentence or (made := as_made(sentence)) is None:
        return said
    return spoken.say(*made)


def as_made(sentence: str) -> tuple[str, dict[str, str]] | None:
    """The message a sentence was made from and the values in it; None for none of ours."""
    for message, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(sentence):
            return message, found.groupdict()
    return None


def _pattern(message: str) -> re.Pattern[str]:
    pieces = re.split(r"(%\(\w+\)s)", message.replace("%%", "%"))
    return re.compile("".join(_piece(piece) for piece in pieces), re.DOTALL)


def _piece(piece: str) -> str:
    return f"(?P<{piece[2:-2]}>.+)" if piece.startswith("%(") else re.escape(piece)


_PATTERNS: Final = {message: _pattern(message) for message in SENTENCES if "%(" in message}
