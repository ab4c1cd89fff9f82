"""Bars and standings: count, length, colour and words say the same."""

from __future__ import annotations

import pytest

from digest.rendering import standing
from digest.rendering.bars import bar, text_bar, tone
from tests.support.stories import tool, versus


@pytest.mark.parametrize(
    ("panel_ship", "quotes", "filled", "letters"),
    [
        (75, 4, [True, True, True, False], "###."),
        (100, 2, [True, True], "##"),
        (0, 4, [False] * 4, "...."),
        (67, 4, [True, False], "#######..."),
        (75, 0, [True, False], "########.."),
        (100, 0, [True], "##########"),
        (None, 4, [False], ".........."),
    ],
)
def test_a_bar(panel_ship: int | None, quotes: int, filled: list[bool], letters: str) -> None:
    """A block per reviewer where the share is exact, one length otherwise."""
    one = tool("A", panel_ship, quotes=quotes)
    cells = bar(one, 100)
    assert [cell.filled for cell in cells] == filled
    widths = [cell.width for cell in cells]
    assert widths == [None] * len(cells) or sum(width or 0 for width in widths) == 100
    assert text_bar(one) == letters


@pytest.mark.parametrize(
    ("panel_ship", "name"),
    [
        (100, "ship"),
        (67, "ship"),
        (66, "split"),
        (50, "split"),
        (34, "split"),
        (33, "skip"),
        (0, "skip"),
        (None, "none"),
    ],
)
def test_the_accent(panel_ship: int | None, name: str) -> None:
    """Two thirds ship, one third skip."""
    assert tone(tool("A", panel_ship)) == name


def test_the_split_in_words() -> None:
    """Counted where that is exact, as a share where not, open where nobody voted."""
    assert standing.split(tool("A", 75)) == "75% · 3 of 4 would ship it"
    assert standing.split(tool("A", 67)) == "67% would ship it"
    assert standing.split(tool("A", None)) == "the panel is still out"


def test_the_community_in_words() -> None:
    """Nothing yet is not nothing."""
    assert standing.community(tool("A")) == "no votes yet"
    assert standing.community(tool("A", community=0)) == "community 0%"


@pytest.mark.parametrize(
    ("panel_ship", "words"),
    [(100, "+25 points on Mark"), (74, "−1 point on Mark"), (75, "level with Mark"), (None, "")],
)
def test_the_distance_from_the_yardstick(panel_ship: int | None, words: str) -> None:
    """In points, with its sign."""
    assert standing.distance(tool("A", panel_ship), tool("Mark", 75)) == words


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        (75, 50, "A leads by 25 points"),
        (0, 1, "B leads by 1 point"),
        (50, 50, "Level at 50%"),
        (None, 50, ""),
    ],
)
def test_who_leads_a_pair(left: int | None, right: int | None, words: str) -> None:
    """Or that nobody does."""
    assert standing.margin(versus(tool("A", left), tool("B", right))) == words
