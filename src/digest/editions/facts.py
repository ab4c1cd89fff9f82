"""The week's facts as the wording asks for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from digest.editions.phrasing import clean, listing, number, shorten
from digest.editions.story import Comparison, Fold, Tool

NAME_WIDTH = 60

NameOf = Callable[[Tool], str]


@dataclass(frozen=True, slots=True)
class Facts:
    """What an edition is about: its comparisons, its board, and how they fold."""

    comparisons: tuple[Comparison, ...]
    board: tuple[Tool, ...]
    folds: tuple[Fold, ...]
    pairs: tuple[Comparison, ...]

    @property
    def leaders(self) -> tuple[Tool, ...]:
        """The tools that share the best panel ship; none while the panel has not voted."""
        best = self.board[0].panel_ship if self.board else None
        return () if best is None else self.at(best)

    def at(self, panel_ship: int | None) -> tuple[Tool, ...]:
        """The tools with exactly this panel ship."""
        return tuple(tool for tool in self.board if tool.panel_ship == panel_ship)


def name_of(tool: Tool) -> str:
    """The tool's name as a sentence can carry it."""
    return shorten(tool.name, NAME_WIDTH)


def few(tools: Sequence[Tool], name: NameOf) -> str:
    """`A`, `A and B`, or `A and three more`."""
    if len(tools) > 2:
        return f"{name(tools[0])} and {number(len(tools) - 1)} more"
    return listing([name(tool) for tool in tools])


def also_split(facts: Facts) -> tuple[Tool, ...]:
    """The tools that half the panel would ship, where that is not the best of the week."""
    return () if facts.leaders == facts.at(50) else facts.at(50)


def by_panel(comparison: Comparison) -> tuple[Tool, Tool]:
    """Both tools, the one the panel likes better first."""
    left, right = comparison.left, comparison.right
    return (right, left) if _or_unknown(right.panel_ship) > _or_unknown(left.panel_ship) else (left, right)


def _or_unknown(panel_ship: int | None) -> int:
    return -1 if panel_ship is None else panel_ship


def is_free(tool: Tool) -> bool:
    """Whether one may enter for nothing."""
    return tool.entry is not None and clean(tool.entry).casefold() == "free"
