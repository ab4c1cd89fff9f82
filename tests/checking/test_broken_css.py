"""Style sheets that cannot be read."""

from __future__ import annotations

import pytest

from digest.checking.broken_css import check_style_sheets
from digest.checking.findings import Level
from digest.checking.page import read_page
from tests.checking.samples import levels, page, told


def test_sound_style_sheets_pass() -> None:
    """Also with what only some program knows."""
    html = page(style="p { mso-line-height-rule: exactly } @media (x) { a, b { color: red } } /* x */")
    findings = list(check_style_sheets(read_page(html)))
    assert levels(findings) == {Level.OK}
    assert findings[0].message == "2 rules in 1 style elements"


@pytest.mark.parametrize("style", ["p { color: red } \n } x", "p", "@media x { p } q", "a { } \n b"])
def test_broken_parts_are_named_by_line(style: str) -> None:
    """As a warning: programs pass over them, each in its own way."""
    said = told(check_style_sheets(read_page(page(style=style))), Level.WARNING)
    assert f"style element 1, line {style.count(chr(10)) + 1}: " in said
