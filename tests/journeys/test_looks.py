"""Every page in a real browser: for everybody's eyes, on any screen, in each language, and light to carry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import pytest

from digest.editions.models import Status
from tests.support.browsers import violations
from tests.support.galleries import CHAPTERS, LONG_NAME, Gallery, gallery
from tests.support.ports import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# On each of these axe-core looks at the typical pages, which have everything that a page may have between
# them; every other page it sees on one, in turn.
SCREENS: Final[Sequence[tuple[int, Literal["light", "dark"]]]] = (
    (360, "dark"),
    (1280, "light"),
    (360, "light"),
    (1280, "dark"),
)
TYPICAL: Final = {
    "public": {"front", "edition", "comparison"},
    "joining": {"no-address"},
    "choosing": {"preferences"},
    "leaving": {"left"},
    "failing": {"nowhere"},
}
NARROW: Final = 320  # a window of 1280 pixels at 400 %, or of 640 at 200 % (WCAG 2.2, 1.4.10 and 1.4.4)
LIGHT_ENOUGH: Final = 50_000  # bytes of a page with what it is styled by
HEBREW: Final = """\
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "Archive"
msgstr "ארכיון"

msgid "The next comparison, in your inbox"
msgstr "ההשוואה הבאה, בתיבה שלך"
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """An installation whose pages answer."""
    with gallery(tmp_path_factory.mktemp("gallery"), free_port()) as made:
        yield made


@pytest.mark.parametrize("chapter", CHAPTERS)
@pytest.mark.parametrize("language", ["en", "de"])
def test_every_page_is_for_everybody(
    installed: Gallery, browser: Browser, language: str, chapter: str
) -> None:
    """No page in any state has a fault that axe-core knows, must be moved sideways, or is heavy."""
    installed.clock.advance(timedelta(days=1))  # whoever was here before asked for a lot
    faults, walked, ways = list[str](), set[str](), cycle(SCREENS)
    with browser.new_context(locale=language) as context:
        page = context.new_page()
        for state in installed.states(chapter):
            page.goto(installed.url + state.path)
            for step in state.steps:
                step(page)
            page.wait_for_load_state()  # a press may lead to another page by way of a redirect
            screens = SCREENS if state.name in TYPICAL[chapter] else [next(ways)]
            faults += [f"{state.name}: {fault}" for fault in _faults(page, language)]
            # What axe-core looks for is the same in every language but for `lang`, which is looked at above.
            faults += [f"{state.name}: {fault}" for fault in _seen(page, screens if language == "en" else ())]
            walked.add(state.name)
    assert not faults, "\n".join(faults)
    assert walked > TYPICAL[chapter]


def test_long_words(tmp_path: Path, browser: Browser) -> None:
    """Names without a space in them break rather than push the page apart, on a phone and in a window."""
    word = "Donaudampfschifffahrtsgesellschaftskapitänsmütze" * 4
    people = {"name": word, "operator": word, "postal_address": word}
    with gallery(tmp_path, free_port(), newsletter=people) as made, browser.new_context() as context:
        made.room.edition("2026-W48", Status.SENT, word)
        slug = made.room.compare(word, LONG_NAME, word)
        paths = ("/", "/archive", "/archive/2026-W48", f"/comparisons/{slug}", "/nowhere", "/subscribe")
        page = context.new_page()
        for path in paths:
            for width in (NARROW, 1280):
                page.set_viewport_size({"width": width, "height": 640})
                page.goto(made.url + path)
                assert _width(page) <= width, path


def test_right_to_left(tmp_path: Path, browser: Browser) -> None:
    """A language written from the right has its pages that way round, without a fault."""
    own = tmp_path / "own"
    (own / "languages").mkdir(parents=True)
    (own / "languages" / "he.po").write_text(HEBREW, "utf-8")
    letter = {"pages": own, "language": "he"}
    with (
        gallery(tmp_path, free_port(), newsletter=letter) as made,
        browser.new_context(locale="he", viewport={"width": 360, "height": 800}) as context,
    ):
        page = context.new_page()
        for path in ("/", "/archive", "/subscribe", "/comparisons/kitebench-vs-marrowglass"):
            page.goto(made.url + path)
            assert page.locator("html").get_attribute("dir") == "rtl"
            assert _width(page) <= 360, path
            assert not violations(page), path
        page.goto(made.url)
        name, archive = page.locator(".mast .name"), page.locator(".mast nav")
        assert _left(name) > _left(archive)


def test_an_operators_colours(tmp_path: Path, browser: Browser) -> None:
    """Colours that nobody could read words in are shifted until everybody can."""
    pale = {"paper": "#ffffcc", "box": "#ffee88", "ink": "#ffcc66", "muted": "#ffdd99", "accent": "#ffee00"}
    night = {"paper": "#330033", "box": "#550055", "ink": "#660066", "muted": "#771177", "accent": "#440044"}
    with (
        gallery(tmp_path, free_port(), theme=pale, theme_dark=night) as made,
        browser.new_context() as context,
    ):
        page = context.new_page()
        for path in ("/", "/subscribe", "/archive", "/comparisons/kitebench-vs-marrowglass"):
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                page.goto(made.url + path)
                assert not violations(page), (path, scheme)


def _seen(page: Page, screens: Iterable[tuple[int, Literal["light", "dark"]]]) -> list[str]:
    """What axe-core finds wrong with a page on some screens."""
    found = []
    for width, scheme in screens:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        found += [f"{width} {scheme}: {fault}" for fault in violations(page)]
    return found


def _faults(page: Page, language: str) -> list[str]:
    """What is wrong with a page on screens of any width."""
    found = []
    for width in (NARROW, 360, 1280):
        page.set_viewport_size({"width": width, "height": 640})
        found += [f"{width}: {_width(page)} pixels wide"] if _width(page) > width else []
    if page.locator("script, [style]").count():
        found.append("has a script or a style of its own")
    if page.locator("html").get_attribute("lang") != language:
        found.append("speaks another language")
    if (weight := _weight(page)) >= LIGHT_ENOUGH:
        found.append(f"weighs {weight} bytes")
    return found


def _weight(page: Page) -> int:
    """Bytes of the page and of what it is styled by; the frozen mail in a frame has its own measure."""
    styles: list[str] = page.evaluate("[...document.styleSheets].map(sheet => sheet.href)")
    return len(page.content().encode()) + sum(len(page.request.get(url).body()) for url in styles)


def _width(page: Page) -> int:
    width: int = page.evaluate("document.documentElement.scrollWidth")
    return width


def _left(place: Any) -> float:
    left: float = place.bounding_box()["x"]
    return left
