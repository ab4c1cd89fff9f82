"""Contrast of text as the cascade leaves it: light, dark, and turned round by force."""

from __future__ import annotations

import pytest

from digest.checking.cascade import Styles
from digest.checking.colours import BLACK, WHITE, Colour, attribute_colour, contrast, inverted, over
from digest.checking.contrast import check_contrast
from digest.checking.findings import Finding, Level
from digest.checking.looks import PROPERTIES
from digest.checking.page import read_page
from tests.checking.samples import levels, page, told

GREY = "#777777"  # 4.48 on white: just too little
DARK = "@media (prefers-color-scheme: dark)"


def judged(body: str, style: str = "") -> list[Finding]:
    """What is said of a page's colours."""
    whole = read_page(page(body, style=style))
    return list(check_contrast(whole, Styles(whole, PROPERTIES)))


def errors(body: str, style: str = "") -> str:
    """What is wrong on a light or a dark screen."""
    return told(judged(body, style), Level.ERROR)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [(BLACK, WHITE, 21), (WHITE, WHITE, 1), (Colour(119 / 255, 119 / 255, 119 / 255), WHITE, 4.48)],
)
def test_the_ratio_is_wcags(one: Colour, other: Colour, ratio: float) -> None:
    """Either way round."""
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert contrast(other, one) == contrast(one, other)


def test_colours_mix_and_turn() -> None:
    """Half of black on white is grey; a turned colour keeps its hue."""
    assert str(over(Colour(0, 0, 0, 0.5), WHITE)) == "#808080"
    assert str(inverted(WHITE)) == "#000000"
    assert str(inverted(Colour(1, 0.8, 0.8))) == "#330000"


@pytest.mark.parametrize(
    ("value", "colour"),
    [
        ("#fff", "#ffffff"),
        ("fff", "#ffffff"),
        ("Red", "#ff0000"),
        ("", None),
        ("nonsense", None),
        ("(" * 9999, None),
    ],
)
def test_old_attributes_are_read_as_browsers_do(value: str, colour: str | None) -> None:
    """With or without the hash."""
    found = attribute_colour(value)
    assert (str(found) if found else None) == colour


def test_readable_text_passes() -> None:
    """On light, on dark and when turned round."""
    style = f"body {{ color: #222222 }} {DARK} {{ body {{ background: #111111; color: #eeeeee }} }}"
    assert levels(judged("<h1>Ace</h1><p>wins</p>", style)) == {Level.OK}


def test_pale_text_is_an_error_with_its_colours_and_words() -> None:
    """So that an editor finds it."""
    said = errors(f'<p style="color: {GREY}">so pale</p>')
    assert "on a light screen: 1 of 1 pairs" in said
    assert "4.48:1, needs 4.5:1: #777777 on #ffffff, “so pale”" in said


@pytest.mark.parametrize(
    "style",
    [
        "font-size: 24px",
        "font-size: 18pt",
        "font-size: 1.5em",
        "font-size: 150%",
        "font-size: x-large",
        "font: 24px/1.5 Arial",
        "font-size: 19px; font-weight: 700",
        "font: bold 14pt Arial, sans-serif",
    ],
)
def test_large_text_needs_less(style: str) -> None:
    """Three to one, in any unit."""
    assert not errors(f'<p style="color: {GREY}; {style}">large</p>')
    assert "needs 3:1" in errors(f'<p style="color: #bbbbbb; {style}">large</p>')


@pytest.mark.parametrize(
    "style",
    ["font-size: 23px", "font-size: 140%", "font-size: 18px; font-weight: bold", "font: 600 19px Arial"],
)
def test_text_that_is_not_quite_large_needs_all(style: str) -> None:
    """The limits are WCAG's."""
    assert "needs 4.5:1" in errors(f'<p style="color: {GREY}; {style}">not large</p>')


