"""Half characters: surrogates that stand alone, which UTF-8 cannot hold and no database keeps."""

from __future__ import annotations

import re
from typing import Final

HALF: Final = re.compile("[\ud800-\udfff]")


def has_half(text: str) -> bool:
    """Whether half a character stands in the text."""
    return not text.isascii() and HALF.search(text) is not None


def without_halves(text: str) -> str:
    """The text with the sign for "no character" (U+FFFD) in place of each half."""
    return text if text.isascii() else HALF.sub("\ufffd", text)
