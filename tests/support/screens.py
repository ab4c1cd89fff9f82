"""An email on a reader's screen, in a real browser, and what is wrong with how it is laid out there."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

WIDTHS = (320, 600, 1200)
SMALLEST = 13  # CSS pixels


@dataclass(frozen=True, slots=True)
class Screen:
    """How a reader's program shows an email; without `styles` it drops every style sheet, as Gmail may."""

    width: int
    scheme: Literal["light", "dark"] = "light"
    images: bool = True
    styles: bool = True


def screens() -> Iterator[Screen]:
    """Every width by day and by night, with its style sheets and without."""
    for width in WIDTHS:
        yield Screen(width)
        yield Screen(width, "dark")
        yield Screen(width, images=False)
        yield Screen(width, styles=False)


def show(page: Page, html: str, screen: Screen) -> None:
    """Show the email as the screen does; nothing is asked from anywhere, pictures are ours."""
    page.set_viewport_size({"width": screen.width, "height": 800})
    page.emulate_media(color_scheme=screen.scheme)
    page.unroute_all()
    page.route("**/*", lambda route: _answer(route, images=screen.images))
    page.set_content(html)
    if not screen.styles:
        page.evaluate("document.querySelectorAll('style').forEach((sheet) => sheet.remove())")


def faults(page: Page) -> list[str]:
    """What is cut, overlaps, is too small to read or makes the reader scroll sideways."""
    found: list[str] = page.evaluate(_FAULTS, SMALLEST)
    return found


def pairs(page: Page) -> list[tuple[dict[str, float], dict[str, float]]]:
    """Where the two tools of each pair stand: x, y, right and bottom in CSS pixels."""
    boxes: list[dict[str, float]] = page.evaluate(_COLUMNS)
    return list(zip(boxes[::2], boxes[1::2], strict=True))


def picture(width: int, height: int) -> bytes:
    """A grey PNG."""
    rows = zlib.compress((b"\x00" + b"\x80" * width) * height)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def _answer(route: Route, *, images: bool) -> Any:
    if images and route.request.resource_type == "image":
        return route.fulfill(body=picture(120, 40), content_type="image/png")
    return route.abort()


_COLUMNS = """
() => [...document.querySelectorAll(".c")].map((column) => {
  const { x, y, right, bottom } = column.getBoundingClientRect();
  return { x, y, right, bottom };
})
"""

# A line's box is as tall as its typeface asks for, which may be a little more than the line height.
_FAULTS = """
(smallest) => {
  const found = new Set(), room = document.documentElement.clientWidth;
  const name = (element) =>
    `<${element.localName} class="${element.className}"> ${element.textContent.trim().slice(0, 40)}`;
  if (document.documentElement.scrollWidth > room)
    found.add(`the page scrolls sideways: ${document.documentElement.scrollWidth} in ${room} px`);

  for (const box of document.body.querySelectorAll("td, div, p, h1, h2, h3, ul, ol, li, blockquote, pre")) {
    if (box.scrollWidth > box.clientWidth && box.clientWidth)
      found.add(`cut: ${box.scrollWidth} in ${box.clientWidth} px: ${name(box)}`);
    if (box.matches(".b td") && (box.offsetWidth < 2 || box.offsetHeight < 8))
      found.add(`a block of a bar is gone: ${box.offsetWidth} by ${box.offsetHeight} px: ${name(box)}`);
  }

  const lines = [], range = document.createRange();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    if (!texts.currentNode.data.trim()) continue;
    range.selectNodeContents(texts.currentNode);
    const around = texts.currentNode.parentElement, boxes = [...range.getClientRects()];
    if (boxes.length && parseFloat(getComputedStyle(around).fontSize) < smallest)
      found.add(`smaller than ${smallest} px: ${name(around)}`);
    if (boxes.length > 3 && texts.currentNode.data.trim().length < 2 * boxes.length)
      found.add(`squeezed to ${boxes.length} lines: ${name(around)}`);
    for (const box of boxes) {
      if (box.left < -0.5 || box.right > room + 0.5) found.add(`outside the screen: ${name(around)}`);
      lines.push({ node: texts.currentNode, around, box });
    }
  }
  lines.sort((one, other) => one.box.top - other.box.top);
  lines.forEach((one, index) => {
    for (let next = index + 1; next < lines.length; next++) {
      const other = lines[next];
      if (other.box.top > one.box.bottom - 3) break;
      const shared = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
      if (shared > 1 && one.node !== other.node)
        found.add(`overlap: ${name(one.around)} and ${name(other.around)}`);
    }
  });
  return [...found].slice(0, 20);
}
"""
