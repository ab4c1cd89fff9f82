"""Headings: one of the first level, and no level skipped on the way down."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from digest.checking.findings import Finding, Level, listed, sample
from digest.checking.page import Page, words

CHECK = "headings"


def check_headings(page: Page) -> Iterator[Finding]:
    """The outline that screen readers jump by."""
    found = [(int(one.tag[1]), words(one)) for one in page.named("h1", "h2", "h3", "h4", "h5", "h6")]
    tops = [text for level, text in found if level == 1]
    problems = []
    if len(tops) != 1:
        message = f"there are {len(tops)} headings of the first level; there must be one"
        problems.append(Finding(CHECK, Level.ERROR, message, listed(map(sample, tops))))
    skipped = listed(
        f"h{before} {sample(above)} is followed by h{after} {sample(text)}"
        for (before, above), (after, text) in pairwise(found)
        if after > before + 1
    )
    if skipped:
        problems.append(Finding(CHECK, Level.ERROR, "headings skip a level", skipped))
    if empty := sum(not text for _, text in found):
        problems.append(Finding(CHECK, Level.ERROR, f"headings without words: {empty:,}"))
    yield from problems or [
        Finding(CHECK, Level.OK, f"{len(found):,} headings in order, one of the first level")
    ]
