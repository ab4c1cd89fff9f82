"""Colours, typefaces, logo and words from the operator, in every mail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from digest.editions.telling import build_story
from digest.errors import RenderError
from digest.rendering.branding import Branding
from digest.rendering.contrast import ENOUGH, ratio, readable
from digest.rendering.notices import NOTICES
from digest.rendering.rendered import Rendered
from digest.rendering.renderer import Renderer
from digest.rendering.styling import styled
from digest.rendering.theme import DARK, LIGHT, Logo, Palette, Theme, Wording
from tests.support.stories import BRANDING, MARKER, tool, versus


def themed(theme: Theme, **brand: str) -> Branding:
    """The usual newsletter in other clothes."""
    return replace(BRANDING, theme=theme, **brand)


def mails(brand: Branding, overrides: Path | None = None) -> list[Rendered]:
    """One of each kind."""
    renderer = Renderer(brand, overrides)
    mark = tool("Mark", 75)
    story = build_story(
        "2026-W47",
        [versus(tool("A", 100), mark), versus(mark, tool("B", 50)), versus(tool("C", 0), tool("D"))],
    )
    return [renderer.edition(story, MARKER), *(renderer.notice(name, {}, MARKER) for name in NOTICES)]


def test_colours_of_both_modes_come_from_the_theme() -> None:
    """No default colour is left where another was asked for."""
    light = Palette(*(f"#10{number:02x}aa" for number in range(11)))
    dark = Palette(*(f"#f0{number:02x}ee" for number in range(11)))
    for mail in mails(themed(Theme(light=light, dark=dark))):
        for palette, other in ((LIGHT, light), (DARK, dark)):
            assert other.paper in mail.html
            for colour in {getattr(palette, name) for name in Palette.__dataclass_fields__}:
                assert colour not in mail.html


def test_words_come_from_the_theme() -> None:
    """In both parts, with the names filled in and other braces left alone."""
    words = Wording(
        board="Tabelle", against="Gegen {tool}", read="{comparison} lesen {x}", ship="Nimm", why="Für {name}."
    )
    edition = mails(themed(Theme(wording=words)))[0]
    for part in (edition.html, edition.text.replace("\n", " ")):
        for wanted in (
            "Gegen Mark" if part is edition.html else "GEGEN MARK",
            "A vs Mark lesen {x}",
            "Nimm",
            "Für Weekly",
        ):
            assert wanted in part


def test_a_logo_stands_for_the_name() -> None:
    """With its size, and the name for those who see no pictures."""
    logo = Logo("https://site.example.org/logo.png", 120, 40)
    for mail in mails(themed(Theme(logo=logo))):
        assert (
            '<img src="https://site.example.org/logo.png" width="120" height="40" alt="Weekly Verdicts"'
            in mail.html
        )
        assert "WEEKLY VERDICTS" in mail.text


def test_a_hostile_word_stays_a_word() -> None:
    """Settings are trusted less than one thinks."""
    words = Wording(board='"><script>alert(1)</script>', read="{{ 7*7 }} <b>{comparison}")
    edition = mails(themed(Theme(wording=words), name="<i>N</i> & Co"))[0]
    assert "<script" not in edition.html
    assert "<b>" not in edition.html
    assert "{{ 7*7 }}" in edition.html


def test_the_style_sheet_follows_theme_and_direction() -> None:
    """Variables become values, sides become left and right."""
    sheet = ".a { color: var(--ink); padding-inline-end: 3px; text-align: start; font: 1px var(--headings) }"
    expected = ".a { color: #16181d; padding-%s: 3px; text-align: %s; font: 1px Georgia,serif }"
    assert styled(sheet, "theme.css", BRANDING) == expected % ("right", "left")
    assert styled(sheet, "theme.css", replace(BRANDING, language="ar")) == expected % ("left", "right")


def test_an_unknown_variable_names_its_line(tmp_path: Path) -> None:
    """In the operator's own style sheet."""
    sheet = tmp_path / "_base" / "theme.css"
    sheet.parent.mkdir()
    sheet.write_text(".a{}\n.b{color:var(--inc)}")
    with pytest.raises(RenderError, match=r"no var\(--inc\).*ink") as caught:
        mails(BRANDING, tmp_path)
    (place,) = caught.value.places
    assert (place.file, place.line) == (str(sheet), 2)


@pytest.mark.parametrize("palette", [LIGHT, DARK])
@pytest.mark.parametrize("tone", ["ship", "split", "skip", "none"])
def test_words_in_a_tone_can_be_read(palette: Palette, tone: str) -> None:
    """On the paper and on the box."""
    for ground in (palette.paper, palette.box):
        assert ratio(palette.words(tone), ground) >= ENOUGH


def test_contrast_is_that_of_wcag() -> None:
    """The ends of the scale, and a known pair."""
    assert ratio("#000000", "#ffffff") == pytest.approx(21)
    assert ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert ratio("#123456", "#123456") == 1


@pytest.mark.parametrize("ground", ["#ffffff", "#000000", "#808080", "#ffff00", "#0000ff"])
def test_an_unreadable_colour_is_moved_until_it_reads(ground: str) -> None:
    """No further than needed: what can be read stays as it is."""
    assert ratio(readable(ground, ground), ground) >= ENOUGH
    assert readable("#767676", "#ffffff") == "#767676"
