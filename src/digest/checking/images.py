"""Images: words for whoever sees none, a size that keeps their place, an address that anybody can load."""

from __future__ import annotations

from collections.abc import Iterator

from digest.checking.addresses import fault
from digest.checking.findings import Finding, Level, listed, sample
from digest.checking.page import Element, Page

CHECK = "images"


def check_images(page: Page) -> Iterator[Finding]:
    """Each kind of fault once, with the images that have it."""
    images = page.named("img")
    problems = [(level, why, name) for image in images for level, why, name in _faults(image)]
    for level, message in dict.fromkeys((level, why) for level, why, _ in problems):
        names = listed(name for at, why, name in problems if (at, why) == (level, message))
        yield Finding(CHECK, level, message, names)
    if not problems:
        count = f"{len(images):,} images, each with words, size and address" if images else "no images"
        yield Finding(CHECK, Level.OK, count)


def _faults(image: Element) -> Iterator[tuple[Level, str, str]]:
    source = (image.get("src") or "").strip()
    name = source[:80] or "an image without src"
    if image.get("alt") is None:
        yield Level.ERROR, "images without alt", name
    if not all((image.get(side) or "").strip() for side in ("width", "height")):
        yield Level.WARNING, "images without width and height", f"{name} {sample(image.get('alt') or '')}"
    if source.lower().startswith("data:"):
        yield Level.WARNING, "images inside the HTML, which Gmail and Outlook do not show", name
    elif source.lower().startswith("cid:"):
        yield Level.ERROR, "images that should be attached, but nothing is", name
    elif bad := fault(source):
        yield (
            bad[0],
            "images with an address that does not work" if bad[0] is Level.ERROR else "images without https",
            f"{name} {bad[1]}",
        )
