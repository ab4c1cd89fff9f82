"""Long comparisons over several pages: nothing is lost, nothing comes twice, no page is heavy."""

from __future__ import annotations

import html
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from digest.editions.story import Comparison, Quote, Tool
from digest.web.leafing import ROOM, Side, leaves, sheets

TOOL = Tool("one", "One", "Tools", "It swims", "", None, None, None, (), ())
WORDS = st.text('aж&"𝄞 ', min_size=1, max_size=6_000).map(lambda text: " ".join(text.split()) or "a")
PARAGRAPHS = st.lists(WORDS, max_size=5).map("\n\n".join)
QUOTES = st.lists(st.builds(Quote, WORDS, st.sampled_from([None, "Ada"]), st.just("ship")), max_size=6)


def test_most_are_one_page() -> None:
    """What fits stays together, as it is."""
    left = replace(TOOL, description="First.\n\nSecond.", quotes=(Quote("Good.", "Ada", "ship"),))
    told = leaves(_with(left))
    assert told == [(Side(("First.", "Second."), left.quotes), Side())]


def test_nothing_to_tell_is_one_page() -> None:
    """Two tools of which nothing is known are a page all the same."""
    assert leaves(_with(TOOL)) == [(Side(), Side())]


@given(PARAGRAPHS, QUOTES)
def test_everything_is_told_once(description: str, quotes: list[Quote]) -> None:
    """Put together again, the pages say what the comparison says, each within its room."""
    tool = replace(TOOL, description=description, quotes=tuple(quotes))
    sides = [right for _, right in leaves(Comparison("a", "A", "", "", TOOL, tool))]
    assert _letters(*(text for side in sides for text in side.paragraphs)) == _letters(description)
    assert _letters(*(quote.text for side in sides for quote in side.quotes)) == _letters(
        *(quote.text for quote in quotes)
    )
    for side in sides:
        texts = [*side.paragraphs, *(quote.text for quote in side.quotes)]
        assert sum(map(_bytes, texts)) <= ROOM


def test_pages_are_full_but_not_heavy() -> None:
    """Forty long quotes make pages that have hardly room for another, and none too much."""
    tool = replace(TOOL, quotes=(Quote("ж" * 1_000, None, None),) * 40)
    pages = [sum(_bytes(quote.text) for quote in left.quotes) for left, _ in leaves(_with(tool))]
    assert sum(pages) == 80_000
    assert max(pages) <= ROOM
    assert min(pages[:-1]) > 0.75 * ROOM


def test_sheets() -> None:
    """So many to a page, and one page of nothing."""
    assert [list(sheet) for sheet in sheets("abcde", 2)] == [["a", "b"], ["c", "d"], ["e"]]
    assert [list(sheet) for sheet in sheets("", 2)] == [[]]


def _with(tool: Tool) -> Comparison:
    return Comparison("a", "A", "", "", tool, TOOL)


def _bytes(text: str) -> int:
    return len(html.escape(text).encode())


def _letters(*texts: str) -> str:
    return "".join(texts).replace("…", "").replace(" ", "").replace("\n", "")
