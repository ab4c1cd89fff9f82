"""Whole editions of hostile content: rendered harmlessly or refused with a reason; the process lives on."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote

import pytest
from lxml import html as lxml_html

from digest.content.records import ComparisonRecord
from digest.content.sources import read_sources
from digest.editions.story import Quote
from digest.errors import SourceError
from digest.rendering.fitting import BUDGET, SMALL_BUDGET, size
from digest.rendering.linting import MAX_DEPTH
from digest.rendering.rendered import Rendered, reader_link
from tests.support.hostile import INTROS, VALUES, attempt, edition, with_intro
from tests.support.newsrooms import newsroom
from tests.support.samples import ROOT
from tests.support.stories import BRANDING, MARKER, tool, versus

OURS = {
    *("html", "head", "title", "meta", "style", "body", "div", "table", "tbody", "tr", "td"),
    *("p", "h1", "h2", "h3", "a", "strong", "span", "br"),
}
OF_MARKDOWN = {"em", "code", "pre", "ul", "ol", "li", "blockquote", "s", "hr"}
UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef]"
)
DATED = {"published_at": "2026-11-17T08:00:00Z"}


@pytest.fixture(scope="module", params=VALUES)
def mail(request: pytest.FixtureRequest) -> Rendered:
    """60 comparisons in which everything said is the value, for each of the values."""
    return edition(VALUES[request.param], 60)


def depth(html: str) -> int:
    """How many elements stand in one another at the deepest place."""
    level = deepest = 0
    for element in re.finditer(
        r"<(/?)([a-z][a-z0-9]*)[^>]*>", re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL)
    ):
        if element[2] not in {"meta", "br", "img", "hr"}:
            level += -1 if element[1] else 1
            deepest = max(deepest, level)
    return deepest


def record(**more: object) -> dict[str, object]:
    """A comparison as another program hands it over; `more` goes into the first tool or replaces its like."""
    facts = ("name", "category", "tagline", "description", "panel_ship", "community", "entry", "reviews")
    tools: list[dict[str, object]] = [
        {name: None if name in ("panel_ship", "community") else f"{name} {side}" for name in facts[:-1]}
        for side in "AB"
    ]
    tools[0] |= {name: value for name, value in more.items() if name in facts}
    outside = {name: value for name, value in more.items() if name not in facts}
    return {
        "title": "A vs B",
        "blurb": "Which?",
        "url": "https://site.example.org/a",
        "tools": tools,
    } | outside


def imported(folder: Path, records: Iterable[object]) -> list[ComparisonRecord | SourceError]:
    """What becomes of the records on their way in."""
    file = folder / "hostile.json"
    file.write_text(json.dumps(list(records)), encoding="utf-8")
    return list(read_sources([str(file)], BytesIO()))


def test_sixty_times_anything_keeps_the_budget(mail: Rendered) -> None:
    """Nothing is clipped, and both footers are whole."""
    assert size(mail, BRANDING.base_url) <= BUDGET
    assert mail.html.rstrip().endswith("</html>")
    for part in (mail.html, mail.text):
        assert "Verdict Makers" in part
        assert reader_link(MARKER, "preferences") in part


def test_nothing_becomes_markup_or_style(mail: Rendered) -> None:
    """The document holds our elements and those of Markdown, our style sheets and our attributes."""
    tree = lxml_html.fromstring(mail.html)
    assert {element.tag for element in tree.iter() if isinstance(element.tag, str)} <= OURS | OF_MARKDOWN
    assert not [name for element in tree.iter() for name in dict(element.attrib) if name.startswith("on")]
    assert mail.html.count("<style") == edition("plain").html.count("<style")
    assert depth(mail.html) < MAX_DEPTH


def test_nothing_is_filled_in_or_carried_out(mail: Rendered) -> None:
    """Braces, percent signs and other templates' marks stay what they are, and no file is read."""
    for part in (mail.subject, mail.text, lxml_html.fromstring(mail.html).text_content()):
        assert str(191 * 193) not in part
        assert "root:" not in part


def test_no_character_is_left_that_should_not_be_seen(mail: Rendered) -> None:
    """Control characters, line separators, direction overrides, half characters, a template's positions."""
    assert "\n" not in mail.subject
    for part in (mail.subject, mail.html, mail.text):
        assert not UNSEEN.search(part)


def test_a_value_makes_no_link_of_a_readers(mail: Rendered) -> None:
    """Even one that knew the marker, which nobody does, would only be a word."""
    links = [a.get("href", "") for a in lxml_html.fromstring(mail.html).iter("a")]
    assert sorted(link for link in links if MARKER in link) == sorted(
        [*[reader_link(MARKER, "unsubscribe")] * 2, reader_link(MARKER, "preferences")]
    )
    assert all(link.startswith(("https://", "mailto:")) for link in links)


@pytest.mark.parametrize("name", INTROS)
def test_an_intro_is_shown_or_refused(name: str) -> None:
    """However it nests, and however long it is."""
    became = attempt(partial(with_intro, INTROS[name]))
    if isinstance(became, str):
        assert re.search(r"takes [\d,]+ of 60,000 bytes.*shorten its intro", became)
    else:
        assert depth(became.html) < MAX_DEPTH
        assert size(became, BRANDING.base_url) <= SMALL_BUDGET
        assert "Tagline of B" in became.html


