"""Keeps an edition within the size that mail programs show whole: the tail is told in one line each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from digest.editions.story import Story
from digest.editions.telling import abridged
from digest.errors import RenderError
from digest.rendering.rendered import Rendered, reader_link
from digest.tokens import LENGTH

SMALL, SMALL_BUDGET, BUDGET = 10, 60_000, 90_000
"""An edition of up to SMALL comparisons stays within SMALL_BUDGET bytes of HTML, any other within BUDGET."""
CLIPPED = 102_000
"""Bytes of HTML after which Gmail hides the rest behind a link, the footer with it (email-bugs#41)."""

MOST_ROWS, FEW_ROWS = 50, 20  # tools on the board of an abridged edition
HOPEFUL = 60  # more comparisons than that never fit whole
AT_LEAST = 150  # bytes that a comparison adds, in one line


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to tell the story, and the bytes of HTML it takes as sent."""

    mail: Rendered
    size: int


def budget(comparisons: int) -> int:
    """The most bytes of HTML that an edition of so many comparisons may have as sent."""
    return SMALL_BUDGET if comparisons <= SMALL else BUDGET


def fitted(story: Story, render: Callable[[Story], Rendered], base_url: str) -> Rendered:
    """The story rendered whole, or with as many cards as fit; raises RenderError where nothing helps."""
    count, ways = len(story.comparisons), _Ways(story, render, base_url)
    limit = budget(count)
    if count <= HOPEFUL and (whole := ways.whole()).size <= limit:
        return whole.mail
    if (no_cards := ways.with_cards(0)).size <= limit:
        return _longest(count, limit, no_cards, ways.with_cards).mail
    if (no_lines := ways.with_lines(0)).size <= limit:
        return _longest(count, limit, no_lines, ways.with_lines).mail
    raise RenderError(
        f"the edition takes {no_lines.size:,} of {limit:,} bytes of HTML before it tells of any comparison: "
        "shorten its intro, or the names of its tools"
    )


def size(rendered: Rendered, base_url: str) -> int:
    """The bytes of HTML as sent, with a reader's own links in place of their stand-ins."""
    before, after = reader_link(rendered.marker, ""), f"{base_url}//{'x' * LENGTH}"
    return len(rendered.html.encode()) + rendered.html.count(before) * (len(after) - len(before))


@dataclass(frozen=True, slots=True)
class _Ways:
    """The ways to tell one story, each measured; see `fitted` for their order."""

    story: Story
    render: Callable[[Story], Rendered]
    base_url: str

    def whole(self) -> Attempt:
        """With all there is."""
        return self._measured(self.story)

    def with_cards(self, cards: int) -> Attempt:
        """The first so many with their cards, all others in one line each."""
        lines = len(self.story.comparisons) - cards
        return self._measured(abridged(self.story, cards, lines, self._rows(MOST_ROWS)))

    def with_lines(self, lines: int) -> Attempt:
        """The first so many in one line each, without any card."""
        return self._measured(abridged(self.story, 0, lines, self._rows(FEW_ROWS)))

    def _rows(self, most: int) -> int:
        return min(len(self.story.board), most)

    def _measured(self, told: Story) -> Attempt:
        mail = self.render(told)
        return Attempt(mail, size(mail, self.base_url))


def _longest(count: int, limit: int, shortest: Attempt, way: Callable[[int], Attempt]) -> Attempt:
    """The attempt with the largest number up to `count` that keeps the limit, as `shortest`, number 0, does.

    The size grows about evenly with the number, so that a guess along the line between the nearest known
    sizes finds it in a few attempts.
    """
    low, below, high, above = 0, shortest, count + 1, shortest.size + (count + 1) * AT_LEAST
    while high - low > 1:
        guess = low + (limit - below.size) * (high - low) // (max(above, limit + 1) - below.size)
        number = min(max(guess, low + 1), high - 1)
        tried = way(number)
        if tried.size <= limit:
            low, below = number, tried
        else:
            high, above = number, tried.size
    return below
