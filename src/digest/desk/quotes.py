"""Every tool's quotes, and which of them the edition lets be heard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from digest.editions.editing import MOST_VOICES
from digest.editions.story import Story, Tool
from digest.rendering.voices import heard


@dataclass(frozen=True, slots=True)
class Voice:
    """One quote of a tool; `number` is 1 for its first."""

    number: int
    text: str
    reviewer: str | None
    verdict: str | None
    heard: bool


@dataclass(frozen=True, slots=True)
class Speaker:
    """A tool with all it has been told; `chosen` says that an editor decided who is heard."""

    slug: str
    name: str
    chosen: bool
    most: int
    voices: tuple[Voice, ...]


def speakers(story: Story) -> list[Speaker]:
    """The tools of an edition in the order in which it tells them."""
    return [_speaker(tool) for tool in _tools(story)]


def _tools(story: Story) -> list[Tool]:
    """Each tool once: those of folds first, as the email has them."""
    return list({tool.slug: tool for tool in _told(story)}.values())


def _told(story: Story) -> Iterator[Tool]:
    for fold in story.folds:
        yield fold.yardstick
        for comparison in fold.comparisons:
            yield from (comparison.left, comparison.right)
    for comparison in (*story.pairs, *story.comparisons):
        yield from (comparison.left, comparison.right)


def _speaker(tool: Tool) -> Speaker:
    printed = heard(tool)
    found = tuple(
        Voice(number, quote.text, quote.reviewer, quote.verdict, number in printed)
        for number, quote in enumerate(tool.quotes, 1)
    )
    return Speaker(tool.slug, tool.name, bool(tool.chosen), MOST_VOICES, found)
