"""Pictures of an email as PNG, taken by headless Chromium: desktop, phone and dark, or side by side."""

from __future__ import annotations

import html
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from digest.desk.pictures import by_day, by_night
from digest.errors import DigestError
from digest.programs import NoOutput, output

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC: Final = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
PATIENCE: Final = 60  # seconds
TALLEST: Final = 16_000  # pixels; Chromium paints nothing below
GAP: Final = 24
QUIET: Final = (
    *("--headless", "--disable-gpu", "--no-first-run", "--hide-scrollbars", "--force-color-profile=srgb"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"),
)


class NoPicture(DigestError):
    """Chromium is not installed, or did not take the picture."""


@dataclass(frozen=True, slots=True)
class View:
    """One frame: its width in CSS pixels, and whether the reader's program is in dark mode."""

    width: int
    dark: bool = False


VIEWS: Final[Mapping[str, tuple[View, ...]]] = {
    "all": (View(680), View(375), View(375, dark=True)),
    "desktop": (View(680),),
    "phone": (View(375),),
    "dark": (View(375, dark=True),),
}


def photograph(page: str, views: tuple[View, ...]) -> bytes:
    """A PNG with the email in each view, side by side, of at most TALLEST pixels; raises NoPicture."""
    chromium = find_chromium()
    width = sum(view.width for view in views) + (GAP * (len(views) + 1) if len(views) > 1 else 0)
    with tempfile.TemporaryDirectory(prefix="digest-", ignore_cleanup_errors=True) as folder:
        sheet, picture = Path(folder, "sheet.html"), Path(folder, "picture.png")
        sheet.write_text(_sheet(page, views), encoding="utf-8")
        dump = _run(chromium, folder, f"--window-size={width},800", "--dump-dom", sheet.as_uri())
        height = re.search(r'data-height="(\d+)"', dump)
        if height is None:
            raise NoPicture("Chromium could not lay the email out")
        size = f"--window-size={width},{min(int(height[1]), TALLEST)}"
        _run(chromium, folder, size, f"--screenshot={picture}", sheet.as_uri())
        if not picture.exists():
            raise NoPicture("Chromium took no picture")
        return picture.read_bytes()


def find_chromium() -> str:
    """The program that takes the pictures; raises NoPicture with how to get it."""
    for name in (*NAMES, MAC):
        if found := shutil.which(name):
            return found
    raise NoPicture(
        "pictures need Chromium or Chrome, and neither is installed: "
        "on Debian and Ubuntu `apt install chromium`, elsewhere from the system's packages"
    )


def _run(chromium: str, folder: str, *arguments: str) -> str:
    # Chromium refuses its sandbox to root; the page is ours, and the frames in it may run no script.
    as_root = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
    command = [chromium, *QUIET, *as_root, f"--user-data-dir={folder}/profile", *arguments]
    try:
        return output(command, seconds=PATIENCE).decode(errors="replace")
    except NoOutput as error:
        raise NoPicture(f"pictures need Chromium, and {error}") from error


def _sheet(page: str, views: tuple[View, ...]) -> str:
    """A page with a frame for each view, which makes every frame as tall as its email and says its height."""
    frames = "".join(
        f'<iframe sandbox="allow-same-origin" width="{view.width}" height="400" '
        f'srcdoc="{html.escape((by_night if view.dark else by_day)(page))}"></iframe>'
        for view in views
    )
    margin = GAP if len(views) > 1 else 0
    return f"""<!DOCTYPE html><meta charset="utf-8"><style>
body {{ margin: 0; padding: {margin}px 0 {margin}px {margin}px; background: #d9d6cd; white-space: nowrap; }}
iframe {{ border: 0; margin: 0 {margin}px 0 0; vertical-align: top; }}
</style><body>{frames}<script>
addEventListener("load", () => {{
  for (const frame of document.querySelectorAll("iframe"))
    frame.height = frame.contentDocument.documentElement.scrollHeight;
  document.body.dataset.height = document.documentElement.scrollHeight;
}});
</script>"""
