"""Cells that a spreadsheet would take for formulas: how they leave in a CSV, and how they come back."""

from __future__ import annotations

import re
from typing import Final

# Also what would be mistaken for such a cell made harmless.
FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")


def harmless(cell: str) -> str:
    """The cell so that no spreadsheet takes it for a formula; `bare` gives it back."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def bare(cell: str) -> str:
    """The cell without the apostrophe by which our own export keeps it from being a formula."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell[1:]) else cell
