"""What a template or a missing value leaves behind: `{{ name }}`, `__TOKEN__`, `None%`, `lorem ipsum`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.checking.findings import Finding, Level, listed, sample
from digest.checking.mail import Mail
from digest.checking.page import Page, own_texts

CHECK = "leftovers"
_MARKS = re.compile(
    r"\{\{.{0,80}?(?:\}\}|$)|\{%.{0,80}?(?:%\}|$)|\{#.{0,80}?(?:#\}|$)|\$\{[^}]{0,80}\}?|\*\|\w{1,40}\|\*"
    r"|(?-i:__[A-Z][A-Z0-9_]{0,80}?__)|%\(\w{1,40}\)s|\[object \w+\]"
    r"|[\w.-]{0,80}\.invalid(?=[/:\s]|$)|lorem ipsum",
    re.IGNORECASE | re.MULTILINE,
)
# Words of plain English that are a missing value when nothing else stands beside them.
_ALONE = frozenset(("None", "nan", "NaN", "undefined", "null", "NULL"))
_BESIDE = re.compile(r"[\s%$€#·|,;:/()\[\]–—+-]+")
_SPOKEN = ("alt", "title", "aria-label", "href", "src", "content")


def check_leftovers(mail: Mail, page: Page) -> Iterator[Finding]:
    """Each kind of place once; what a page itself says, as in a title about templates, is only a warning."""
    said = [" ".join(item.split()) for item in (*mail.items, *mail.said)]
    found = dict.fromkeys((place, what, line) for place, line in _lines(mail, page) for what in _in(line))
    ours = [key for key in found if not any(key[1].rstrip("…") in item for item in said)]
    theirs = [key for key in found if key not in set(ours)]
    if ours:
        yield Finding(CHECK, Level.ERROR, "a placeholder or an empty value is left over", _told(ours))
    if theirs:
        yield Finding(CHECK, Level.WARNING, "a page's own words look like a placeholder", _told(theirs))
    if not found:
        yield Finding(CHECK, Level.OK, "no placeholder and no empty value is left over")


def _told(found: list[tuple[str, str, str]]) -> tuple[str, ...]:
    return listed(f"{place}: {what} in {sample(line)}" for place, what, line in found)


def _in(line: str) -> Iterator[str]:
    yield from (match[0].strip() for match in _MARKS.finditer(line))
    parts = [part for part in _BESIDE.split(line) if part]
    # "None · Paid" and "nan%" are values; "None of them" is a sentence.
    if len(parts) == 1 or any(mark in line for mark in ("·", "|", ":")):
        pieces = re.split(r"[·|:]", line)
        yield from (name for piece in pieces if (name := _BESIDE.sub("", piece)) in _ALONE)


def _lines(mail: Mail, page: Page) -> Iterator[tuple[str, str]]:
    yield "subject", mail.subject
    yield "preheader", mail.preheader
    for element in page.elements:
        if element.tag not in {"style", "script"}:
            yield from (("HTML", line) for line in own_texts(element))
        yield from ((f"{name}=", value) for name in _SPOKEN if (value := element.get(name)))
    yield from (
        ("HTML comment", " ".join(line.split())) for text in page.comments for line in text.splitlines()
    )
    yield from (("text", line.strip()) for line in mail.text.splitlines())
