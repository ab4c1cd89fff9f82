"""Fills a theme's colours and typefaces into the style sheet, in words that every mail program knows."""

from __future__ import annotations

import re
from collections.abc import Mapping

from digest.errors import Place, RenderError
from digest.rendering.bars import TONES
from digest.rendering.branding import Branding
from digest.rendering.theme import Palette

_VARIABLE = re.compile(r"var\(--([a-z-]+)\)")
_SIDE = re.compile(r"(?<=-)inline-(start|end)\b")
_ALIGNED = re.compile(r"(text-align:\s*)(start|end)\b")


def styled(sheet: str, file: str, brand: Branding) -> str:
    """The style sheet in `file` with `var(--name)` filled in, and `start` and `end` as left and right.

    Mail programs know neither custom properties nor logical ones. Raises RenderError, with the place, for
    a name that no theme has.
    """
    values = variables(brand)
    sides = {"start": brand.start, "end": brand.end}

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            line = sheet.count("\n", 0, match.start()) + 1
            known = ", ".join(sorted(values))
            raise RenderError(places=(Place(file, line, f"there is no {match[0]}: expected one of {known}"),))
        return values[match[1]]

    filled = _VARIABLE.sub(value, sheet)
    filled = _SIDE.sub(lambda match: sides[match[1]], filled)
    return _ALIGNED.sub(lambda match: match[1] + sides[match[2]], filled)


def variables(brand: Branding) -> Mapping[str, str]:
    """What `var(--name)` may name: the light palette, words in each tone's colour, and the typefaces."""
    light = brand.theme.light
    colours = {name: getattr(light, name) for name in Palette.__dataclass_fields__}
    tones = {f"t-{tone}": light.words(tone) for tone in TONES}
    fonts = {"headings": brand.theme.headings, "text": brand.theme.text}
    return {**colours, **tones, **fonts, "on-accent": light.on_accent}
