"""Turns a week's comparisons into the story that the templates tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from digest.editions import wording
from digest.editions.folding import board, fold
from digest.editions.phrasing import clean
from digest.editions.story import Comparison, Story, Update


def build_story(
    key: str,
    comparisons: Sequence[Comparison],
    *,
    intro: str = "",
    subject: str | None = None,
    preheader: str | None = None,
    updates: Sequence[Update] = (),
) -> Story:
    """Folds and ranks the comparisons and finds the words; an editor's subject and preheader win."""
    folds, pairs = fold(comparisons)
    facts = wording.Facts(tuple(comparisons), board(comparisons), folds, pairs)
    return Story(
        key=key,
        subject=clean(subject or "") or wording.subject(facts),
        preheader=clean(preheader or "") or wording.preheader(facts),
        headline=wording.headline(facts),
        standfirst=wording.standfirst(facts),
        intro=intro,
        board=facts.board,
        folds=folds,
        pairs=pairs,
        updates=tuple(updates),
        comparisons=facts.comparisons,
    )


def abridged(story: Story, cards: int, lines: int, rows: int) -> Story:
    """The same story with so many comparisons told whole, so many more in one line, and so long a board."""
    folds, pairs = fold(story.comparisons[:cards])
    rest = story.comparisons[cards:]
    return replace(
        story,
        folds=folds,
        pairs=pairs,
        briefly=rest[:lines],
        unlisted=len(rest[lines:]),
        board=story.board[:rows],
        off_board=len(story.board[rows:]),
    )
