"""Says which way a text runs, so that a right-to-left name stands right in a left-to-right mail."""

from __future__ import annotations

import unicodedata

from markupsafe import Markup

_RIGHT_TO_LEFT = ("R", "AL")
_RTL = Markup(' dir="rtl"')


def direction(text: str) -> Markup:
    """The attribute ` dir="rtl"` where the first letter of `text` asks for it, else nothing."""
    letters = (unicodedata.bidirectional(character) for character in text)
    first = next((letter for letter in letters if letter in ("L", *_RIGHT_TO_LEFT)), "L")
    return _RTL if first in _RIGHT_TO_LEFT else Markup()
