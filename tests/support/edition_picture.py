"""Renews the pictures of an edition in docs/images: `python -m tests.support.edition_picture`.

One edition of our own samples, as different screens show it, by day, at night and without pictures. It needs
Chromium.
"""

from __future__ import annotations

import html
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace

from digest.desk.pictures import by_day, by_night
from digest.rendering.renderer import Renderer
from digest.rendering.theme import Logo, Theme
from tests.support.browsers import chromium
from tests.support.samples import ROOT, editions
from tests.support.screens import picture as grey
from tests.support.stories import MARKER

FOLDER = ROOT / "docs" / "images"
GAP = 28
LOGO = Logo("https://verdicts.example.org/logo.png", 120, 40)
BLOCKED = "https://blocked.example.org/logo.png"


@dataclass(frozen=True, slots=True)
class Sheet:
    """Frames side by side, cut at one height: width in CSS pixels, and how the email is shown in it."""

    height: int
    frames: tuple[tuple[int, Callable[[str], str]], ...]
    logo: bool = False


def with_images(page: str) -> str:
    """By day, with a grey box for a logo."""
    picture = f"data:image/png;base64,{b64encode(grey(LOGO.width, LOGO.height)).decode()}"
    return by_day(page).replace(LOGO.url, picture)


def without_images(page: str) -> str:
    """By day, in a program that loads no pictures."""
    return by_day(page).replace(LOGO.url, BLOCKED)


SHEETS = {
    "edition.png": Sheet(1196, ((640, by_day), (375, by_day), (375, by_night))),
    "edition-light.png": Sheet(900, ((320, by_day), (600, by_day), (1200, by_day))),
    "edition-dark.png": Sheet(900, ((320, by_night), (600, by_night), (1200, by_night))),
    "edition-images.png": Sheet(420, ((600, with_images), (600, without_images)), logo=True),
}


def page_of(sheet: Sheet) -> str:
    """A page with the email in its frames."""
    brand, story = editions()["yardstick"]
    brand = replace(brand, theme=Theme(logo=LOGO)) if sheet.logo else brand
    email = Renderer(brand).edition(story, MARKER).html
    frames = "".join(
        f'<iframe sandbox width="{width}" scrolling="no" srcdoc="{html.escape(shown(email))}"></iframe>'
        for width, shown in sheet.frames
    )
    return f"""<!DOCTYPE html><meta charset="utf-8"><style>
body {{ margin: 0; padding: {GAP}px; display: flex; gap: {GAP}px; background: #d9d6cd; }}
iframe {{ flex: none; border: 0; border-radius: 10px; height: {sheet.height}px; }}
</style>{frames}"""


def renew() -> None:
    """Take every picture."""
    with chromium() as browser:
        for name, sheet in SHEETS.items():
            width = sum(width for width, _ in sheet.frames) + GAP * (len(sheet.frames) + 1)
            tab = browser.new_page(viewport={"width": width, "height": sheet.height + 2 * GAP})
            tab.route(BLOCKED, lambda route: route.abort())
            tab.set_content(page_of(sheet))
            tab.wait_for_load_state("networkidle")
            (FOLDER / name).write_bytes(tab.screenshot())


if __name__ == "__main__":
    renew()
