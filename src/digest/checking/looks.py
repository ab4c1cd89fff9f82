"""How each element looks in the end: its colour, what is behind it, its size, whether it is seen at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from digest.checking.cascade import Styles
from digest.checking.colours import (
    BLACK,
    LINK,
    TRANSPARENT,
    WHITE,
    Colour,
    attribute_colour,
    first_colour,
    over,
)
from digest.checking.media import Screen
from digest.checking.page import UNSEEN, Element, Page
from digest.checking.stylesheets import Declaration, css_text

PROPERTIES = frozenset(
    (
        *("color", "background", "background-color", "font", "font-size", "font-weight", "display"),
        *("visibility", "opacity", "max-height", "height", "overflow", "mso-hide", "text-indent"),
    )
)
_SIZES = {"xx-small": 9, "x-small": 10, "small": 13, "medium": 16, "large": 18, "x-large": 24, "xx-large": 32}
_UNITS = {"px": 1.0, "pt": 4 / 3}
_HEADINGS = {"h1": 2.0, "h2": 1.5, "h3": 1.17, "h4": 1.0, "h5": 0.83, "h6": 0.67}
_BOLD = frozenset(("b", "strong", "th", *_HEADINGS))
_LENGTH = re.compile(r"(-?\d*\.?\d+)(px|pt|em|rem|%)?")
_SHORTHAND = re.compile(r"(?:^|\s)(\d*\.?\d+(?:px|pt|em|rem|%))")


@dataclass(frozen=True, slots=True)
class Look:
    """`size` is in CSS pixels; `hidden` is the declaration that hides the element and all in it."""

    colour: Colour = BLACK
    behind: Colour = WHITE
    size: float = 16.0
    bold: bool = False
    hidden: str = ""

    @property
    def unseen(self) -> str:
        """What keeps the element's own text from sight, or nothing; text inside it may have a size again."""
        return self.hidden or ("font-size:0" if self.size < 1 else "")

    @property
    def large(self) -> bool:
        """WCAG's large text: 18 pt, or 14 pt in bold."""
        return self.size >= 24 or (self.bold and self.size >= 18.66)


def looks(page: Page, styles: Styles, screen: Screen) -> dict[Element, Look]:
    """The look of every element that can hold text, inherited from the root down."""
    declared = styles.on(screen)
    found: dict[Element, Look] = {}
    for element in page.elements:
        parent = element.getparent()
        above = Look() if parent is None else found.get(parent)
        if above is None or element.tag in UNSEEN:
            continue
        found[element] = _dressed(_bare(element, above), above, declared.get(element, ()))
    return found


def _bare(element: Element, above: Look) -> Look:
    """The look before any style sheet: browser's own and what old attributes say."""
    colour = attribute_colour(element.get("text" if element.tag == "body" else "color"))
    if element.tag == "a" and element.get("href"):
        colour = LINK
    back = attribute_colour(element.get("bgcolor"))
    return replace(
        above,
        colour=colour or above.colour,
        behind=over(back, above.behind) if back else above.behind,
        size=above.size * _HEADINGS.get(element.tag, 1.0),
        bold=above.bold or element.tag in _BOLD,
        hidden=above.hidden or ("hidden" if element.get("hidden") is not None else ""),
    )


def _dressed(look: Look, above: Look, declared: tuple[Declaration, ...]) -> Look:
    """The look with its declarations, in the order in which they win."""
    background, hiding = TRANSPARENT, _Hiding()
    for one in declared:
        value = css_text(one.tokens).lower()
        if one.name == "background":
            background = first_colour(one.tokens, look.colour) or TRANSPARENT
        elif one.name == "background-color":
            background = first_colour(one.tokens, look.colour) or background
        elif one.name == "color":
            look = replace(look, colour=_text_colour(one, value, look, above))
        elif one.name in _FONTS:
            look = _FONTS[one.name](look, above, value)
        else:
            hiding.see(one.name, value)
    return replace(
        look,
        behind=over(background, look.behind) if background.alpha else look.behind,
        hidden=look.hidden or hiding.verdict(),
    )


class _Hiding:
    """Collects what can take an element out of sight; the later word replaces the earlier one."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    def see(self, name: str, value: str) -> None:
        """Take a declaration down."""
        self._said[name] = value

    def verdict(self) -> str:
        """The declaration that hides the element, or nothing."""
        said = self._said
        for name, value in (("display", "none"), ("visibility", "hidden"), ("mso-hide", "all")):
            if said.get(name) == value and (name != "mso-hide" or "display" not in said):
                return f"{name}:{value}"
        if _is_zero(said.get("opacity", "1")):
            return "opacity:0"
        clipped = said.get("overflow") == "hidden"
        flat = [name for name in ("max-height", "height") if _is_zero(said.get(name, "1"))]
        if clipped and flat:
            return f"{flat[0]}:0"
        far = _LENGTH.fullmatch(said.get("text-indent", ""))
        return "text-indent" if far and float(far[1]) <= -999 else ""


def _is_zero(value: str) -> bool:
    length = _LENGTH.fullmatch(value)
    return length is not None and float(length[1]) == 0


def _text_colour(one: Declaration, value: str, look: Look, above: Look) -> Colour:
    if value == "inherit":
        return above.colour
    return first_colour(one.tokens[:1], above.colour) or look.colour


def _font_size(look: Look, above: Look, value: str) -> Look:
    if value in _SIZES:
        return replace(look, size=float(_SIZES[value]))
    length = _LENGTH.fullmatch(value)
    if length is None:
        return replace(look, size=above.size) if value == "inherit" else look
    return replace(look, size=_pixels(float(length[1]), length[2] or "px", above.size))


def _pixels(number: float, unit: str, parent: float) -> float:
    if unit in _UNITS:
        return number * _UNITS[unit]
    return number * (16 if unit == "rem" else parent / 100 if unit == "%" else parent)


def _font_weight(look: Look, above: Look, value: str) -> Look:
    if value == "inherit":
        return replace(look, bold=above.bold)
    number = float(value) if value.isdecimal() and len(value) < 5 else 0
    return replace(look, bold=value in {"bold", "bolder"} or number >= 700)


def _font(look: Look, above: Look, value: str) -> Look:
    size = _SHORTHAND.search(value)
    if size is None:
        return look
    before = value[: size.start()].split()
    bold = any(word == "bold" or (word.isdecimal() and int(word[:4]) >= 700) for word in before)
    return replace(_font_size(look, above, size[1]), bold=bold)


_FONTS: dict[str, Callable[[Look, Look, str], Look]] = {
    "font-size": _font_size,
    "font-weight": _font_weight,
    "font": _font,
}
