"""Whether there is anything to be seen: many a character is drawn as nothing."""

from __future__ import annotations

import unicodedata
from typing import Final

# Letters and signs for Unicode, and blanks for whoever looks.
_BLANKS: Final = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def is_visible(text: str) -> bool:
    """Whether a text has a letter, a digit or a sign; an accent alone has nothing to stand on."""
    return any(
        unicodedata.category(character)[0] in "LNPS" and character not in _BLANKS for character in text
    )