def test_the_process_ends_by_itself() -> None:
    """The worst of all, in a process of its own: a signal would end this one too."""
    command = [sys.executable, "-m", "tests.support.hostile"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert ended.returncode == 0, ended.stderr
    assert len(ended.stdout.splitlines()) == len(INTROS) + len(VALUES)
    assert ended.stdout.count(": rendered") + ended.stdout.count("shorten its intro") == len(INTROS) + len(
        VALUES
    )


@pytest.mark.parametrize("said", ["q", "word ", "A b. ", ", "])
def test_a_quote_of_five_megabytes(said: str, tmp_path: Path) -> None:
    """The import refuses it; past the import it would be cut like any other."""
    whole = said * (5_000_000 // len(said))
    (refused,) = imported(tmp_path, [record(reviews=[{"quote": whole}])])
    assert isinstance(refused, SourceError)
    assert re.search(r"reviews.*expected at most 20000 characters, found \d{7}", str(refused))
    assert len(str(refused)) < 1000
    pair = versus(replace(tool("A"), quotes=(Quote(whole),)), tool("B"))
    assert len(with_intro("", (pair,)).html) < 20_000


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "\x01javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "//site.example.org/a",
        "/a",
        'https://site.example.org/"onmouseover="alert(1)',
        "https://site.example.org/a b",
        "https://site.example.org/<script>",
        "https://site.example.org/\u2028",
        "https://user:secret@site.example.org/",
        "https://",
        "https://[::1",
        "",
        7,
    ],
)
def test_an_address_that_is_none_is_refused(url: object, tmp_path: Path) -> None:
    """With the file, the line, the field and what was expected; the comparison after it comes in."""
    refused, good = imported(tmp_path, [record(url=url), record()])
    assert isinstance(refused, SourceError)
    assert re.search(r"hostile\.json:1.*url.*expected", str(refused))
    assert isinstance(good, ComparisonRecord)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", 'https://x.example/"><script>', "https://x.example/a b&c='d'"]
)
def test_past_the_import_an_address_stays_inside_its_attribute(url: str) -> None:
    """Whatever it is, it ends where we end it."""
    html = with_intro("", (replace(versus(tool("A"), tool("B")), url=url),)).html
    tree = lxml_html.fromstring(html)
    assert [unquote(a.get("href", "")) for a in tree.iter("a")].count(url) == 1
    assert {element.tag for element in tree.iter() if isinstance(element.tag, str)} <= OURS


@pytest.mark.parametrize("field", ["panel_ship", "community"])
@pytest.mark.parametrize("number", [-1, 101, 10**30, 49.5, "NaN", True, "\u0661\u0662%", [50], {"a": 1}])
def test_a_number_beyond_its_edges_is_refused(field: str, number: object, tmp_path: Path) -> None:
    """A share is a whole percentage."""
    (refused,) = imported(tmp_path, [record(**{field: number})])
    assert isinstance(refused, SourceError)
    assert field in str(refused)


@pytest.mark.parametrize("quotes", [0, 1, 4, 12, 13, 100])
@pytest.mark.parametrize("share", [None, 0, 1, 33, 34, 66, 67, 99, 100])
def test_numbers_at_their_edges(share: int | None, quotes: int) -> None:
    """A bar, its number and its words, whatever they are."""
    pair = versus(tool("A", share, quotes=quotes, community=share), tool("B", 100, community=0))
    mail = with_intro("", (pair,))
    for part in (mail.text, mail.html):
        assert "None" not in part
        assert ("the panel is still out" if share is None else f"{share}%") in part
    assert not re.search(r'(?:width|height)="(?:0|-\d+|)"', mail.html.replace('height=""', ""))


def test_nothing_said_leaves_nothing_empty() -> None:
    """Empty strings everywhere: no empty heading or line where there is nothing to say."""
    bare = replace(tool("A", None, quotes=0), category="", tagline="", description="", entry=None)
    html = with_intro("", (versus(bare, replace(bare, slug="b", name="B", entry="")),)).html
    empty = [
        p for p in lxml_html.fromstring(html).iter("p", "h1", "h2", "h3") if not p.text_content().strip()
    ]
    assert empty == []


def test_from_the_import_to_the_frozen_bytes(tmp_path: Path) -> None:
    """Hostile names and words go through the whole house, and what cannot is named on the way in."""
    records = [
        record(
            title=value, blurb=value, name=f"{value[:290]} {number}", tagline=value[:1000], url=None, **DATED
        )
        | {"slug": f"hostile-{number}"}
        for number, value in enumerate(VALUES.values())
    ]
    results = imported(tmp_path, records)
    refused = [str(result) for result in results if isinstance(result, SourceError)]
    assert all("hostile.json" in reason and "expected" in reason for reason in refused)
    with newsroom(f"sqlite:///{tmp_path / 'digest.db'}", schedule={"max_items": 25}) as room:
        report = room.bring(*results)
        room.plan("2026-W47")
        edition = room.approve("2026-W47")
        assert len(report.imported) >= len(VALUES) // 2
        assert len(room.items("2026-W47")) == len(report.imported)
        frozen = room.edition(edition.key)
        assert frozen.html is not None
        assert "<script" not in frozen.html
        assert not UNSEEN.search(f"{frozen.subject}{frozen.html}{frozen.text}")
