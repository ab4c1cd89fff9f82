"""The page as HTML: the same comparison as its text, plus what only markup can say."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.content.page_html import read_html
from digest.content.page_text import read_page
from digest.content.records import ComparisonRecord
from digest.errors import SourceError

EXAMPLES = sorted((Path(__file__).parents[2] / "examples/pages").glob("*/*.txt"))
LEFT = [
    "Tools",
    "Left",
    "Goes left",
    "75%",
    "Panel ship",
    "—",
    "Community",
    "Paid",
    "Entry",
    "It turns left.",
]
RIGHT = ["Toys", "Right", "Goes on", "0%", "Panel ship", "9%", "Community", "Free", "Entry", "One.", "Two."]
QUOTES = ["<p>“L1.”</p>", "<p>“R1.”</p>"]
META = '<meta property="article:published_time" content="2026-11-12T09:00:00+01:00">'


def paragraphs(lines: list[str], tag: str = "p") -> str:
    """Each line in an element of its own."""
    return "\n".join(f"<{tag}>{escape(line)}</{tag}>" for line in lines)


def page(
    *,
    head: str = "",
    left: str = paragraphs(LEFT),
    quotes: list[str] = QUOTES,
    before: str = "",
    after: str = "",
) -> str:
    """A whole page as HTML, with what a test wants changed."""
    return (
        f"<!doctype html><html><head><title>Site</title>{head}</head><body>{before}<p>AI tool comparison</p>"
        f"<h1>Left vs Right</h1><p>Which of them?</p>{left}{paragraphs(RIGHT)}<h2>Reviewer scorecard</h2>"
        f"{''.join(quotes)}<h2>Weekly AI Tool Verdicts</h2>{after}</body></html>"
    )


def facts(record: ComparisonRecord) -> tuple[object, ...]:
    """What a record says, without where it was read."""
    return record.title, record.blurb, record.tools


def refused(html: str | bytes) -> SourceError:
    """The error that this HTML is answered with."""
    with pytest.raises(SourceError) as caught:
        read_html(html, "page.html")
    return caught.value


PLAIN = read_html(page(), "page.html")


def test_reads_the_plain_page() -> None:
    """Elements make lines, and the lines read as the text does."""
    left, right = PLAIN.tools
    assert (PLAIN.title, PLAIN.blurb, PLAIN.source) == ("Left vs Right", "Which of them?", "page.html")
    assert (left.name, left.panel_ship, left.community, left.entry) == ("Left", 75, None, "Paid")
    assert (right.name, right.community, right.description) == ("Right", 9, "One.\n\nTwo.")
    assert [[review.quote for review in tool.reviews] for tool in PLAIN.tools] == [["L1."], ["R1."]]
    assert (PLAIN.url, PLAIN.published_at) == (None, None)


@pytest.mark.parametrize("tag", ["p", "div", "li", "h3", "td", "my-line"])
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_as_html_is_the_same(path: Path, tag: str) -> None:
    """Our own sample pages say the same as text and as HTML."""
    text = path.read_text("utf-8")
    html = f"<html><body>{paragraphs(text.splitlines(), tag)}</body></html>"
    assert facts(read_html(html, "x")) == facts(read_page(text, "x"))


@pytest.mark.parametrize(
    "left",
    [
        "<div>" + "".join(f"<span>{line}</span>" for line in LEFT) + "</div>",
        "<div>" + "\n  ".join(f"<span>{line}</span>" for line in LEFT) + "</div>",
        "".join(f"<div><span>{line}</span></div>" for line in LEFT),
        "<div>" + "<br>".join(LEFT) + "</div>",
        paragraphs(LEFT[:3])
        + f"<p>{''.join(f'<b>{line}</b>' for line in LEFT[3:9])}</p>"
        + paragraphs(LEFT[9:]),
        paragraphs(LEFT[:3])
        + "".join(f"<p><b>{a}</b> <i>{b}</i></p>" for a, b in zip(LEFT[3:9:2], LEFT[4:9:2], strict=True))
        + paragraphs(LEFT[9:]),
        paragraphs(LEFT[:1]) + "<h2>L<b>e</b>ft</h2><p>Goes <a href='#'>left</a></p>" + paragraphs(LEFT[3:]),
        paragraphs(LEFT[:9]) + "<p>It<!-- never --> turns<script>x()</script>\n  left.<style>p{}</style></p>",
        paragraphs(LEFT).replace("75%", "75&nbsp;%").replace("—", "&mdash;"),
        paragraphs(LEFT).replace("<p>", "<P CLASS=x>").replace("</p>", ""),
    ],
)
def test_other_ways_to_mark_up_the_same_tool(left: str) -> None:
    """Spans side by side, line breaks, inline elements, entities and unseen elements read alike."""
    assert facts(read_html(page(left=left), "page.html")) == facts(PLAIN)


def test_a_label_word_inside_a_sentence_stays_there() -> None:
    """An emphasised label word with text around it is part of its sentence."""
    left = paragraphs(LEFT[:9]) + "<div>It is the <b>Community</b> edition at <b>75%</b>.</div>"
    assert read_html(page(left=left), "x").tools[0].description == "It is the Community edition at 75%."


@pytest.mark.parametrize(
    "quotes",
    [
        ["<blockquote>L1.</blockquote>", "<blockquote>R1.</blockquote>"],
        ["<blockquote>“L1.”</blockquote>", '<blockquote>"R1."</blockquote>'],
        ["<p><q>L1.</q></p>", "<p><q>“R1.”</q></p>"],
        ["<div><q>L1.</q><q>R1.</q></div>"],
        ["<ul><li>“L1.”</li><li>“R1.”</li></ul>"],
        ["<figure><blockquote><p>L1.</p></blockquote></figure>", "<p>“R<em>1</em>.”</p>"],
    ],
)
def test_quotes_with_and_without_marks(quotes: list[str]) -> None:
    """A quote is told by its element or by its marks; neither stays in the text."""
    assert facts(read_html(page(quotes=quotes), "page.html")) == facts(PLAIN)


def test_a_quote_of_several_paragraphs_and_a_quote_inside() -> None:
    """A blockquote is one quote whatever stands in it, and inner quotations keep their marks."""
    quotes = ["<blockquote><p>One.</p><p>Two.</p></blockquote>", "<p>“He said <q>no</q> twice”</p>"]
    left, right = read_html(page(quotes=quotes), "x").tools
    assert (left.reviews[0].quote, right.reviews[0].quote) == ("One.\n\nTwo.", "He said “no” twice")


def test_reviewer_and_verdict_where_the_markup_says_them() -> None:
    """Names and verdicts come from the quote's element or one around it, and are never guessed."""
    quotes = [
        '<div data-reviewer="Ann  Lee"><blockquote data-verdict="ship"><p>A.</p></blockquote></div>',
        '<p data-verdict="Skip">“B.”</p>',
        "<p>“C.”</p>",
        '<p><q data-reviewer="Bo">D.</q></p>',
    ]
    left, right = read_html(page(quotes=quotes), "x").tools
    said = [(r.quote, r.reviewer, r.verdict) for r in (*left.reviews, *right.reviews)]
    assert said == [("A.", "Ann Lee", "ship"), ("C.", None, None), ("B.", None, "skip"), ("D.", "Bo", None)]


