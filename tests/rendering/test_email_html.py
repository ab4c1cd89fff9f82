"""The HTML as mail programs need it: one document, no outside resources, readable by everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from lxml import html as lxml_html

from digest.editions.story import Update
from digest.editions.telling import build_story
from digest.rendering.notices import NOTICES
from digest.rendering.renderer import Renderer
from tests.support.stories import BRANDING, MARKER, tool, versus


def mails() -> Iterator[tuple[str, str]]:
    """Every kind of mail, rendered."""
    renderer = Renderer(BRANDING)
    mark = tool("Mark")
    comparisons = [
        versus(tool("A", 100), mark),
        versus(mark, tool("B", 50)),
        versus(tool("C", 0), tool("D", 33)),
    ]
    updates = [Update("Old", "entry", "Free", "Paid")]
    story = build_story(
        "2026-W47", comparisons, intro="See [this](https://site.example.org).", updates=updates
    )
    yield "edition", renderer.edition(story, MARKER).html
    for name in NOTICES:
        yield name, renderer.notice(name, {}, MARKER).html


MAILS = dict(mails())


@pytest.fixture(params=MAILS)
def html(request: pytest.FixtureRequest) -> str:
    """The HTML of each mail in turn."""
    return MAILS[request.param]


def test_the_doctype_is_kept(html: str) -> None:
    """Without it browsers fall back to the layout rules of 1998."""
    assert html.startswith("<!DOCTYPE html>")


def test_media_queries_keep_their_force(html: str) -> None:
    """Phones and dark mode need `!important` against inlined styles."""
    dark = html[html.index("prefers-color-scheme: dark") :]
    assert "!important" in dark[:400]
    assert "!important" in html[html.index("max-width: 480px") :][:400]
    assert '<meta name="color-scheme" content="light dark">' in html


def test_outlooks_comments_are_kept(html: str) -> None:
    """Classic Outlook lays out by them; no trace of the inliner stays in them."""
    assert html.count("<!--[if mso") >= 3
    assert "data-premailer" not in html


def test_nothing_is_loaded_from_anywhere(html: str) -> None:
    """No image, font, sheet or script; a mail that is only opened asks nobody for anything."""
    assert not re.search(r"<(link|img|script|iframe|object|video|audio|form|svg)\b", html)
    assert not re.search(r"\b(src|srcset|background)=|url\(|@import|@font-face", html)


def test_every_link_is_absolute_and_has_words(html: str) -> None:
    """Each leads somewhere and says where."""
    links = lxml_html.fromstring(html).findall(".//a")
    for link in links:
        assert link.get("href", "").startswith("https://")
        assert len(link.text_content().strip()) > 3
    assert links or "goodbye" in html


def test_language_and_direction_are_declared(html: str) -> None:
    """On the root and on every direct child of the body."""
    root = lxml_html.fromstring(html)
    body = root.find("body")
    assert body is not None
    for element in (root, *(child for child in body if isinstance(child.tag, str))):
        assert (element.get("lang"), element.get("dir")) == ("en", "ltr")


def test_layout_tables_say_so(html: str) -> None:
    """Screen readers pass over tables that only hold things in place."""
    tables = lxml_html.fromstring(html).findall(".//table")
    assert tables
    assert {table.get("role") for table in tables} == {"presentation"}


def test_headings_form_an_outline(html: str) -> None:
    """One h1, and no level is skipped."""
    levels = [int(level) for level in re.findall(r"<h([1-6])\b", html)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_no_text_is_small(html: str) -> None:
    """Nothing under 13 px but resets of empty space: MJML's own, which are 0, and Outlook's empty cells."""
    seen = re.sub(r"<!--\[if mso\]><style>.*?<!\[endif\]-->", "", html)
    sizes = {int(size) for size in re.findall(r"font(?:-size)?:\s*(?:bold )?(\d+)px", seen)}
    assert min(sizes - {0}) >= 13


def test_colours_have_six_digits(html: str) -> None:
    """Some programs read three as nothing."""
    colours = re.findall(r"(?:color|bgcolor=\"|solid|border-color)[:\s]*(#[0-9a-f]+)", html)
    assert colours
    assert {len(colour) for colour in colours} == {7}


def test_only_the_preheader_is_hidden(html: str) -> None:
    """Hidden text costs trust; there is one line of it."""
    assert html.count("display:none") == 1
    assert "visibility:hidden" not in html


def test_the_title_is_the_subject() -> None:
    """Browsers and screen readers announce it."""
    assert "<title>Confirm your subscription to Weekly Verdicts</title>" in MAILS["confirm"]
