"""The newsletter's colours and typefaces as a style sheet: what `style.css` calls by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from digest.rendering.contrast import ratio, readable
from digest.rendering.theme import Logo, Palette, Theme

_TONES: Final = ("ship", "split", "skip")
# WCAG 2.2, success criterion 1.4.11: what shows where a field or the focus is.
_SEEN: Final = 3.0
_HOST: Final = re.compile(r"[a-z0-9.-]+(:[0-9]{1,5})?", re.IGNORECASE)


def theme_css(theme: Theme) -> str:
    """Both modes as custom properties; whatever colours an operator chose, words on them can be read."""
    fonts = _named({"headings": theme.headings, "text": theme.text})
    light, dark = _rules({**_colours(theme.light), **fonts}), _rules(_colours(theme.dark))
    return f":root {{\n{light}}}\n@media (prefers-color-scheme: dark) {{\n:root {{\n{dark}}}\n}}\n"


def picture_origin(logo: Logo | None) -> str:
    """Where the logo may be loaded from, as a Content-Security-Policy names it; empty without one.

    Empty, too, for an address whose host could end the policy's list.
    """
    host = urlsplit(logo.url).netloc if logo else ""
    return f"https://{host}" if _HOST.fullmatch(host) else ""


def _colours(palette: Palette) -> Mapping[str, str]:
    """The palette, and what follows from it: `edge` is around fields, `focus` around what has the focus."""
    kept = {
        name: getattr(palette, name) for name in ("paper", "box", "line", "rule", "off", "accent", *_TONES)
    }
    grounds = (palette.paper, palette.box)
    seen = {
        "on-accent": palette.on_accent,
        "edge": readable(palette.rule, *grounds, enough=_SEEN),
        "focus": readable(palette.accent, *grounds, enough=_SEEN),
    }
    words = _words(palette, palette.paper) | _words(palette, palette.box, "box-")
    mode = "dark" if ratio(palette.paper, "#ffffff") > ratio(palette.paper, "#000000") else "light"
    return {"color-scheme": mode, **_named(kept | seen | words)}


def _words(palette: Palette, ground: str, prefix: str = "") -> dict[str, str]:
    """The colours of words on one ground; paper and box may be as far apart as an operator likes."""
    words = {"ink": palette.ink, "muted": palette.muted}
    words |= {f"{tone}-text": getattr(palette, tone) for tone in _TONES}
    return {prefix + name: readable(colour, ground) for name, colour in words.items()}


def _named(values: Mapping[str, str]) -> Mapping[str, str]:
    return {f"--{name}": value for name, value in values.items()}


def _rules(values: Mapping[str, str]) -> str:
    return "".join(f"  {name}: {value};\n" for name, value in values.items())
