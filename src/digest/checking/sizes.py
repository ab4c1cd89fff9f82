"""How big the mail is, against the budget and against what mail programs cut off."""

from __future__ import annotations

from collections.abc import Iterator

from digest.checking.findings import Finding, Level
from digest.checking.mail import Mail
from digest.checking.page import Page
from digest.rendering.fitting import CLIPPED

CHECK = "size"
MOST_CSS = 16 * 1024  # bytes of style sheets that Gmail reads
MOST_TEXT = 100_000


def check_sizes(mail: Mail, page: Page) -> Iterator[Finding]:
    """HTML, text and style sheets in bytes, and whether something was shortened or left unread."""
    yield _html(len(mail.html.encode("utf-8", "replace")), mail.budget)
    text = len(mail.text.encode("utf-8", "replace"))
    level = Level.WARNING if text > MOST_TEXT else Level.OK
    yield Finding(CHECK, level, f"the text part is {text:,} bytes")
    css = sum(len(sheet.source.encode("utf-8", "replace")) for sheet in page.sheets)
    if css > MOST_CSS:
        yield Finding(CHECK, Level.WARNING, f"{css:,} bytes of style sheets; Gmail reads {MOST_CSS:,}")
    if mail.shortened:
        told = "one comparison is" if mail.shortened == 1 else f"{mail.shortened:,} comparisons are"
        where = "told in one line, or only on the archive's page"
        yield Finding(CHECK, Level.NOTE, f"{told} {where}, to stay under {mail.budget:,} bytes of HTML")
    if page.cut:
        yield Finding(
            CHECK, Level.ERROR, "the HTML is too long or nests too deep: only its beginning was checked"
        )


def _html(size: int, budget: int) -> Finding:
    if size > CLIPPED:
        return Finding(CHECK, Level.ERROR, f"the HTML is {size:,} bytes; Gmail cuts it off at {CLIPPED:,}")
    if size > budget:
        return Finding(
            CHECK, Level.WARNING, f"the HTML is {size:,} bytes, more than the {budget:,} of the budget"
        )
    return Finding(CHECK, Level.OK, f"the HTML is {size:,} bytes of {budget:,}")
