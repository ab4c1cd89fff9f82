"""Whether text can be told from what is behind it: in light, in dark, and where dark is forced on a mail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from digest.checking.cascade import Styles
from digest.checking.colours import Colour, contrast, inverted, over
from digest.checking.findings import Finding, Level, listed, sample
from digest.checking.looks import Look, looks
from digest.checking.media import Screen
from digest.checking.page import Element, Page, own_texts
from digest.rendering.contrast import ENOUGH

CHECK = "contrast"
ENOUGH_LARGE = 3.0  # of large text, by WCAG 2.2, success criterion 1.4.3
ENOUGH_INVERTED = 3.0
MOST_PAIRS = 5


class _Pair(NamedTuple):
    ratio: float
    needed: float
    colour: Colour
    behind: Colour
    text: str

    def __str__(self) -> str:
        said = f"{self.ratio:.2f}:1, needs {self.needed:g}:1: {self.colour} on {self.behind}"
        return f"{said}, {sample(self.text)}"


def check_contrast(page: Page, styles: Styles) -> Iterator[Finding]:
    """The worst pairs of colours on a light screen, on a dark one, and after forced inversion."""
    if styles.left_out:
        yield Finding(CHECK, Level.WARNING, "the style sheets are too long to judge colours by them")
    light = looks(page, styles, Screen())
    yield _judged(_pairs(light, _required), Level.ERROR, "on a light screen")
    if _knows_dark(page):
        dark = looks(page, styles, Screen(dark=True))
        yield _judged(_pairs(dark, _required), Level.ERROR, "on a dark screen")
    turned = _pairs(light, lambda _: ENOUGH_INVERTED, inverted)
    yield _judged(turned, Level.WARNING, "where a program turns the colours round by force")


def _knows_dark(page: Page) -> bool:
    rules = (rule for sheet in page.sheets for rule in sheet.rules)
    return any("prefers-color-scheme" in query for rule in rules for query in rule.media)


def _required(look: Look) -> float:
    return ENOUGH_LARGE if look.large else ENOUGH


def _pairs(
    seen: Mapping[Element, Look],
    needed: Callable[[Look], float],
    turn: Callable[[Colour], Colour] = lambda colour: colour,
) -> list[_Pair]:
    """The different pairs of colours that text is set in, the worst first, each with its first text."""
    found: dict[tuple[Colour, Colour, float], _Pair] = {}
    for element, look in seen.items():
        text = " ".join(own_texts(element))
        key = (over(look.colour, look.behind), look.behind, needed(look))
        if key in found or look.unseen or not any(map(str.isalnum, text)):
            continue
        front, back = turn(key[0]), turn(look.behind)
        found[key] = _Pair(contrast(front, back), key[2], front, back, text)
    return sorted(found.values(), key=lambda pair: pair.ratio / pair.needed)


def _judged(pairs: list[_Pair], level: Level, where: str) -> Finding:
    bad = [pair for pair in pairs if pair.ratio < pair.needed]
    if bad:
        message = f"text is hard to read {where}: {len(bad):,} of {len(pairs):,} pairs of colours"
        return Finding(CHECK, level, message, listed(map(str, bad), MOST_PAIRS))
    lowest = f", {min(pair.ratio for pair in pairs):.1f}:1 or better" if pairs else ""
    return Finding(CHECK, Level.OK, f"text is easy to read {where}{lowest}")
