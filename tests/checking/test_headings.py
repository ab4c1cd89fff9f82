"""Headings form an outline."""

from __future__ import annotations

import pytest

from digest.checking.findings import Level
from digest.checking.headings import check_headings
from digest.checking.page import read_page
from tests.checking.samples import levels, page, told


def test_an_outline_passes() -> None:
    """One h1, going down step by step and up at once."""
    body = "<h1>A</h1><h2>B</h2><h3>C</h3><h2>D</h2>"
    assert levels(check_headings(read_page(page(body)))) == {Level.OK}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("<p>x</p>", "there are 0 headings of the first level"),
        ("<h1>One</h1><h1>Two</h1>", "“Two”"),
        ("<h1>One</h1><h3>Deep</h3>", "h1 “One” is followed by h3 “Deep”"),
        ("<h1>One</h1><h2> </h2>", "headings without words: 1"),
    ],
)
def test_broken_outlines_are_errors(body: str, why: str) -> None:
    """With the headings in question."""
    assert why in told(check_headings(read_page(page(body))), Level.ERROR)