@pytest.mark.parametrize(
    ("body", "style"),
    [
        ('<table bgcolor="#777777"><tr><td>x</td></tr></table>', "td { color: #888888 }"),
        ('<div style="background: #808080 url(a.png)"><p><b>x</b></p></div>', "p { color: #777777 }"),
        ('<font color="#777777">x</font>', ""),
        ('<p class="a b">x</p>', f".a.b {{ color: {GREY} }} .a {{ color: #000000 }}"),
        ('<p class="a">x</p>', f".a {{ color: #000000 }} .a {{ color: {GREY} }}"),
        ('<p class="a" style="color: #000000">x</p>', f".a {{ color: {GREY} !important }}"),
        ('<p class="a" id="b">x</p>', f"#b {{ color: {GREY} }} p.a {{ color: #000000 }}"),
        ("<div><p>x</p></div>", f"div > p {{ color: {GREY} }}"),
        ("<i>y</i><p>x</p>", f"i + p {{ color: {GREY} }}"),
        ("<i>y</i><b>z</b><p>x</p>", f"i ~ p {{ color: {GREY} }}"),
        ("<div><i><p>x</p></i></div>", f"body div p {{ color: {GREY} }}"),
        ("<p>x</p>", f"@media (max-width: 600px) {{ p {{ color: {GREY} }} }}"),
        ('<p style="color: rgba(0, 0, 0, 0.5)">x</p>', ""),
        ('<p style="color: transparent">x</p>', ""),
    ],
)
def test_the_cascade_decides(body: str, style: str) -> None:
    """Inheritance, specificity, order, importance, attributes, combinators, media queries, opacity."""
    assert errors(body, style)


@pytest.mark.parametrize(
    ("body", "style"),
    [
        ('<p class="a" style="color: #000000">x</p>', f".a {{ color: {GREY} }}"),
        ("<p>x</p>", f"@media (max-width: 480px) {{ p {{ color: {GREY} }} }}"),
        ("<p>x</p>", f"@media print {{ p {{ color: {GREY} }} }}"),
        ("<p>x</p>", f"p:hover {{ color: {GREY} }} p::before {{ color: {GREY} }}"),
        ("<p>x</p>", f"p, ::: {{ color: {GREY} }}"),
        ("<p><b>x</b></p>", f"p + b, i > b {{ color: {GREY} }}"),
        (f'<p style="color: {GREY}">· →</p>', ""),
        (f'<p style="color: {GREY}; display: none">x</p>', ""),
        (f'<p style="color: {GREY}; color: no-colour; background">x</p>', "p { color: #000000 !important }"),
    ],
)
def test_what_does_not_hold_counts_not(body: str, style: str) -> None:
    """Rules that lose or are broken, signs without words, text out of sight."""
    assert not errors(body, style)


def test_dark_screens_are_judged_by_their_own_rules() -> None:
    """A colour that was forgotten in the dark is found."""
    style = f"p {{ color: #333333 }} {DARK} {{ body {{ background-color: #16181d !important }} }}"
    said = errors("<p>forgotten</p>", style)
    assert "on a dark screen: 1 of 1" in said
    assert "#333333 on #16181d, “forgotten”" in said
    assert "light" not in said


def test_forced_inversion_is_only_estimated() -> None:
    """Blue on white can be read until white turns black and blue stays blue."""
    findings = judged('<p style="color: #0000ff; background: #ffffff">x</p>')
    assert levels(findings) == {Level.OK, Level.WARNING}
    assert "by force" in told(findings, Level.WARNING)


def test_only_the_worst_pairs_are_shown() -> None:
    """Five of them, and how many more there are."""
    body = "".join(
        f'<p style="color: #{shade}{shade}{shade}">x</p>' for shade in ("99", "aa", "bb", "cc", "dd", "ee")
    )
    lines = errors(body).splitlines()
    assert lines[0].endswith("6 of 6 pairs of colours")
    assert lines[1].startswith("1.16:1")
    assert lines[-1] == "and 1 more"


def test_endless_style_sheets_are_left_out_and_told() -> None:
    """Nobody waits for a hostile mail."""
    style = "".join(f".a{number} p {{ color: red }}" for number in range(3_000))
    assert "too long" in told(judged("<p>x</p>" * 2_000, style), Level.WARNING)
