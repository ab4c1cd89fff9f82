"""The size of an edition: whole where it fits, else the tail in one line each, and never clipped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.editions.story import Comparison, Quote, Story
from digest.editions.telling import build_story
from digest.errors import RenderError
from digest.rendering.fitting import BUDGET, CLIPPED, FEW_ROWS, SMALL_BUDGET, budget, size
from digest.rendering.rendered import Rendered
from digest.rendering.renderer import Renderer
from tests.support.stories import BRANDING, MARKER, tool, versus

SAID = (
    "It read the whole folder before it touched a line, and asked about two files that disagreed.",
    "The bill is honest and the logs are not. I would ship it for a small team and keep it from a large one.",
)


def pair(number: int) -> Comparison:
    """Two tools nobody else mentions, with words of the usual length."""
    sides = (
        tool(
            f"{name} Studio {number}",
            share,
            quotes=4,
            tagline="Turns support tickets into a test suite for any model",
            category="Developer Tools",
            entry="Freemium",
        )
        for name, share in (("Fathom", 25 * (number % 5)), ("Plumb", 75))
    )
    left, right = (replace(one, quotes=tuple(map(Quote, SAID * 2))) for one in sides)
    return versus(left, right)


def edition(count: int, intro: str = "") -> tuple[Story, Rendered]:
    """A week of that many pairs."""
    story = build_story("2026-W47", [pair(number) for number in range(count)], intro=intro)
    return story, Renderer(BRANDING).edition(story, MARKER)


@pytest.mark.parametrize("count", [1, 5, 10])
def test_ten_comparisons_fit_whole(count: int) -> None:
    """Within 60 KB, every one with its cards."""
    story, mail = edition(count)
    assert mail.briefly == 0
    assert size(mail, BRANDING.base_url) <= SMALL_BUDGET == budget(count)
    assert mail.html.count("<h3") == 2 * len(story.pairs) == 2 * count


@pytest.mark.parametrize("count", [11, 25, 60])
def test_of_more_the_tail_is_told_in_one_line(count: int) -> None:
    """Within 90 KB, the first with cards, and each of the others with its link in both parts."""
    story, mail = edition(count)
    assert size(mail, BRANDING.base_url) <= BUDGET == budget(count)
    assert mail.html.count("<h3") == 2 * (count - mail.briefly)
    for comparison in story.comparisons:
        assert f'href="{comparison.url}"' in mail.html
        assert comparison.url in mail.text
    if mail.briefly:
        assert "Also this week" in mail.html
        assert "ALSO THIS WEEK" in mail.text


def test_as_many_cards_as_fit() -> None:
    """What is left of the budget is less than one more comparison would take."""
    _, mail = edition(25)
    cards = 25 - mail.briefly
    assert 5 < cards < 25
    body = mail.html[mail.html.index("Head to head") : mail.html.index("Also this week")]
    assert BUDGET - size(mail, BRANDING.base_url) < len(body.encode()) / cards


def test_nothing_is_clipped_however_many() -> None:
    """500 comparisons: a short board, as many lines as fit, and a link to the list of all."""
    story, mail = edition(500)
    assert mail.briefly == 500
    assert f"and {len(story.board) - FEW_ROWS} more in the comparisons below" in mail.html
    assert len(mail.html.encode()) < CLIPPED
    assert f"{BRANDING.archive_url(story.key)}/contents" in mail.html
    assert f"{BRANDING.archive_url(story.key)}/contents" in mail.text


def test_long_names_cannot_break_the_budget() -> None:
    """300 characters in every name."""
    names = [f"{'Long' * 70} {number}" for number in range(20)]
    pairs = [versus(tool(name), tool(f"{name}b")) for name in names]
    mail = Renderer(BRANDING).edition(build_story("2026-W47", pairs), MARKER)
    assert size(mail, BRANDING.base_url) <= BUDGET


def test_an_intro_that_takes_it_all_is_refused() -> None:
    """With the sizes, and what to do."""
    with pytest.raises(RenderError, match=r"of 60,000 bytes.*shorten its intro"):
        edition(3, intro="word " * 15_000)
