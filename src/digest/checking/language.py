"""What tells a screen reader how to read: language, direction, title, and which tables are no tables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.checking.findings import Finding, Level, listed, sample
from digest.checking.page import Element, Page, words

CHECK = "language"
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")  # RFC 5646 §2.1, in outline
_DIRECTIONS = frozenset(("ltr", "rtl"))


def check_language(page: Page) -> Iterator[Finding]:
    """Every place that must name its language and direction, the title, the layout tables."""
    problems = [*_declared(page), *_titled(page), *_tables(page)]
    yield from problems
    if not problems:
        message = "language, direction and title are declared, and layout tables say what they are"
        yield Finding(CHECK, Level.OK, message)


def _declared(page: Page) -> Iterator[Finding]:
    body = page.body
    children = [] if body is None else [one for one in body if isinstance(one.tag, str)]
    places = [*page.named("html"), *(one for one in children if one.tag not in {"style", "script"})]
    bad = listed(f"<{one.tag}> {missing}{_said(one)}" for one in places if (missing := _missing(one)))
    if bad or not places:
        message = "language or direction is missing on html or on a direct child of body"
        yield Finding(CHECK, Level.ERROR, message, bad)


def _missing(element: Element) -> str:
    lang, direction = (element.get("lang") or "").strip(), (element.get("dir") or "").strip().lower()
    faults = []
    if not _LANGUAGE.fullmatch(lang) or lang.lower() == "und":
        faults.append(f"lang={lang!r}" if lang else "no lang")
    if direction not in _DIRECTIONS:
        faults.append(f"dir={direction!r}" if direction else "no dir")
    return " and ".join(faults)


def _said(element: Element) -> str:
    text = "" if element.tag == "html" else words(element)
    return f": {sample(text)}" if text else ""


def _titled(page: Page) -> Iterator[Finding]:
    titles = [one for one in page.named("title") if one.getparent().tag == "head"]
    if not any(words(title) for title in titles):
        yield Finding(CHECK, Level.ERROR, "the HTML has no title")


def _tables(page: Page) -> Iterator[Finding]:
    """A table without headings only holds things in place, and must say so."""
    tables = [one for one in page.named("table") if not _holds_data(one)]
    silent = [one for one in tables if (one.get("role") or "").lower() not in {"presentation", "none"}]
    if silent:
        message = f"layout tables without role=presentation: {len(silent):,} of {len(tables):,}"
        yield Finding(CHECK, Level.ERROR, message, listed(sample(words(one)) for one in silent))


def _holds_data(table: Element) -> bool:
    headings = (one for one in table.iter("th", "caption") if next(one.iterancestors("table")) is table)
    return not table.get("role") and next(headings, None) is not None
