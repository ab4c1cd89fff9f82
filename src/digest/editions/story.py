"""An edition as plain values: what its words are written from, and what the templates are given."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quote:
    """A reviewer's words, whole. `reviewer` and `verdict` ("ship" | "skip") only where the source says."""

    text: str
    reviewer: str | None = None
    verdict: str | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool as readers meet it. Percentages are 0–100, None is "not yet"."""

    slug: str
    name: str
    category: str
    tagline: str
    description: str
    panel_ship: int | None
    community: int | None
    entry: str | None
    quotes: tuple[Quote, ...] = ()
    chosen: tuple[
        int, ...
    ] = ()  # the quotes an editor wants to be heard, 1 is the first; () is nobody's choice


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two tools side by side; `url` is absolute and leads to the full comparison."""

    slug: str
    title: str
    blurb: str
    url: str
    left: Tool
    right: Tool

    def challenger(self, yardstick: Tool) -> Tool:
        """The side that is not the yardstick."""
        return self.right if self.left.slug == yardstick.slug else self.left


@dataclass(frozen=True, slots=True)
class Update:
    """A tool readers have met before, of which one fact has moved since."""

    tool: str
    fact: str  # "panel ship" | "community" | "entry"
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Fold:
    """A tool that several comparisons share, told once, and what is set against it."""

    yardstick: Tool
    comparisons: tuple[Comparison, ...]  # each has the yardstick on one side

    @property
    def challengers(self) -> tuple[Tool, ...]:
        """The tools set against the yardstick, in the order of their comparisons."""
        return tuple(comparison.challenger(self.yardstick) for comparison in self.comparisons)


@dataclass(frozen=True, slots=True)
class Story:
    """A whole edition: words, board, folds and the comparisons that share no tool.

    An abridged one tells its last comparisons `briefly`, leaves `unlisted` ones to a page of ours, and
    `off_board` tools to the comparisons below.
    """

    key: str  # 2026-W47
    subject: str
    preheader: str
    headline: str
    standfirst: str
    intro: str  # the editor's Markdown, or ""
    board: tuple[Tool, ...]  # every tool once, ranked
    folds: tuple[Fold, ...]
    pairs: tuple[Comparison, ...]
    updates: tuple[Update, ...] = ()
    comparisons: tuple[Comparison, ...] = ()  # all of them, in the edition's order
    briefly: tuple[Comparison, ...] = ()
    unlisted: int = 0
    off_board: int = 0
