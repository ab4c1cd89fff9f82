"""The file of rejected rows: where, why, and the row itself, to be mended and imported again."""

from __future__ import annotations

import csv
import os
import stat
from pathlib import Path
from typing import BinaryIO, Final, TextIO

from digest.audience.csv_rows import CsvRows
from digest.audience.formulas import harmless
from digest.audience.rows import Rejected
from digest.halves import without_halves

COLUMNS: Final = ("line", "field", "reason")


class Rejects:
    """What is done with rejected rows: nothing. A file for them does more.

    `lost` counts those that it cannot name, since they were done before it was there.
    """

    lost = 0

    def begin(self, header: list[str], line: int, rejected: int = 0) -> None:
        """The table has this header, and its rows up to `line` are done, of which so many were rejected."""

    def add(self, row: Rejected) -> None:
        """One more."""

    def flush(self) -> None:
        """All of them must be safe now."""


class RejectsFile(Rejects):
    """Rejected rows as they come; what was written is on the disk before their batch counts as done."""

    def __init__(self, path: str) -> None:
        """Opens the file, for its owner only, and leaves it as it is until `begin`; raises OSError."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._path = Path(path)
        self._out: TextIO = os.fdopen(handle, "w", newline="", encoding="utf-8")
        self._writer = csv.writer(self._out)
        self._again = False  # whether the rows come from such a file

    @property
    def is_plain(self) -> bool:
        """Whether it is a file that can be emptied and read, and no pipe."""
        return stat.S_ISREG(os.fstat(self._out.fileno()).st_mode)

    def is_same(self, file: BinaryIO) -> bool:
        """Whether this is the file to import."""
        return os.path.sameopenfile(self._out.fileno(), file.fileno())

    @property
    def holds_other(self) -> bool:
        """Whether there is something in it that is no list of rejected rows."""
        if not self.is_plain or not os.fstat(self._out.fileno()).st_size:
            return False
        with self._path.open("rb") as written:
            first = next(iter(CsvRows(written, str(self._path))), (1, []))[1]
        return not isinstance(first, list) or tuple(first[: len(COLUMNS)]) != COLUMNS

    def begin(self, header: list[str], line: int, rejected: int = 0) -> None:
        """Empty it and write the header; or keep what it says of the rows up to `line`, which are done."""
        self._again = tuple(header[:3]) == COLUMNS
        kept, named = self._kept(line) if self.is_plain and line else (0, 0)
        if self.is_plain:
            os.fchmod(self._out.fileno(), 0o600)
            self._out.truncate(kept)
        self.lost = rejected - named
        if not kept:
            self._write([*COLUMNS, *self._own(header)])
        self.flush()

    def add(self, row: Rejected) -> None:
        """Write one row."""
        error = row.error
        self._write([str(error.line or ""), error.field or "", error.message, *self._own(row.cells)])

    def flush(self) -> None:
        """Bring all of it to the disk."""
        self._out.flush()
        if self.is_plain:
            os.fsync(self._out.fileno())

    def close(self) -> None:
        """No more rows come."""
        self._out.close()

    def _write(self, cells: list[str]) -> None:
        self._writer.writerow([harmless(without_halves(cell)) for cell in cells])

    def _own(self, cells: list[str]) -> list[str]:
        return cells[len(COLUMNS) :] if self._again else cells

    def _kept(self, line: int) -> tuple[int, int]:
        """The bytes of this file that name rows up to `line`, and how many; 0 where it is none of ours."""
        kept, named = 0, -1  # the header names none
        with self._path.open("rb") as written:
            rows = CsvRows(written, str(self._path))
            for _, cells in rows:
                if not isinstance(cells, list) or (not kept and tuple(cells[:3]) != COLUMNS):
                    break
                if kept and not (cells and cells[0].isdecimal() and int(cells[0]) <= line):
                    break
                kept, named = rows.offset, named + 1
        return kept, max(named, 0)
