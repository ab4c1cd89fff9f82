"""Made-up weeks of comparisons, in words as long as real ones, the same at every run."""

from __future__ import annotations

import random

from digest.editions.story import Comparison, Quote, Story, Tool
from digest.editions.telling import build_story
from digest.rendering.branding import Branding

KEY = "2026-W47"
BRAND = Branding(
    name="Weekly Verdicts",
    postal_address="1 Example Street, 10115 Berlin",
    operator="Verdict Makers",
    base_url="https://digest.example.org",
)
_SITE = "https://example.org/compare"
_FIRST = (
    *("Fathom", "Plumb", "Lantern", "Copperfield", "Meridian", "Saltbox", "Harbour", "Quillwork"),
    *("Nightjar", "Turnstone", "Ironwood", "Marlinspike"),
)
_SECOND = ("Studio", "Agents", "Coder", "Notebook", "Recall", "Voice", "Vision", "Pipelines")
_CATEGORIES = ("Developer Tools", "Writing & Research", "Voice & Audio", "Image Generation", "Data Analysis")
_ENTRIES = ("Free", "Paid", "Freemium", "$20/mo")
_TAGLINES = (
    "Turns a backlog of support tickets into tests for any model",
    "Reads a whole repository and proposes one change at a time",
    "Transcribes long meetings and keeps who said what in order",
    "Searches your own papers and shows the page of every claim",
    "Runs small open models on a laptop without any other setup",
)
_SENTENCES = (
    "It read the whole folder before it touched a line, and asked about two files that disagreed.",
    "The bill is honest and the logs are not.",
    "I would ship it for a small team and keep it from a large one.",
    "Setup took an afternoon, most of it spent on permissions nobody had documented.",
    "The second answer is usually better than the first, which says a lot about the first.",
    "When the network went away it finished what it had begun and said so.",
    "Nothing here is new, but for once all of it works together.",
    "The export is a plain file that other programs can read, and that alone decides it for us.",
)
_SHARES = (100, 75, 50, 25, 0, 67, None)


def pairs(count: int) -> Story:
    """A week in which no two comparisons share a tool."""
    return _story([_comparison(_tool(2 * number), _tool(2 * number + 1)) for number in range(count)])


def yardstick(count: int) -> Story:
    """A week in which all are set against the same tool."""
    mark = _tool(0)
    return _story([_comparison(mark, _tool(number + 1)) for number in range(count)])


def _story(comparisons: list[Comparison]) -> Story:
    return build_story(KEY, comparisons)


def _comparison(left: Tool, right: Tool) -> Comparison:
    slug = f"{left.slug}-vs-{right.slug}"
    question = "Which one should you ship with? Here is the side-by-side panel verdict."
    return Comparison(slug, f"{left.name} vs {right.name}", question, f"{_SITE}/{slug}", left, right)


def _tool(number: int) -> Tool:
    """A tool with a name of 10 to 25 characters, a tagline of about 60 and four quotes."""
    chance = random.Random(number)
    name = f"{_FIRST[number % len(_FIRST)]} {chance.choice(_SECOND)} {number + 1}"
    return Tool(
        slug=name.lower().replace(" ", "-"),
        name=name,
        category=chance.choice(_CATEGORIES),
        tagline=chance.choice(_TAGLINES),
        description=" ".join(chance.sample(_SENTENCES, 6)),
        panel_ship=chance.choice(_SHARES),
        community=chance.choice((None, 48, 64, 81)),
        entry=chance.choice(_ENTRIES),
        quotes=tuple(Quote(_quote(chance)) for _ in range(4)),
    )


def _quote(chance: random.Random) -> str:
    """Two or three sentences, together 120 to 220 characters."""
    while True:
        words = " ".join(chance.sample(_SENTENCES, chance.choice((2, 3))))
        if 120 <= len(words) <= 220:
            return words
