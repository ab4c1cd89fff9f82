"""Wording: true to the facts, short enough, and on one line whatever the names hold."""

from __future__ import annotations

import unicodedata

import pytest

from digest.editions.story import Comparison, Story
from digest.editions.telling import build_story
from tests.support.stories import tool, versus

HOSTILE_NAMES = [
    "N" * 300,
    "A very long name " * 18,
    "Line\nbreak\r\nand\u2028separator\x00\x1b[31m",
    "أداة ذكية جدا",
    "\u202eevil\u202c",
    "Emoji 👩‍🚀🏽 tool",
    "<script>alert(1)</script>",
    "{{ 7*7 }}",
    "Salt and Pepper",
]


def story(*comparisons: Comparison) -> Story:
    """The week's story."""
    return build_story("2026-W47", comparisons)


def test_a_week_around_one_yardstick() -> None:
    """The headline counts the unanimous, the standfirst says against whom and who divides."""
    mark = tool("Mark")
    week = story(
        versus(tool("Ace", 100), mark),
        versus(mark, tool("Bee", 100, entry="Free")),
        versus(mark, tool("Cue", 100, entry="Free")),
        versus(tool("Dot", 50), mark),
    )
    assert week.headline == "Three tools the whole panel would ship, and one yardstick"
    assert week.subject == "Ace and two more win the whole panel; Dot splits it"
    assert week.standfirst == (
        "Four comparisons this week, all against Mark. Three beat it, two of them free. Dot splits the panel."
    )
    assert week.preheader == week.standfirst


def test_one_comparison_names_both_and_the_numbers() -> None:
    """The subject is the verdict, and the preheader adds the votes."""
    week = story(versus(tool("Ace", 50), tool("Bee", 100)))
    assert week.subject == "Bee beats Ace, 100% to 50%"
    assert week.headline == "The whole panel would ship Bee; Ace splits it"
    assert week.preheader == "4 of 4 would ship Bee, 2 of 4 Ace."


def test_votes_are_counted_only_where_they_come_out_even() -> None:
    """67 % of four is nobody's count, so the percentage stands."""
    week = story(versus(tool("Ace", 67), tool("Bee", 25)))
    assert week.preheader == "67% would ship Ace, 1 of 4 Bee."


@pytest.mark.parametrize(
    ("left", "right", "subject"),
    [
        (None, None, "Ace vs Bee: the panel is still out"),
        (75, None, "Ace at 75%; the panel is still out on Bee"),
        (75, 75, "Ace and Bee tie at 75%"),
        (0, 0, "The panel would ship neither Ace nor Bee"),
        (0, 25, "Bee beats Ace, 25% to 0%"),
    ],
)
def test_one_comparison_in_every_state(left: int | None, right: int | None, subject: str) -> None:
    """Unknown is never told as skipped, and a tie is a tie."""
    assert story(versus(tool("Ace", left), tool("Bee", right))).subject == subject


def test_no_panel_vote_at_all() -> None:
    """Nothing is claimed that nobody has said."""
    week = story(versus(tool("A", None), tool("B", None)), versus(tool("C", None), tool("D", None)))
    assert week.subject == "A vs B and one more: the panel is still out"
    assert week.headline == week.subject
    assert week.standfirst == "Two comparisons this week, four tools. The panel has yet to vote."


def test_everything_skipped() -> None:
    """A week of nothing to ship says so, without a winner."""
    week = story(versus(tool("A", 0), tool("B", 0)), versus(tool("C", 0), tool("D", 0)))
    assert week.headline == "The panel would ship none of four tools"
    assert "win" not in week.subject
    assert "top" not in week.subject


@pytest.mark.parametrize("best", [99, 75, 50, 1])
def test_the_whole_panel_means_one_hundred(best: int) -> None:
    """Below 100 % nobody claims the whole panel."""
    week = story(versus(tool("A", best), tool("B", 0)), versus(tool("C", 0), tool("A", best)))
    assert "whole panel" not in week.headline + week.subject + week.standfirst
    assert f"{best}%" in week.subject


def test_a_yardstick_that_leads_is_not_counted_twice() -> None:
    """It is one of the tools the whole panel would ship, so it is no further one."""
    mark = tool("Mark", 100)
    week = story(versus(tool("A", 100), mark), versus(tool("B"), mark))
    assert week.headline == "Two tools the whole panel would ship"


def test_several_yardsticks_and_pairs_are_counted() -> None:
    """The standfirst says how the comparisons share out."""
    a, b = tool("A"), tool("B")
    week = story(
        versus(a, tool("C")),
        versus(a, tool("D")),
        versus(b, tool("E")),
        versus(b, tool("F")),
        versus(tool("G"), tool("H")),
    )
    scope = "Five comparisons this week: two against A, two against B and one head to head."
    assert week.standfirst.startswith(scope)


def test_an_editors_words_win() -> None:
    """Subject and preheader are taken as given, on one line."""
    week = build_story("2026-W47", [versus(tool("A"), tool("B"))], subject="My\nsubject", preheader="My own")
    assert (week.subject, week.preheader) == ("My subject", "My own")


def test_an_empty_week_has_words() -> None:
    """Even then nothing breaks and nothing is made up."""
    assert story().subject == "No new comparisons this week"


@pytest.mark.parametrize("name", HOSTILE_NAMES)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_words_stay_short_and_on_one_line(name: str, count: int) -> None:
    """A name of any length and content leaves subject and preheader within their limits."""
    week = story(*(versus(tool(name), tool(f"{name} {number}", 100)) for number in range(count)))
    assert 0 < len(week.subject) <= 60
    assert 0 < len(week.preheader) <= 110
    for words in (week.subject, week.preheader, week.headline, week.standfirst):
        assert words == " ".join(words.split())
        assert not {unicodedata.category(character) for character in words} & {"Cc", "Cs", "Zl", "Zp"}
        assert not set(words) & set("\u202a\u202b\u202c\u202d\u202e")


def test_long_names_are_cut_at_a_word() -> None:
    """The cut is marked and falls between words."""
    long, longer = tool("Something remarkably long", 100), tool("Another name that will not fit at all", 0)
    assert story(versus(long, longer)).subject == "Something remarkably… beats Another name that…, 100% to 0%"


def test_a_bracket_goes_before_a_word_does() -> None:
    """The plain name is kept whole where leaving out its bracket is enough."""
    week = story(versus(tool("Segmenter 3 (Segment Anything There Is)", 100), tool("Mark", 50)))
    assert week.subject == "Segmenter 3 beats Mark, 100% to 50%"


def test_names_are_never_rewritten() -> None:
    """An `and` inside a name stays one."""
    week = story(versus(tool("Salt and Pepper", 0), tool("B", 75)), versus(tool("C", 75), tool("D", 75)))
    assert "Nobody on the panel would ship Salt and Pepper." in week.standfirst


def test_the_same_week_reads_the_same() -> None:
    """No chance is involved."""
    comparisons = [versus(tool("A", 100), tool("B", 50)), versus(tool("C", None), tool("D", 0))]
    assert story(*comparisons) == story(*comparisons)