def test_an_unknown_verdict_is_refused() -> None:
    """A verdict that is neither ship nor skip is answered, not dropped."""
    error = refused(page(quotes=['<p data-verdict="maybe">“A.”</p>']))
    assert (error.field, "maybe" in error.message) == ("reviews", True)


def test_navigation_and_other_comparisons_are_skipped() -> None:
    """What stands above the page's heading or below its footer is not this page."""
    html = page(before="<nav><a>Home</a><a>AI tool comparison</a></nav>", after=paragraphs([*LEFT, *RIGHT]))
    assert facts(read_html(html, "page.html")) == facts(PLAIN)


def test_address_and_date() -> None:
    """The canonical link and the publication time are taken from the head, the time as UTC."""
    head = '<link rel="canonical" href=" https://verdicts.example/a?b=1 ">' + META
    record = read_html(page(head=head), "page.html")
    assert record.url == "https://verdicts.example/a?b=1"
    assert record.published_at == datetime(2026, 11, 12, 8, tzinfo=UTC)
    assert replace(record, url=None, published_at=None) == PLAIN


def test_a_time_element_says_the_date() -> None:
    """Without a meta element, the first time element counts."""
    html = page(before='<time datetime="2026-11-12T09:00Z">today</time>')
    assert read_html(html, "x").published_at == datetime(2026, 11, 12, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("head", "field"),
    [
        ('<link rel="canonical" href="javascript:alert(1)">', "url"),
        ('<link rel="canonical" href="/compare/x">', "url"),
        ('<link rel="canonical" href="https://user:pass@verdicts.example/">', "url"),
        (META.replace("+01:00", ""), "published_at"),
        (META.replace("2026-11-12T09:00:00+01:00", "last week"), "published_at"),
        (META.replace("2026-11-12T09:00:00+01:00", "0001-01-01T00:00:00+05:00"), "published_at"),
    ],
)
def test_addresses_and_dates_that_do_not_fit(head: str, field: str) -> None:
    """An address that is not public, or a time without its offset, is refused with its line."""
    error = refused("\n\n" + page(head="\n" + head))
    assert (error.field, error.line) == (field, 4)


def test_errors_point_to_the_line_of_the_element() -> None:
    """A misfit is reported where its element begins in the file."""
    error = refused(page(left="\n" + paragraphs(LEFT).replace("75%", "76")))
    assert (error.line, error.field) == (5, "tools[0].panel_ship")


@pytest.mark.parametrize(
    "html",
    [
        "",
        " ",
        "<",
        "<html>",
        "<!-- -->",
        "<?xml version='1.0' encoding='utf-16'?>",
        "<p>AI tool comparison</p>",
        "<div>" * 10_000 + page(),
        page(before="<b>" * 10_000),
        page(quotes=["<q>" * 5_000 + "A"]),
        page(quotes=["<p>“A.</p>"]),
        page().replace("Weekly AI", "Daily AI"),
        page().replace("Left", "\x00"),
        page().replace("Left", "\ud800"),
        page().encode("utf-16"),
        page().encode("latin-1", "replace") + b"\xff",
    ],
)
def test_what_is_no_page_is_refused(html: str | bytes) -> None:
    """Empty, broken, endlessly nested or wrongly encoded HTML is answered in words."""
    assert refused(html).message.startswith("expected ")


def test_bytes_with_a_byte_order_mark() -> None:
    """Bytes are UTF-8, whatever the page claims."""
    html = page(head='<meta charset="latin-1">')
    assert read_html(b"\xef\xbb\xbf" + html.encode(), "page.html") == PLAIN


PIECES = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["<p>", "</div>", "<br>", "<q>", "<!--", "<script>", "<blockquote>", "”", "&"]),
)


@given(st.lists(st.tuples(st.integers(0, len(page())), PIECES), min_size=1, max_size=6))
def test_damaged_html_is_read_or_refused(changes: list[tuple[int, str]]) -> None:
    """Whatever is pushed into the markup: a record or a SourceError, and nothing else."""
    html = page()
    for at, piece in changes:
        html = html[:at] + piece + html[at:]
    with suppress(SourceError):
        read_html(html, "x")
