"""Whose quotes the page shows as heard."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.desk.quotes import speakers
from digest.editions.story import Quote
from digest.rendering.voices import voices
from tests.support.hostile import story
from tests.support.stories import tool, versus


@pytest.mark.parametrize(
    ("said", "chosen", "heard"),
    [
        (["Same.", "Same.", "Other."], (2,), [2]),
        (["Same.", "Same.", "Same."], (), [1, 2]),
        (["One.", " ", "Three."], (2, 3), [3]),
        (["One.", " ", "Three."], (2,), [1, 3]),
    ],
)
def test_heard_is_what_is_printed(said: list[str], chosen: tuple[int, ...], heard: list[int]) -> None:
    """Equal quotes are told apart, and a blank one is never heard, though it was chosen."""
    left = replace(tool("Left"), quotes=tuple(map(Quote, said)), chosen=chosen)
    told = replace(story("x"), folds=(), pairs=(), comparisons=(versus(left, tool("Right")),))
    speaker = speakers(told)[0]
    assert [voice.number for voice in speaker.voices if voice.heard] == heard
    assert len(voices(left)) == len(heard)
    assert speaker.chosen == bool(chosen)
