"""A comparison as a source tells it, before it meets the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from digest.errors import SourceError

Verdict = Literal["ship", "skip"]
VERDICTS: Final[dict[str, Verdict]] = {"ship": "ship", "skip": "skip"}
"""What a source may say, and nothing else."""


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """One reviewer's quote on one tool.

    `position` counts from 1 within the tool. `quote` has no surrounding quotation marks. `reviewer`
    and `verdict` are None unless the source says them: they are never guessed.
    """

    position: int
    quote: str
    reviewer: str | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class ToolRecord:
    """One tool's facts. Percentages are whole numbers 0–100; None means "not yet"."""

    name: str
    category: str
    tagline: str
    description: str  # paragraphs separated by a blank line
    panel_ship: int | None
    community: int | None
    entry: str | None
    reviews: tuple[ReviewRecord, ...] = ()
    slug: str | None = None


@dataclass(frozen=True, slots=True)
class ComparisonRecord:
    """Two tools side by side, and where in which source they were read."""

    title: str
    blurb: str
    tools: tuple[ToolRecord, ToolRecord]
    source: str
    line: int = 1
    url: str | None = None
    published_at: datetime | None = None  # aware, UTC
    slug: str | None = None


Result = ComparisonRecord | SourceError
"""What becomes of each comparison that is read."""
