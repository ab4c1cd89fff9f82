"""The edition: every fact in HTML and text, the reader's link where it belongs, nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from lxml import etree
from lxml import html as lxml_html

from digest.editions.story import Comparison, Quote, Story, Tool, Update
from digest.editions.telling import build_story
from digest.rendering.rendered import Rendered, reader_link
from digest.rendering.renderer import Renderer
from tests.support.stories import BRANDING, MARKER, tool, versus

UNSUBSCRIBE = reader_link(MARKER, "unsubscribe")
PREFERENCES = reader_link(MARKER, "preferences")
ARCHIVE = "https://news.example.org/archive/2026-W47"


def folded() -> list[Comparison]:
    """Three challengers against one yardstick, and a pair of their own."""
    mark = tool("Mark", 75, community=64, entry="Freemium")
    return [
        versus(tool("Ace", 100, entry="Free"), mark),
        versus(mark, tool("Bee", 50)),
        versus(mark, tool("Cue", None, quotes=0)),
        versus(tool("Dot", 67), tool("Eel", 0, community=3, entry="$20/mo")),
    ]


def edition(comparisons: list[Comparison], **more: object) -> tuple[Story, Rendered]:
    """A story and what becomes of it."""
    story = build_story("2026-W47", comparisons, **more)  # type: ignore[arg-type]
    return story, Renderer(BRANDING).edition(story, MARKER)


def visible(html: str) -> str:
    """The words of the HTML, without style sheets and comments, single-spaced."""
    tree = lxml_html.fromstring(html)
    etree.strip_elements(tree, "style", "title", etree.Comment, with_tail=False)
    return " ".join(" ".join(tree.itertext()).split())


def flowing(text: str) -> str:
    """The words of the text part on one line."""
    return " ".join(text.split())


def facts(one: Tool) -> list[str]:
    """What a reader must be told about a tool."""
    percentage = "the panel is still out" if one.panel_ship is None else f"{one.panel_ship}%"
    votes = "no votes yet" if one.community is None else f"community {one.community}%"
    quotes = [quote.text for quote in one.quotes[:2]]
    return [one.name, one.category, one.tagline, percentage, votes, str(one.entry), *quotes]


def test_every_fact_reaches_the_reader_twice() -> None:
    """Names, category, tagline, panel ship, community, entry, quotes and link: in HTML and in text."""
    comparisons = folded()
    _, mail = edition(comparisons)
    words, text = visible(mail.html), flowing(mail.text)
    for comparison in comparisons:
        assert f'href="{comparison.url}"' in mail.html
        assert comparison.url in mail.text.splitlines()
        for fact in (*facts(comparison.left), *facts(comparison.right)):
            assert fact in words, fact
            assert fact in text, fact


def test_the_weeks_words_and_updates_are_in_both_parts() -> None:
    """Headline, standfirst, intro and updates are told to all; the subject stands alone."""
    updates = [Update("Old Friend", "panel ship", "50%", "75%")]
    story, mail = edition(folded(), intro="A *kind* word.", updates=updates)
    for part in (visible(mail.html), flowing(mail.text)):
        assert story.headline in part
        assert story.standfirst in part
        assert "Old Friend · panel ship 50% → 75%" in part
    assert "A <em>kind</em> word." in mail.html
    assert "A *kind* word." in mail.text
    assert mail.subject == story.subject


def test_a_yardstick_is_told_once() -> None:
    """Its tagline stands in one box, its challengers carry their distance."""
    _, mail = edition(folded())
    for part in (visible(mail.html), flowing(mail.text)):
        assert part.count("Tagline of Mark") == 1
        assert "+25 points on Mark" in part
        assert "−25 points on Mark" in part


def test_bars_count_reviewers_only_where_that_comes_out_even() -> None:
    """Three of four are blocks; 67 % of four is a length, and the number always stands beside it."""
    _, mail = edition(folded())
    assert "###. 75% · 3 of 4 would ship it" in mail.text
    assert "#######... 67% would ship it" in mail.text
    assert "3 of 4 would ship it" in mail.html
    assert "<strong>67% would ship it</strong>" in mail.html


def test_quotes_are_called_praise_or_doubt_only_where_the_verdict_is_known() -> None:
    """Nothing is guessed from the percentage."""
    known = (
        Quote("Loved it.", "Ada", "ship"),
        Quote("Hated it.", "Bob", "skip"),
        Quote("Fine.", None, "ship"),
    )
    _, silent = edition([versus(tool("A"), tool("B"))])
    _, spoken = edition([versus(tool("A", 67, quotes=0, community=1), replace(tool("B", 67), quotes=known))])
    assert "Praise" not in silent.html + silent.text
    assert "Praise: “Loved it.” – Ada" in flowing(spoken.text)
    assert "Doubt: “Hated it.” – Bob" in flowing(spoken.text)
    assert "Praise “Loved it.” – Ada" in visible(spoken.html)
    assert "Fine." not in spoken.text


def test_the_readers_link_is_near_the_top_and_at_the_end() -> None:
    """Unsubscribe twice in the HTML and in the text, preferences once, the browser link, no other marker."""
    _, mail = edition(folded())
    for part in (mail.html, mail.text):
        assert part.count(UNSUBSCRIBE) == 2
        assert part.count(PREFERENCES) == 1
        assert part.count(MARKER) == 3
        assert ARCHIVE in part
    assert mail.html.count(f'href="{UNSUBSCRIBE}"') == 2
    assert MARKER not in mail.subject
    assert mail.html.index(UNSUBSCRIBE) < mail.html.index("<h1")


def test_the_sender_signs_with_name_and_postal_address() -> None:
    """Why it came, who sends it and from where, in both parts."""
    _, mail = edition(folded())
    for part in (visible(mail.html), flowing(mail.text)):
        assert "You get this because you subscribed to Weekly Verdicts at news.example.org." in part
        assert "Verdict Makers · 1 Example Street, 10115 Berlin" in part


def test_the_same_story_gives_the_same_bytes() -> None:
    """What was previewed is what is sent."""
    assert edition(folded())[1] == edition(folded())[1]


@pytest.mark.parametrize("count", [1, 2, 10])
def test_an_edition_stays_far_below_the_size_that_gets_clipped(count: int) -> None:
    """Ten comparisons that share no tool, with long quotes, still fit into 65,000 bytes."""
    said = tuple(Quote(f"{number} words " + "and more " * 21 + "end. Next.") for number in range(4))
    pairs = [
        versus(
            replace(tool(f"Left tool {number}"), quotes=said),
            replace(tool(f"Right {number}", 50), quotes=said),
        )
        for number in range(count)
    ]
    assert len(edition(pairs)[1].html.encode()) < 65_000


def test_text_lines_keep_to_72_columns() -> None:
    """Only a line with an address in it may be longer."""
    wide = tool("W" * 300, tagline="word " * 100, category="C" * 100, quotes=0)
    long = replace(tool("Long name of a tool " * 12), quotes=(Quote("x" * 500), Quote("y " * 400)))
    _, mail = edition([*folded(), versus(wide, long)], intro="many words " * 40 + "\n\n- " + "item " * 40)
    assert not [line for line in mail.text.splitlines() if len(line) > 72 and "https://" not in line]


def test_text_has_no_markup_and_no_stray_blanks() -> None:
    """It is a letter in its own right."""
    _, mail = edition([versus(tool("R & D's"), tool("B"))])
    assert "R & D's" in mail.text
    assert not re.search(r"<[a-z/]|&#?\w+;|[ \t]\n|\n\n\n", mail.text)


def test_an_empty_edition_still_renders() -> None:
    """Nothing new is no reason to fail."""
    _, mail = edition([])
    assert "No new comparisons this week" in visible(unescape(mail.html))
