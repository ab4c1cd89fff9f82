"""Reads a comparison page as the site serves it: HTML, cut into the lines a reader would see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import lxml.html
from lxml import etree

from digest.content.cleaning import (
    Misfit,
    decoded,
    found,
    moment,
    opens_quote,
    percent,
    readable,
    sized,
    tidy,
    web_address,
)
from digest.content.page_text import FOOTER, LABELS, SCORECARD, TOP, Line, blocks, read_lines
from digest.content.records import VERDICTS, ComparisonRecord, Verdict
from digest.errors import SourceError

_UNSEEN: Final = frozenset({"script", "style", "head", "template", "noscript", "svg"})
_CONTAINER_NAMES: Final = (
    "article aside body dd details dialog div dl fieldset figure footer form header hgroup html li main nav"
    " ol section table tbody td tfoot th thead tr ul"
)
_OTHER_BLOCK_NAMES: Final = (
    "address blockquote br caption dt figcaption h1 h2 h3 h4 h5 h6 hr legend p pre search summary"
)
_CONTAINERS: Final = frozenset(_CONTAINER_NAMES.split())
_BLOCKS: Final = _CONTAINERS.union(_OTHER_BLOCK_NAMES.split())
_SIGNPOSTS: Final = frozenset(label.casefold() for label in (*LABELS, TOP, SCORECARD, FOOTER))


def read_html(html: str | bytes, source: str) -> ComparisonRecord:
    """One comparison from its HTML page; SourceError names the line and field that do not fit."""
    text = decoded(html, source) if isinstance(html, bytes) else readable(html, source)
    root = _parsed(text, source)
    record = read_lines(_from_top(list(_Reader(source).lines(root))), source)
    try:
        return replace(record, url=_url(root), published_at=_published_at(root))
    except _MisfitElement as error:
        raise SourceError(source, error.line, error.field, str(error)) from None


def _parsed(text: str, source: str) -> etree._Element:
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    try:
        root: etree._Element = lxml.html.document_fromstring(text.encode(), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        raise SourceError(
            source, 1, None, "expected an HTML page, found nothing that can be read as one"
        ) from None
    for entry in parser.error_log:
        if entry.type_name == "ERR_RESOURCE_LIMIT":
            message = f"expected elements nested as a page nests them, found: {entry.message}"
            raise SourceError(source, entry.line, None, message)
    return root


def _from_top(lines: list[Line]) -> list[Line]:
    """The lines from the page's own heading on: the last one above the first tool, below the navigation."""
    tools = blocks(lines)
    until = tools[0] if tools else len(lines)
    tops = [index for index, line in enumerate(lines[:until]) if line.says(TOP)]
    return lines[tops[-1] :] if tops else lines


class _MisfitElement(Misfit):
    """What an element says does not fit; carries where it stands."""

    def __init__(self, element: etree._Element, field: str, message: str) -> None:
        super().__init__(message)
        self.line, self.field = element.sourceline or 1, field


def _url(root: etree._Element) -> str | None:
    for link in root.iter("link"):
        if "canonical" in link.get("rel", "").lower().split():
            try:
                return web_address(link.get("href", "").strip())
            except Misfit as error:
                raise _MisfitElement(link, "url", str(error)) from None
    return None


def _published_at(root: etree._Element) -> datetime | None:
    for element in root.iter("meta", "time"):
        value = _moment_said(element)
        if value is not None:
            try:
                return moment(value.strip())
            except Misfit as error:
                raise _MisfitElement(element, "published_at", str(error)) from None
    return None


def _moment_said(element: etree._Element) -> str | None:
    if element.tag == "meta" and element.get("property") != "article:published_time":
        return None
    value: str | None = element.get("content" if element.tag == "meta" else "datetime")
    return value


@dataclass(frozen=True, slots=True)
class _Open:
    """An element we are inside of, and what it means for the text in it."""

    tag: str = ""
    breaks: bool = False
    bare: bool = False  # no text of its own stands between its children
    reviewer: str | None = None
    verdict: Verdict | None = None
    quote: int | None = None
    closing: str = ""


class _Reader:
    """Walks the tree once, without recursion, and cuts its text into lines."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.within = [_Open()]
        self.parts: list[str] = []
        self.begun: Line | None = None
        self.quotes = 0

    def lines(self, root: etree._Element) -> Iterator[Line]:
        walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
        for event, element in walk:
            if event == "start":
                yield from self._start(element)
                if element.tag in _UNSEEN:
                    walk.skip_subtree()
            else:
                if event == "end":
                    yield from self._end(element)
                self._text(element.tail, element)
        yield from self._break()

    def _start(self, element: etree._Element) -> Iterator[Line]:
        inside = self._opened(element)
        if inside.breaks:
            yield from self._break()
        self.within.append(inside)
        if element.tag not in _UNSEEN:
            self._text(("“" if inside.closing else "") + (element.text or ""), element)

    def _end(self, element: etree._Element) -> Iterator[Line]:
        self._text(self.within[-1].closing, element)
        if self.within.pop().breaks:
            yield from self._break()

    def _opened(self, element: etree._Element) -> _Open:
        outer = self.within[-1]
        bare = not any(text and tidy(text) for text in (element.text, *(child.tail for child in element)))
        return _Open(
            tag=element.tag,
            breaks=element.tag in _BLOCKS
            or (outer.bare and (outer.tag in _CONTAINERS or _is_signpost(element))),
            bare=bare,
            reviewer=self._reviewer(element) or outer.reviewer,
            verdict=self._verdict(element) or outer.verdict,
            quote=self._quote(element, outer),
            closing="”" if element.tag == "q" and _needs_marks(element) else "",
        )

    def _quote(self, element: etree._Element, outer: _Open) -> int | None:
        if outer.quote is None and element.tag == "blockquote":
            self.quotes += 1
            return self.quotes
        return outer.quote

    def _reviewer(self, element: etree._Element) -> str | None:
        try:
            return sized(tidy(element.get("data-reviewer", "")), "reviewer") or None
        except Misfit as error:
            raise SourceError(self.source, element.sourceline, "reviews", str(error)) from None

    def _verdict(self, element: etree._Element) -> Verdict | None:
        said = tidy(element.get("data-verdict", "")).lower()
        if said and said not in VERDICTS:
            message = f'expected "ship" or "skip" as data-verdict, found {found(said)}'
            raise SourceError(self.source, element.sourceline, "reviews", message)
        return VERDICTS.get(said)

    def _text(self, text: str | None, element: etree._Element) -> None:
        if not text:
            return
        self.parts.append(text)
        if self.begun is None and tidy(text):
            here = self.within[-1]
            self.begun = Line(element.sourceline or 1, "", here.reviewer, here.verdict, here.quote)

    def _break(self) -> Iterator[Line]:
        if self.begun is not None:
            yield replace(self.begun, text=tidy("".join(self.parts)))
        self.parts, self.begun = [], None


def _is_signpost(element: etree._Element) -> bool:
    """Whether this is nothing but a label or a percentage, as a style sheet may set side by side."""
    text = tidy(element.text or "") if not len(element) else ""
    return text.casefold() in _SIGNPOSTS or (text.endswith("%") and _is_percentage(text))


def _is_percentage(text: str) -> bool:
    try:
        return percent(text) is not None
    except Misfit:
        return False


def _needs_marks(element: etree._Element) -> bool:
    """A browser draws the marks of a q element; we do too, unless its text brings its own."""
    return not opens_quote(tidy("".join(element.itertext(with_tail=False))))
