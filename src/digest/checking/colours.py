"""Colours, how well two of them can be told apart, and what forced dark mode makes of them."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from tinycss2.color3 import parse_color

from digest.rendering.contrast import ratio


class Colour(NamedTuple):
    """Red, green, blue and opacity from 0 to 1."""

    red: float
    green: float
    blue: float
    alpha: float = 1.0

    def __str__(self) -> str:
        return "#" + "".join(f"{round(part * 255):02x}" for part in self[:3])


WHITE = Colour(1, 1, 1)
BLACK = Colour(0, 0, 0)
TRANSPARENT = Colour(0, 0, 0, 0)
LINK = Colour(0, 0, 238 / 255)  # what browsers give to a link without a colour of its own


def read_colour(value: Any, inherited: Colour) -> Colour | None:
    """A CSS colour, as text or token; None for what is none that all mail programs know."""
    try:
        found = parse_color(value)
    except (ValueError, OverflowError, RecursionError):
        return None
    if found is None or found == "currentColor":
        return inherited if found else None
    return Colour(*(min(1.0, max(0.0, part)) for part in found))


def first_colour(tokens: Iterable[Any], inherited: Colour) -> Colour | None:
    """The colour in a `background` shorthand."""
    return next((found for token in tokens if (found := read_colour(token, inherited))), None)


def attribute_colour(value: str | None) -> Colour | None:
    """The colour of `bgcolor` or `color`; `fff` without its hash counts, as in every browser."""
    if not value:
        return None
    bare = re.fullmatch(r"(?:[0-9a-fA-F]{3}){1,2}", value.strip())
    return read_colour(f"#{value.strip()}" if bare else value.strip(), BLACK)


def over(front: Colour, back: Colour) -> Colour:
    """A see-through colour in front of an opaque one."""
    mixed = (a * front.alpha + b * (1 - front.alpha) for a, b in zip(front[:3], back[:3], strict=True))
    return Colour(*mixed)


def contrast(one: Colour, other: Colour) -> float:
    """The ratio from 1 to 21 (WCAG 2.2, “contrast ratio”)."""
    return ratio(str(one), str(other))


def inverted(colour: Colour) -> Colour:
    """The same hue with its lightness turned round, as programs do that force a dark mode."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*colour[:3])
    return Colour(*colorsys.hls_to_rgb(hue, 1 - lightness, saturation))
