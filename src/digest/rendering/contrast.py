"""How well one colour can be read on another (WCAG 2.2, success criterion 1.4.3)."""

from __future__ import annotations

from functools import lru_cache

ENOUGH = 4.5  # of text that is not large
_STEPS = 20


def ratio(one: str, other: str) -> float:
    """The contrast of two colours `#rrggbb`, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@lru_cache(maxsize=256)
def readable(colour: str, *grounds: str, enough: float = ENOUGH) -> str:
    """`colour`, moved no further than needed towards black or white to be read on every ground.

    `enough` is the contrast asked for, which is less for what is no text. Where no shade can be read on all
    of them, the better one of black and white.
    """
    ends = sorted(("#000000", "#ffffff"), key=lambda end: -_worst(end, grounds))
    shades = (_mixed(colour, ends[0], step / _STEPS) for step in range(_STEPS + 1))
    return next((shade for shade in shades if _worst(shade, grounds) >= enough), ends[0])


def _worst(colour: str, grounds: tuple[str, ...]) -> float:
    return min(ratio(colour, ground) for ground in grounds)


def _mixed(colour: str, end: str, share: float) -> str:
    pairs = zip(_channels(colour), _channels(end), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return float(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
