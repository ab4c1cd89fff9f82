"""The text part: it says everything, in lines that fit, without a trace of HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.checking.findings import Finding, Level, listed, sample
from digest.checking.links import links
from digest.checking.mail import Mail
from digest.checking.page import Page

CHECK = "text-part"
COLUMNS = 78  # RFC 5322 §2.1.1
_ADDRESS = re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE)
_TAGS = (
    "a|b|i|p|br|em|div|img|span|strong|table|t[rdh]|h[1-6r]|[uo]l|li|html|body|head|style|script|font|center"
)
_MARKUP = re.compile(
    rf"</?(?:{_TAGS})(?:\s[^<>]*)?/?>|&(?:[a-z]{{2,8}}|#\d{{2,7}}|#x[0-9a-f]{{2,6}});", re.IGNORECASE
)


def check_text(mail: Mail, page: Page) -> Iterator[Finding]:
    """What it leaves out, and what is wrong with its lines."""
    if not mail.text.strip():
        yield Finding(CHECK, Level.ERROR, "there is no text part")
        return
    problems = [*_missing(mail, page), *_lines(mail.text), *_markup(mail)]
    yield from problems
    if not problems:
        lines = mail.text.count("\n")
        yield Finding(CHECK, Level.OK, f"{lines:,} lines that say and link everything")


def _missing(mail: Mail, page: Page) -> Iterator[Finding]:
    said = _squeezed(mail.text)
    if left_out := listed(sample(item, 100) for item in mail.items if _squeezed(item) not in said):
        yield Finding(CHECK, Level.ERROR, "the text part does not say everything", left_out)
    targets = (link.href for link in links(page) if not link.href.startswith("#"))
    if unlinked := listed(href for href in targets if _squeezed(href.removeprefix("mailto:")) not in said):
        yield Finding(CHECK, Level.ERROR, "the text part lacks links that the HTML has", unlinked)


def _squeezed(text: str) -> str:
    """The text without white space: lines are wrapped, and words that no line could hold are cut."""
    return "".join(text.split())


def _lines(text: str) -> Iterator[Finding]:
    """An address cannot be wrapped, so a line may be longer by the one address in it."""
    long = (
        line
        for line in text.splitlines()
        if len(line) > COLUMNS and len(_ADDRESS.sub("", line, count=1)) > COLUMNS
    )
    if lines := listed(f"{len(line)} columns: {sample(line)}" for line in long):
        yield Finding(
            CHECK, Level.WARNING, f"lines of the text part are longer than {COLUMNS} columns", lines
        )


def _markup(mail: Mail) -> Iterator[Finding]:
    found = dict.fromkeys(match[0][:60] for match in _MARKUP.finditer(mail.text))
    if strange := listed(one for one in found if not any(one in item for item in (*mail.items, *mail.said))):
        yield Finding(CHECK, Level.WARNING, "the text part holds HTML", strange)
