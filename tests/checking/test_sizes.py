"""The size of a mail against its budget and against what programs cut off."""

from __future__ import annotations

import pytest

from digest.checking.findings import Level
from digest.checking.page import read_page
from digest.checking.sizes import check_sizes
from tests.checking.samples import good, levels, page, told


@pytest.mark.parametrize(
    ("size", "level"), [(1_000, Level.OK), (91_000, Level.WARNING), (103_000, Level.ERROR)]
)
def test_html_is_measured_against_budget_and_clipping(size: int, level: Level) -> None:
    """Within the budget is well, beyond it a warning, and what Gmail clips an error."""
    mail = good(html=page("ä" * (size // 2)))
    assert level in levels(check_sizes(mail, read_page(mail.html)))


def test_shortened_comparisons_are_told() -> None:
    """The editor learns how many, and why."""
    mail = good(shortened=3)
    assert "3 comparisons are told in one line" in told(check_sizes(mail, read_page(mail.html)), Level.NOTE)


def test_style_sheets_past_gmails_limit_are_named() -> None:
    """Gmail drops what goes beyond 16 KB."""
    mail = good(html=page(style="p { color: #123456 }\n" * 1_000))
    assert "Gmail reads 16,384" in told(check_sizes(mail, read_page(mail.html)), Level.WARNING)


@pytest.mark.parametrize("html", ["<p>" + "x" * 1_100_000, "<b>" * 5_000 + "x", "<br>" * 25_000])
def test_what_was_not_looked_at_is_an_error(html: str) -> None:
    """Too long, too deep or too many: nobody may think that all of it was checked."""
    assert "only its beginning" in told(check_sizes(good(html=html), read_page(html)), Level.ERROR)
