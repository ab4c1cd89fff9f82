"""Reads CSV row by row as people have it: any line ends, stray bytes and quotes, and where each row began."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO

from digest.errors import SourceError

OPEN_QUOTE = (
    "a quote opens here, and none closes it before a comma or line end; nothing from here on was read"
)


class CsvRows:
    """The rows of one file, each with the 1-based line where it begins; a bad row is a SourceError.

    Between an open quote and the next one further down lies what may be rows or one long text. Nobody who is
    only mentioned there may get on the list, so reading ends at the row with the open quote.
    """

    def __init__(self, file: BinaryIO, source: str) -> None:
        """Nothing is read yet; `source` is what errors call the file."""
        self._source = source
        self._file = file
        self._reader = csv.reader(self._lines(), strict=True)
        self._row: list[str] = []  # the lines of the present row, as far as it goes
        self._line = 0

    def __iter__(self) -> Iterator[tuple[int, list[str] | SourceError]]:
        """Row by row: line, and cells or what is wrong."""
        while (cells := self._next()) is not None:
            yield self._began, cells
            if isinstance(cells, SourceError) and cells.message == OPEN_QUOTE:
                return

    @property
    def _began(self) -> int:
        return self._line - len(self._row) + 1

    def _lines(self) -> Iterator[str]:
        # Iterating over the file cuts behind LF, splitlines behind a CR alone as well.
        lines = (line for block in self._file for line in block.splitlines(keepends=True))
        for self._line, line in enumerate(lines, 1):
            # A byte that is no UTF-8 becomes a lone surrogate: its row can be named, and the rest read.
            text = line.decode("utf-8", "surrogateescape").replace("\0", "\ufffd")
            self._row.append(text.removeprefix("\ufeff") if self._line == 1 else text)
            yield self._row[-1]

    def _next(self) -> list[str] | SourceError | None:
        self._row = []
        try:
            return next(self._reader, None)
        except csv.Error as error:
            if len(self._row) > 1 or "unexpected end" in str(error):
                return SourceError(self._source, self._began, None, OPEN_QUOTE)
            return self._leniently(error)

    def _leniently(self, error: csv.Error) -> list[str] | SourceError:
        """A row on one line may have quotes where they do not belong."""
        try:
            return next(csv.reader(self._row))
        except csv.Error:
            return SourceError(self._source, self._began, None, f"not a CSV row: {error}")
