"""Renews the pictures of the readers' pages in docs/images: `python -m tests.support.page_pictures`.

Pages of our own samples, as a browser shows them. It needs Chromium.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.support.browsers import chromium
from tests.support.edition_picture import FOLDER
from tests.support.galleries import gallery
from tests.support.ports import free_port


@dataclass(frozen=True, slots=True)
class View:
    """How a state of the gallery is shown: width and height in CSS pixels; no height shows all of it."""

    file: str
    width: int
    height: int | None
    scheme: Literal["light", "dark"] = "light"


VIEWS = {
    "front": View("page-front.png", 700, None),
    "preferences": View("page-preferences.png", 700, 1000),
    "left": View("page-goodbye.png", 700, None, "dark"),
    "comparison": View("page-comparison.png", 960, 860),
}


def renew() -> None:
    """Take every picture."""
    with (
        tempfile.TemporaryDirectory() as folder,
        gallery(Path(folder), free_port()) as made,
        chromium() as browser,
        browser.new_context(locale="en") as context,
    ):
        for state in made.states():
            if view := VIEWS.get(state.name):
                page = context.new_page()
                page.set_viewport_size({"width": view.width, "height": view.height or 600})
                page.emulate_media(color_scheme=view.scheme)
                page.goto(made.url + state.path)
                for step in state.steps:
                    step(page)
                page.screenshot(path=FOLDER / view.file, full_page=view.height is None)


if __name__ == "__main__":
    renew()
