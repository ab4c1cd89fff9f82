"""Sets the text part: lines of at most 72 columns, in which only an address may be longer."""

from __future__ import annotations

import re
import textwrap

from digest.editions.phrasing import clean, shorten
from digest.editions.story import Tool
from digest.rendering.bars import text_bar
from digest.rendering.markdown import markdown_lines
from digest.rendering.standing import percent

COLUMNS = 72
_ADDRESS = re.compile(r"\S*(?:https?://|mailto:)", re.IGNORECASE)


def wrap(text: str, indent: int = 0, hang: int | None = None) -> str:
    """The text in lines of at most 72 columns, each after `indent` spaces, `hang` from the second on."""
    margin, hanging = " " * indent, " " * (indent if hang is None else hang)
    words = _breakable(clean(text), COLUMNS - max(len(margin), len(hanging)))
    return textwrap.fill(
        words,
        COLUMNS,
        initial_indent=margin,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def underline(text: str, mark: str = "-") -> str:
    """The text with a line of the same length under it."""
    lines = wrap(text)
    return f"{lines}\n{mark * max(map(len, lines.splitlines() or ['']))}"


def board_line(tool: Tool, columns: int = 10) -> str:
    """One tool of the board: its bar, its number, its name and what it costs to enter."""
    lead = f"{text_bar(tool):<{columns}}  {percent(tool):>4}  "
    name = wrap(f"{shorten(tool.name, 80)} · {tool.entry or '–'}", len(lead))
    return lead + name[len(lead) :]


def intro_text(text: str) -> str:
    """The editor's Markdown as wrapped paragraphs; it reads well as it is."""
    return "\n".join(wrap(line) for line in markdown_lines(text))


def _breakable(line: str, width: int) -> str:
    """The line with words that no line could hold cut into pieces, but for addresses."""
    pieces = (word if _ADDRESS.match(word) else " ".join(_pieces(word, width)) for word in line.split(" "))
    return " ".join(pieces)


def _pieces(word: str, width: int) -> list[str]:
    return [word[start : start + width] for start in range(0, len(word), width)]
