"""Renews docs/images/edition.png, the picture in the README: `python -m tests.support.edition_picture`.

One edition of our own samples, as a desktop shows it, a phone, and a phone at night. It needs Chromium.
"""

from __future__ import annotations

import html

from digest.desk.pictures import by_day, by_night
from tests.support.browsers import chromium
from tests.support.samples import ROOT, mails

PICTURE = ROOT / "docs" / "images" / "edition.png"
HEIGHT, GAP = 1196, 28
FRAMES = ((640, by_day), (375, by_day), (375, by_night))  # width in CSS pixels, and the time of day


def sheet(page: str) -> str:
    """A page with the email in its frames, side by side, cut at the same height."""
    frames = "".join(
        f'<iframe sandbox width="{width}" scrolling="no" srcdoc="{html.escape(shown(page))}"></iframe>'
        for width, shown in FRAMES
    )
    return f"""<!DOCTYPE html><meta charset="utf-8"><style>
body {{ margin: 0; padding: {GAP}px; display: flex; gap: {GAP}px; background: #d9d6cd; }}
iframe {{ border: 0; border-radius: 10px; height: {HEIGHT}px; }}
</style>{frames}"""


def picture(page: str) -> bytes:
    """The PNG."""
    width = sum(width for width, _ in FRAMES) + GAP * (len(FRAMES) + 1)
    with chromium() as browser:
        tab = browser.new_page(viewport={"width": width, "height": HEIGHT + 2 * GAP})
        tab.set_content(sheet(page))
        tab.wait_for_load_state("networkidle")
        return tab.screenshot()


if __name__ == "__main__":
    PICTURE.write_bytes(picture(mails()["edition-yardstick"]().html))
