"""One email, shown as different readers' programs would: by day, by night, without pictures."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

_MEDIA: Final = re.compile(r"(@media\b)([^{}]*)(?=\{)", re.IGNORECASE)
_DARK: Final = re.compile(r"\(\s*prefers-color-scheme\s*:\s*dark\s*\)", re.IGNORECASE)
_LIGHT: Final = re.compile(r"\(\s*prefers-color-scheme\s*:\s*light\s*\)", re.IGNORECASE)
_BOTH: Final = re.compile(
    r"(color-scheme(?:\"\s+content=\"|\s*:\s*))(?:light\s+dark|dark\s+light)", re.IGNORECASE
)
_HEAD: Final = re.compile(r"<head[^>]*>", re.IGNORECASE)
_BASE: Final = '<base target="_blank">'  # a link must not lead the picture itself away

# The browser's own colour scheme must not show through: the query is answered here, by an always or a never.
_ALWAYS, _NEVER = "(min-width: 0)", "(max-width: 0)"


def by_day(html: str) -> str:
    """As a program in light mode shows it."""
    return _opening_links_elsewhere(_decided(html, dark=False))


def by_night(html: str) -> str:
    """As a program that heeds `prefers-color-scheme: dark` shows it."""
    return _opening_links_elsewhere(_decided(html, dark=True))


def _decided(html: str, *, dark: bool) -> str:
    """The page with every question about the colour scheme answered."""

    def answer(match: re.Match[str]) -> str:
        query = _DARK.sub(_ALWAYS if dark else _NEVER, match[2])
        return match[1] + _LIGHT.sub(_NEVER if dark else _ALWAYS, query)

    return _BOTH.sub(rf"\g<1>{'dark' if dark else 'light'}", _MEDIA.sub(answer, html))


def _opening_links_elsewhere(html: str) -> str:
    return _HEAD.sub(lambda match: match[0] + _BASE, html, count=1)


# An email carries its styles inside itself. Scripts, forms and frames are shut out three times over:
# here, by `sandbox`, and by the sandbox of the frame it is shown in. `allow-same-origin` lets the desk's
# own page read how far the picture was scrolled, so that it stays there when the picture is made anew.
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {images}; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
WITH_IMAGES: Final = _POLICY.format(images="https: http: data:")
WITHOUT_IMAGES: Final = _POLICY.format(images="'none'")

# The picture's name in its address; how it is made; what it may load.
PICTURES: Final[Mapping[str, tuple[Callable[[str], str], str]]] = {
    "desktop": (by_day, WITH_IMAGES),
    "dark": (by_night, WITH_IMAGES),
    "no-images": (by_day, WITHOUT_IMAGES),
}
