"""Decides whether a media query holds for a given reader's screen."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FEATURE = re.compile(r"\(([^()]*)\)")
_PIXELS = re.compile(r"(\d+(?:\.\d+)?)\s*(px|em|rem)?")


@dataclass(frozen=True, slots=True)
class Screen:
    """A reader's screen: its width in CSS pixels, and whether dark mode is on."""

    width: int = 600
    dark: bool = False


def holds(query: str, screen: Screen) -> bool:
    """Whether one of the comma-separated queries is true; what we do not know is false."""
    return not query.strip() or any(_one_holds(part, screen) for part in query.lower().split(","))


def _one_holds(query: str, screen: Screen) -> bool:
    features = _FEATURE.findall(query)
    kinds = _FEATURE.sub(" ", query).split()
    if "not" in kinds or "print" in kinds or "or" in kinds or "speech" in kinds:
        return False
    return all(_feature_holds(feature, screen) for feature in features)


def _feature_holds(feature: str, screen: Screen) -> bool:
    name, _, value = (part.strip() for part in feature.partition(":"))
    if name == "prefers-color-scheme":
        return value == ("dark" if screen.dark else "light")
    size = _PIXELS.fullmatch(value)
    if size is None or name not in {"min-width", "max-width", "min-device-width", "max-device-width"}:
        return False
    pixels = float(size[1]) * (1 if size[2] in {None, "px"} else 16)
    return screen.width >= pixels if name.startswith("min") else screen.width <= pixels
