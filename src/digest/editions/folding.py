"""Tells a tool that stands in several comparisons once, and ranks all tools on the board."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from digest.editions.story import Comparison, Fold, Tool


def fold(comparisons: Sequence[Comparison]) -> tuple[tuple[Fold, ...], tuple[Comparison, ...]]:
    """The folds, the most frequent yardstick first, and the comparisons that share no tool."""
    folds: list[Fold] = []
    rest = list(comparisons)
    while (yardstick := _most_frequent(rest)) is not None:
        shared = tuple(item for item in rest if _has(item, yardstick))
        folds.append(Fold(yardstick, shared))
        rest = [item for item in rest if not _has(item, yardstick)]
    return tuple(folds), tuple(rest)


def board(comparisons: Sequence[Comparison]) -> tuple[Tool, ...]:
    """Every tool once: by panel ship, then community, then order of appearance; unknown comes last."""
    tools: dict[str, Tool] = {}
    for item in comparisons:
        tools.setdefault(item.left.slug, item.left)
        tools.setdefault(item.right.slug, item.right)
    return tuple(sorted(tools.values(), key=_rank))


def _most_frequent(comparisons: Sequence[Comparison]) -> Tool | None:
    """The tool in most of the comparisons, the earlier one on a tie; None where none is shared."""
    counts = Counter(
        slug for item in comparisons for slug in dict.fromkeys((item.left.slug, item.right.slug))
    )
    slug, count = max(counts.items(), key=lambda pair: pair[1], default=("", 0))
    if count < 2:
        return None
    return next(tool for item in comparisons for tool in (item.left, item.right) if tool.slug == slug)


def _has(comparison: Comparison, tool: Tool) -> bool:
    return tool.slug in (comparison.left.slug, comparison.right.slug)


def _rank(tool: Tool) -> tuple[int, int]:
    return _descending(tool.panel_ship), _descending(tool.community)


def _descending(percentage: int | None) -> int:
    return 1 if percentage is None else -percentage
