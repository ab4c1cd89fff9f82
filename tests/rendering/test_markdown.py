"""The editor's intro: Markdown that helps, and cannot harm."""

from __future__ import annotations

import pytest

from digest.rendering.markdown import markdown_html, markdown_lines
from digest.rendering.plaintext import intro_text


def test_the_usual_markdown_works() -> None:
    """Emphasis, links, lists, quotes and headings below the headline."""
    html = markdown_html(
        "# Hello\n\nA **bold** [link](https://x.example/a?b=1&c=2).\n\n- one\n- two\n\n> said\n"
    )
    assert html == (
        "<h2>Hello</h2>\n"
        '<p>A <strong>bold</strong> <a href="https://x.example/a?b=1&amp;c=2">link</a>.</p>\n'
        "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n<blockquote>\n<p>said</p>\n</blockquote>\n"
    )


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,x)",
        "[x](/relative)",
        "[x](//host.example)",
        "![x](https://x.example/pixel.png)",
        "<https://x.example/><style>*{}</style>",
    ],
)
def test_nothing_dangerous_or_relative_gets_through(source: str) -> None:
    """No raw HTML, no images, and only absolute web and mail addresses."""
    html = markdown_html(source)
    assert "<script" not in html
    assert "<img" not in html
    assert "<style" not in html
    assert 'href="/' not in html
    assert 'href="javascript' not in html
    assert 'href="data' not in html


@pytest.mark.parametrize(
    "address", ["//evil.example", "/relative", "x", "#x", "?x", "ftp://x.example", "https:x"]
)
def test_a_link_that_leads_nowhere_is_its_words(address: str) -> None:
    """In both parts, with what is emphasised in them; the links around it stay."""
    good = "[y](https://y.example)"
    words = '<a href="https://y.example">y</a> <em>z</em>! <a href="https://y.example">y</a>'
    assert markdown_html(f"{good} [*z*]({address})! {good}") == f"<p>{words}</p>\n"
    assert markdown_html(f"[z][1]\n\n[1]: {address}") == "<p>z</p>\n"
    assert intro_text(f"[z]({address})!") == "z!"


@pytest.mark.parametrize(
    "source", ["> " * 500 + "x", "*a **b " * 500, "- " * 300 + "x", "[" * 2000, "*_" * 400 + "x" + "_*" * 400]
)
def test_nesting_is_capped(source: str) -> None:
    """However it is nested, the result is shallow enough for every step that follows."""
    html = markdown_html(source)
    depth = deepest = 0
    for piece in html.split("<")[1:]:
        depth += -1 if piece.startswith("/") else not piece.startswith(("br", "hr"))
        deepest = max(deepest, depth)
    assert deepest <= 20


def test_text_keeps_paragraphs_and_items() -> None:
    """Lines of a paragraph flow together, list items stay on their own."""
    assert markdown_lines("one\ntwo\n\n- a\n- b\n\n\nlast\n") == ["one two", "", "- a", "- b", "", "last"]


def test_text_shows_where_links_lead() -> None:
    """And leaves out addresses that are not for readers."""
    assert (
        intro_text("See [this](https://x.example) or [that](javascript:x).")
        == "See this (https://x.example) or that."
    )


def test_control_characters_are_gone() -> None:
    """From both parts."""
    assert markdown_html("a\x00b\x1bc") == "<p>a b c</p>\n"
    assert intro_text("a\x00b\u2028c") == "a b c"
