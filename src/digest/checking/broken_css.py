"""Parts of style sheets that no program can make sense of."""

from __future__ import annotations

from collections.abc import Iterator

from digest.checking.findings import Finding, Level, listed
from digest.checking.page import Page

CHECK = "style-sheets"


def check_style_sheets(page: Page) -> Iterator[Finding]:
    """Each broken part with the line of its own sheet."""
    broken = [(number, fault) for number, sheet in enumerate(page.sheets, 1) for fault in sheet.faults]
    if broken:
        places = listed(f"style element {number}, {fault}" for number, fault in broken)
        yield Finding(CHECK, Level.WARNING, "parts of the style sheets cannot be read", places)
    else:
        count = sum(len(sheet.rules) for sheet in page.sheets)
        yield Finding(CHECK, Level.OK, f"{count:,} rules in {len(page.sheets):,} style elements")
