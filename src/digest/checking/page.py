"""The HTML as a mail program reads it: elements, their words, and the style sheets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from digest.checking.stylesheets import Sheet, read_sheet

MOST_CHARACTERS = 1_000_000
MOST_ELEMENTS = 20_000
UNSEEN = frozenset(("head", "title", "style", "script", "template", "noscript", "meta", "link"))

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ufffe\uffff]")

Element = Any  # lxml brings no types


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed HTML part; `cut` says that some of it was too much to look at."""

    root: Element | None
    elements: tuple[Element, ...]
    comments: tuple[str, ...]
    sheets: tuple[Sheet, ...]
    cut: bool
    doctype: bool

    def named(self, *names: str) -> list[Element]:
        """The elements of these names, in the order of the document."""
        return [element for element in self.elements if element.tag in names]

    @property
    def body(self) -> Element | None:
        """The body element, if there is one."""
        return next(iter(self.named("body")), None)


def read_page(html: str) -> Page:
    """The page, however broken it is; text that is no HTML at all has no root."""
    root, whole = _parse(html[:MOST_CHARACTERS])
    everything = [] if root is None else [root, *root.iterdescendants()]
    elements = tuple(one for one in everything if isinstance(one.tag, str))
    comments = tuple(one.text or "" for one in everything if one.tag is etree.Comment)
    kept = elements[:MOST_ELEMENTS]
    sheets = tuple(
        read_sheet("".join(one.itertext()), one.get("media") or "") for one in kept if one.tag == "style"
    )
    doctype = html[:200].lstrip("\ufeff \t\r\n").lower().startswith("<!doctype html>")
    cut = not whole or len(html) > MOST_CHARACTERS or len(elements) > len(kept)
    return Page(root, kept, comments, sheets, cut, doctype)


def _parse(html: str) -> tuple[Element | None, bool]:
    """The root, and whether the parser got to the end; it gives up where tags nest thousands deep."""
    # Bytes with a stated encoding, since lxml refuses some strings. NUL ends the document for libxml2; other
    # control characters get into names that lxml then cannot look up.
    data = _CONTROLS.sub("\ufffd", html).encode("utf-8", "replace")
    parser = etree.HTMLParser(encoding="utf-8", recover=True, no_network=True, huge_tree=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.LxmlError:
        return None, True
    return root, not any(entry.level_name == "FATAL" for entry in parser.error_log)


def words(element: Element) -> str:
    """What an element says, on one line, an image by its alternative text."""
    return " ".join("".join(_said(element)).split())


def _said(element: Element) -> Iterator[str]:
    for event, one in etree.iterwalk(element, events=("start", "end", "comment")):
        if event == "start":
            yield (one.get("alt") or "") if one.tag == "img" else (one.text or "")
        if event != "start" and one is not element:
            yield one.tail or ""


def own_texts(element: Element) -> list[str]:
    """The pieces of text directly inside an element, blank ones left out, each on one line."""
    pieces = [element.text, *(child.tail for child in element)]
    return [line for piece in pieces if piece and (line := " ".join(piece.split()))]
