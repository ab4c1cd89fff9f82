"""A tool's panel ship as a bar: one block per reviewer where that is exact, else one length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from digest.editions.phrasing import panel_votes
from digest.editions.story import Tool

Tone = Literal["ship", "split", "skip", "none"]
TONES: tuple[Tone, ...] = ("ship", "split", "skip", "none")

_COLUMNS = 10


@dataclass(frozen=True, slots=True)
class Cell:
    """One table cell of a bar: filled or not, and its width in pixels; None shares the bar evenly."""

    filled: bool
    width: int | None = None


def tone(tool: Tool) -> Tone:
    """Which accent belongs to the tool: ship from two thirds, skip up to one third, split between."""
    if tool.panel_ship is None:
        return "none"
    if 3 * tool.panel_ship >= 200:
        return "ship"
    return "split" if 3 * tool.panel_ship > 100 else "skip"


def bands(tools: Sequence[Tool]) -> list[tuple[Tone, list[Tool]]]:
    """The tools of each tone, best tone first; a tone without tools is left out."""
    found: dict[Tone, list[Tool]] = {kind: [] for kind in TONES}
    for tool in tools:
        found[tone(tool)].append(tool)
    return [(kind, members) for kind, members in found.items() if members]


def bar(tool: Tool, width: int) -> tuple[Cell, ...]:
    """The bar's cells, together about `width` pixels wide."""
    votes = panel_votes(tool)
    if votes:
        ayes, size = votes
        return tuple(Cell(position < ayes) for position in range(size))
    filled = round(width * (tool.panel_ship or 0) / 100)
    return tuple(cell for cell in (Cell(True, filled), Cell(False, width - filled)) if cell.width)


def text_bar(tool: Tool) -> str:
    """The bar in letters: `###.` for three of four, ten columns where the reviewers are not known."""
    ayes, size = panel_votes(tool) or (round((tool.panel_ship or 0) / 100 * _COLUMNS), _COLUMNS)
    return "#" * ayes + "." * (size - ayes)
