"""Colours of three digits, which some old mail programs do not read."""

from __future__ import annotations

import re
from typing import Final

SHORT_COLOUR: Final = re.compile(r"#([0-9a-fA-F])([0-9a-fA-F])([0-9a-fA-F])(?![0-9a-fA-F])")


def full_colours(text: str) -> str:
    """The text with `#rrggbb` for each `#rgb` in it."""
    return SHORT_COLOUR.sub(r"#\1\1\2\2\3\3", text)
