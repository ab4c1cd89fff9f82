"""Quotes: cut where the reviewer paused, chosen fairly, labelled only when known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.editions.story import Quote
from digest.rendering.voices import heard, sentence, voices
from tests.support.stories import tool

CLAUSE = "The first clause of this goes on and on without an end in sight for quite a while, "


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Short and whole.", "Short and whole."),
        ("One. " + "Two is longer " * 20 + ".", "One."),
        ("It costs $1.5 at v0.16. " + "Word " * 60, "It costs $1.5 at v0.16."),
        ("Tools, e.g. This one, work. " + "Word " * 60, "Tools, e.g. This one, work."),
        ("He said “no.” " + "Word " * 60, "He said “no.”"),
        ("これは文です。" + "長" * 300, "これは文です。"),
    ],
)
def test_a_quote_ends_with_a_sentence(text: str, cut: str) -> None:
    """Whole sentences, as many as fit; points inside numbers and short forms end none."""
    assert sentence(text) == cut


def test_as_many_sentences_as_fit() -> None:
    """Not only the first."""
    assert sentence("One is here. Two is here. " + "X" * 300, 60) == "One is here. Two is here."


def test_a_long_sentence_is_cut_at_a_pause() -> None:
    """At the last comma or dash that fits, and marked; but only one that no card could hold."""
    assert sentence(CLAUSE * 6) == (CLAUSE * 2).rstrip(", ") + " …"


def test_a_sentence_that_a_card_can_hold_stays_whole() -> None:
    """Never mid-thought: the first sentence, up to 420 characters, whatever the width."""
    first = (CLAUSE * 4).rstrip(", ") + "."
    assert 220 < len(first) <= 420
    assert sentence(f"{first} And more.") == first


def test_without_a_pause_it_is_cut_at_a_word() -> None:
    """Never inside one."""
    cut = sentence("word " * 100)
    assert cut.endswith("word…")
    assert len(cut) <= 220


@pytest.mark.parametrize("text", ["x" * 1000, "é" * 1000, "👩‍🚀" * 200, ". " * 500, "", "!" * 500])
def test_nothing_is_too_odd_to_cut(text: str) -> None:
    """The result fits, and ends in no half character."""
    cut = sentence(text)
    assert len(cut) <= 221
    assert not cut.rstrip("…").endswith("\u200d")


def test_the_first_two_voices_are_heard() -> None:
    """In the order of the source, whatever their verdicts."""
    said = tuple(Quote(text, None, verdict) for text, verdict in [("a", "ship"), ("b", None), ("c", "skip")])
    picked = voices(replace(tool("A"), quotes=said))
    assert [(voice.text, voice.label) for voice in picked] == [("a", "Praise"), ("b", "")]


def test_the_editor_chooses_others() -> None:
    """As many as wanted, in the order wanted; numbers that no longer fit are passed over."""
    four = replace(tool("A"), quotes=tuple(map(Quote, ["a", "b", "c", "d"])))
    assert [voice.text for voice in voices(replace(four, chosen=(3, 1)))] == ["c", "a"]
    assert [voice.text for voice in voices(replace(four, chosen=(9, 4)))] == ["d"]
    assert [voice.text for voice in voices(replace(four, chosen=(9,)))] == ["a", "b"]


@pytest.mark.parametrize(
    ("said", "printed"),
    [("“Well.”", "Well."), ('"Well."', "Well."), ("“House” and “style”", "“House” and “style”"), ("“", "“")],
)
def test_a_quote_loses_its_own_quotation_marks(said: str, printed: str) -> None:
    """The template sets them; marks that belong to single words stay."""
    assert [voice.text for voice in voices(replace(tool("A"), quotes=(Quote(said),)))] == [printed]


def test_an_empty_quote_is_no_voice() -> None:
    """Quotation marks around nothing say nothing."""
    assert voices(replace(tool("A"), quotes=(Quote("Well."), Quote("  ")))) == voices(
        replace(tool("A"), quotes=(Quote("Well."),))
    )


@pytest.mark.parametrize(
    ("said", "chosen", "numbers"),
    [
        (["a", "b", "c"], (), (1, 2)),
        (["a", "b", "c"], (3, 1), (3, 1)),
        (["a", "a", "b"], (2,), (2,)),
        (["a", "a", "a"], (), (1, 2)),
        (["a", " ", "b"], (), (1, 3)),
        (["a", " ", "b"], (2, 3), (3,)),
        (["a", " ", "b"], (2,), (1, 3)),
        (["a"], (0, 9, -1), (1,)),
        ([" "], (1,), ()),
    ],
)
def test_who_is_heard_has_a_number(
    said: list[str], chosen: tuple[int, ...], numbers: tuple[int, ...]
) -> None:
    """Equal quotes are told apart, blank ones passed over; what is printed is just these."""
    spoken = replace(tool("A"), quotes=tuple(map(Quote, said)), chosen=chosen)
    assert heard(spoken) == numbers
    assert [voice.text for voice in voices(spoken)] == [said[number - 1] for number in numbers]
