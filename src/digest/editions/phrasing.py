"""The small change of writing: one clean line, a name cut at a word, a number as a word, a list."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from digest.editions.story import Tool

_NUMBERS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE = frozenset("\u00ad\u180e\u2060\ufeff")
_JOINERS = frozenset("\u200c\u200d")
_UNUSUAL = re.compile(r"[^ -~]+")  # most of every text is plain ASCII, and needs no look at each character
_BLOCKS_IN_A_BAR = 12


def clean(text: str) -> str:
    """One line of text: no line breaks, control characters or direction overrides, single spaces."""
    return " ".join(_UNUSUAL.sub(lambda run: "".join(map(_harmless, run[0])), text).split())


def shorten(text: str, width: int) -> str:
    """At most `width` characters of `text`, cut at a word where there is one and marked with `…`."""
    line = clean(text)
    if len(line) <= width:
        return line
    cut = _whole_character(line, width - 1)
    space = line.rfind(" ", 0, cut + 1)
    return line[: space if space > width // 2 else cut].rstrip(" ,;:–—-(") + "…"


def number(count: int) -> str:
    """`3` as `three`; figures from thirteen on."""
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else str(count)


def capital(text: str) -> str:
    """The text with its first letter in upper case and the rest untouched."""
    return text[:1].upper() + text[1:]


def listing(names: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def bare_name(name: str) -> str:
    """The name without a closing bracket: `Segmenter 3 (Open Weights)` is `Segmenter 3`."""
    return re.sub(r"\s*\([^()]*\)$", "", clean(name)) or clean(name)


def panel_votes(tool: Tool) -> tuple[int, int] | None:
    """`(3, 4)` where the panel ship is exactly that many of the reviewers quoted, else None."""
    size = len(tool.quotes)
    if tool.panel_ship is None or not 0 < size <= _BLOCKS_IN_A_BAR or tool.panel_ship * size % 100:
        return None
    return tool.panel_ship * size // 100, size


def _harmless(character: str) -> str:
    """The character, a space for what would break a line, or nothing for what should not be seen."""
    if character in _BIDI_CONTROLS or character in _INVISIBLE:
        return ""
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp", "Zs"):
        return "\u00a0" if character == "\u00a0" else " "
    return "" if category in ("Cs", "Cn") else character


def _whole_character(line: str, cut: int) -> int:
    """Moves a cut back so that it does not fall inside an emoji or an accented letter."""
    while cut > 1 and (_continues(line[cut]) or line[cut - 1] in _JOINERS):
        cut -= 1
    return cut


def _continues(character: str) -> bool:
    """Whether the character belongs to the one before it."""
    return character in _JOINERS or bool(unicodedata.combining(character)) or _modifies(character)


def _modifies(character: str) -> bool:
    return character == "\ufe0f" or "\U0001f3fb" <= character <= "\U0001f3ff"
