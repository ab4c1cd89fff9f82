"""Emails on screens, in a real browser: by day and by night, from a small phone to a desktop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final

import pytest

from digest.editions.story import Story
from digest.editions.telling import build_story
from digest.rendering.bars import bar
from digest.rendering.renderer import Renderer
from digest.rendering.theme import DARK, LIGHT, Logo, Theme
from tests.support.browsers import violations
from tests.support.samples import BRAND, KEY, NO_PUBLISHED, PUBLISHED, UPDATES, mails, published
from tests.support.screens import WIDTHS, Screen, faults, pairs, screens, show
from tests.support.stories import MARKER, tool, versus

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

# An email is no page of its own: mail programs show it inside theirs, which has the main landmark.
NOT_FOR_MAIL: Final = ("landmark-one-main", "region")

LONG_NAMES: Final[Mapping[str, str]] = {
    "unbreakable": "Unbreakable" * 27 + "all",
    "words": "Long name of a tool " * 15,
    "emoji": "👩‍🚀🏽🎉" * 40,
    "arabic": "أداة ذكية" * 30,
    "hebrew": "כליחכםמאוד" * 30,
    "chinese": "人工智能工具" * 50,
}
PICTURED: Final = replace(BRAND, theme=Theme(logo=Logo("https://verdicts.example.org/logo.png", 120, 40)))


def long_story(name: str) -> Story:
    """A week in which everything that can be long is."""
    odd = tool(name, 67, slug="odd", category=name, tagline=name, description=name, entry=name, community=50)
    odd = replace(odd, quotes=(replace(odd.quotes[0], text=name, reviewer=name, verdict="ship"),) * 2)
    comparisons = [
        versus(odd, tool("B", 100)),
        versus(tool("C"), odd),
        versus(tool("D"), replace(odd, slug="other")),
    ]
    intro = (
        f"## {name}\n\n{name} `{name}`\n\n    {name}\n\n- {name}\n\n> [{name}](https://x.example/{'a' * 200})"
    )
    updates = [replace(UPDATES[0], tool=name, before=name, after=name)]
    return build_story(KEY, comparisons, intro=intro, updates=updates)


@cache
def html_of(name: str) -> str:
    """An email of ours, or one of the real pages; skips where these are not there."""
    if name == "published":
        if not PUBLISHED.is_dir():
            pytest.skip(NO_PUBLISHED)
        return published().html
    if name == "pictured":
        return Renderer(PICTURED).notice("welcome", {}, MARKER).html
    return mails()[name]().html


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """One page for the file."""
    page = browser.new_page()
    yield page
    page.close()


@pytest.fixture(params=[*mails(), "pictured", "published"])
def html(request: pytest.FixtureRequest) -> str:
    """Each email in turn."""
    return html_of(request.param)


def test_everything_is_seen_on_every_screen(page: Page, html: str) -> None:
    """Nothing is cut, overlaps or is too small, and nobody scrolls sideways."""
    for screen in screens():
        show(page, html, screen)
        assert faults(page) == [], screen


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("name", LONG_NAMES)
def test_no_name_breaks_the_layout(page: Page, name: str, language: str) -> None:
    """300 letters without a space, emoji, scripts that run the other way or break anywhere."""
    long = LONG_NAMES[name]
    renderer = Renderer(replace(BRAND, name=long, operator=long, postal_address=long, language=language))
    for mail in (renderer.edition(long_story(long), MARKER), renderer.notice("confirm", {}, MARKER)):
        for screen in screens():
            show(page, mail.html, screen)
            assert faults(page) == [], screen


def test_axe_finds_nothing(page: Page, html: str) -> None:
    """At every width, by day and by night, and without style sheets."""
    for screen in screens():
        show(page, html, screen)
        assert violations(page, without=NOT_FOR_MAIL) == [], screen


@pytest.mark.parametrize("name", ["edition-yardstick", "edition-pairs", "edition-right-to-left", "published"])
def test_an_email_asks_nobody_for_anything(page: Page, name: str) -> None:
    """Opening it is between the reader and their mail program."""
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    show(page, html_of(name), Screen(600))
    page.remove_listener("request", note)
    assert asked == []


@pytest.mark.parametrize("width", WIDTHS)
def test_a_pair_stands_side_by_side_where_there_is_room(page: Page, width: int) -> None:
    """And one below the other on a phone."""
    show(page, html_of("edition-pairs"), Screen(width))
    found = pairs(page)
    assert len(found) == 2
    for left, right in found:
        if width >= 600:
            assert right["y"] == left["y"]
            assert right["x"] >= left["right"] + 12
        else:
            assert right["y"] >= left["bottom"]
            assert right["x"] == left["x"]


@pytest.mark.parametrize("width", WIDTHS)
def test_without_style_sheets_a_pair_is_stacked(page: Page, width: int) -> None:
    """Some programs drop every sheet; columns that nothing holds apart would be worse than none."""
    show(page, html_of("edition-pairs"), Screen(width, styles=False))
    for left, right in pairs(page):
        assert right["y"] >= left["bottom"]
        assert right["x"] == left["x"]


def test_right_to_left_is_a_mirror(page: Page) -> None:
    """The name of a tool stands to the right of its bar, and its price at the left."""
    show(page, html_of("edition-right-to-left"), Screen(600))
    row = page.locator(".board tr:has(.nm)").first
    boxes = [cell.bounding_box() for cell in row.locator("> td").all()]
    edges = [box["x"] for box in boxes if box]
    assert len(edges) == 4
    assert edges == sorted(edges, reverse=True)


@pytest.mark.parametrize("name", ["edition-updates", "confirm"])
def test_the_night_is_dark(page: Page, name: str) -> None:
    """Paper and ink change places, in the colours of the theme."""
    for scheme, palette in (("light", LIGHT), ("dark", DARK)):
        show(page, html_of(name), Screen(600, scheme))  # type: ignore[arg-type] # a tuple's strings lose their kind
        for element, rule, colour in (
            ("body", "background-color", palette.paper),
            ("h1", "color", palette.ink),
            (".lead", "color", palette.muted),
        ):
            shown = page.locator(element).first.evaluate(f"(e) => getComputedStyle(e)['{rule}']")
            assert shown == f"rgb({int(colour[1:3], 16)}, {int(colour[3:5], 16)}, {int(colour[5:], 16)})"


def test_a_bar_is_as_long_as_it_says(page: Page) -> None:
    """Three of four blocks, and two thirds of a length, whatever the width of the bar."""
    tools = [tool("Blocks", 75), tool("Length", 67)]
    mail = Renderer(BRAND).edition(build_story(KEY, [versus(*tools)]), MARKER)
    for width in WIDTHS:
        show(page, mail.html, Screen(width))
        for row, one in zip(page.locator(".bb").all(), tools, strict=True):
            blocks = [box["width"] for cell in row.locator("td").all() if (box := cell.bounding_box())]
            filled = [width for width, cell in zip(blocks, bar(one, 48), strict=True) if cell.filled]
            assert sum(filled) / sum(blocks) == pytest.approx((one.panel_ship or 0) / 100, abs=0.02)
            assert len({round(box) for box in blocks}) <= 2


def test_without_pictures_the_name_stands_where_the_logo_was(page: Page) -> None:
    """And with them it is as large as it says."""
    sizes = {}
    for images in (True, False):
        show(page, html_of("pictured"), Screen(600, images=images))
        logo = page.get_by_role("img", name=BRAND.name)
        logo.wait_for()
        sizes[images] = logo.evaluate("(e) => [e.naturalWidth, e.naturalHeight]")
        assert logo.bounding_box()
    assert sizes == {True: [120, 40], False: [0, 0]}


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ("<p style='width:900px'>wide</p>", "sideways"),
        ("<div style='overflow:hidden;width:20px'>Unbreakable</div>", "cut"),
        ("<p style='margin-left:-50px'>left of everything</p>", "outside"),
        ("<p style='font-size:12px'>small</p>", "smaller"),
        ("<p style='margin:0'>one</p><p style='margin:-15px 0 0'>two</p>", "overlap"),
        ("<p style='width:1px;word-break:break-all'>letters</p>", "squeezed"),
        ("<table class='b'><tr><td style='width:20px;height:1px'></td></tr></table>", "block of a bar"),
    ],
)
def test_faults_are_found(page: Page, html: str, fault: str) -> None:
    """What looks for faults sees each kind."""
    show(page, f"<!DOCTYPE html><body>{html}</body>", Screen(320))
    assert fault in " ".join(faults(page))
