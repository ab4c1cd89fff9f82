"""What we call a reader: any letters of any language on one line."""

from __future__ import annotations

import unicodedata
from typing import Final

from digest.visible import is_visible

LONGEST_NAME: Final = 100  # characters
# Controls, line and paragraph separators, halves of a character, and what turns the direction of a line.
_UNWANTED: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNS: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def tidy_name(text: str) -> str | None:
    """A name as it came from somewhere, made fit and short enough; None where nothing can be seen of it."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(c for c in text if c.isspace() or not is_unwanted(c))
    name = " ".join(text.split())[:LONGEST_NAME].strip()
    return name if is_visible(name) else None


def is_unwanted(character: str) -> bool:
    """Whether it has no place in a name."""
    category, direction = unicodedata.category(character), unicodedata.bidirectional(character)
    return category in _UNWANTED or direction in _TURNS
