"""Reads docs/faults.md: every row of its tables, by the heading it stands under."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
COLUMNS = ["the mail", "blamed", "the others", "exit code", "in the end"]


@dataclass(frozen=True)
class Row:
    """What the page promises for one fault: `cells` by column."""

    heading: str
    fault: str
    cells: dict[str, str]

    @property
    def phrase(self) -> str:
        """What the run says in the end, as far as the page quotes it; empty where it says nothing."""
        quoted = re.search("“(.*)”", self.cells["exit code"])
        return quoted[1] if quoted else ""


def rows() -> list[Row]:
    """Every row of the tables that have the five columns, from top to bottom."""
    found, heading, inside = [], "", False
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        if line.startswith("#"):
            heading, inside = line.lstrip("# "), False
        elif not line.startswith("|"):
            inside = False
        elif cells[1:] == COLUMNS:
            inside = True
        elif inside and not line.startswith("|---"):
            assert len(cells) == 1 + len(COLUMNS), f"{PAGE.name}: expected six cells: {line}"
            found.append(Row(heading, cells[0], dict(zip(COLUMNS, cells[1:], strict=True))))
    return found
