"""Cells of a CSV that no spreadsheet executes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from digest.audience.formulas import bare, harmless


@given(st.text())
def test_harmless_cells_come_back(text: str) -> None:
    """As they were, and no spreadsheet takes them for a formula."""
    assert bare(harmless(text)) == text
    assert not harmless(text).startswith(("=", "+", "-", "@", "\t", "\r"))
