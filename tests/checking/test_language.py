"""Language, direction, title, and tables that are no tables."""

from __future__ import annotations

import pytest

from digest.checking.findings import Level
from digest.checking.language import check_language
from digest.checking.page import read_page
from tests.checking.samples import levels, page, told

LAYOUT = '<table role="presentation"><tr><td>x</td></tr></table>'
DATA = "<table><tr><th>Tool</th></tr><tr><td>Ace</td></tr></table>"


def found(html: str) -> str:
    """The errors."""
    return told(check_language(read_page(html)), Level.ERROR)


def test_a_page_that_says_everything_passes() -> None:
    """Layout tables are marked, a table of facts needs no mark."""
    html = page(LAYOUT + DATA)
    assert levels(check_language(read_page(html))) == {Level.OK}


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('<html lang="en"', "<html", "<html> no lang"),
        ('<html lang="en"', '<html lang="und"', "<html> lang='und'"),
        ('<html lang="en"', '<html lang="e n"', "<html> lang='e n'"),
        ('<html lang="en" dir="ltr"', '<html lang="en" dir="auto"', "<html> dir='auto'"),
        ('<div lang="en" dir="ltr" style', "<div style", "<div> no lang and no dir: “Two tools"),
        ("<title>Ace</title>", "", "the HTML has no title"),
        ("<title>Ace</title>", "<title> </title>", "the HTML has no title"),
        ('role="presentation"', 'role="table"', "layout tables without role=presentation: 1 of 1"),
    ],
)
def test_what_is_missing_is_an_error(old: str, new: str, why: str) -> None:
    """With the element that lacks it."""
    html = page(LAYOUT)
    assert old in html
    assert why in found(html.replace(old, new, 1))


def test_a_layout_table_around_a_table_of_facts_must_still_say_so() -> None:
    """Headings count for their own table alone."""
    assert "1 of 1" in found(page(f"<table><tr><td>{DATA}</td></tr></table>"))
