"""Every tool's quotes, and which of them the edition lets be heard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from digest.editions.editing import MOST_VOICES
from digest.editions.story import Story, Tool
from digest.rendering.voices import voices


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
    heard = _heard(tool)
    found = tuple(
        Voice(number, quote.text, quote.reviewer, quote.verdict, number in heard)
        for number, quote in enumerate(tool.quotes, 1)
    )
    return Speaker(tool.slug, tool.name, bool(tool.chosen), MOST_VOICES, found)


def _heard(tool: Tool) -> set[int]:
    """The editor's choice, else the quotes that the email prints: found by printing each alone."""
    if tool.chosen:
        return set(tool.chosen)
    printed = voices(tool)
    alone = {number: voices(replace(tool, quotes=(quote,))) for number, quote in enumerate(tool.quotes, 1)}
    return {number for number, voice in alone.items() if voice and voice[0] in printed}
