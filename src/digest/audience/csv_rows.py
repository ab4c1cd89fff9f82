"""Reads CSV row by row as people have it: any line ends, stray bytes and quotes, and where each row began."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO, Final

from digest.errors import SourceError
from digest.halves import has_half

OPEN_QUOTE: Final = (
    "a quote opens here, and none closes it before a comma or line end; nothing from here on was read"
)
TOO_LONG: Final = "a row of more than a million bytes: this is no list; nothing from here on was read"
NOT_UTF8: Final = "expected UTF-8 text; save the file as UTF-8"
LONGEST: Final = 1_000_000  # bytes of one row, so that no file can fill the memory
BLOCK: Final = 1 << 16
LAST: Final = frozenset({OPEN_QUOTE, TOO_LONG})


class CsvRows:
    """The rows of one file, each with the 1-based line where it begins; a bad row is a SourceError.

    Between an open quote and the next one further down lies what may be rows or one long text. Nobody who is
    only mentioned there may get on the list, so reading ends at the row with the open quote.

    `delimiter` may be set until the first row is read. `offset` and `lines` say how far the file has been
    read, in bytes and lines; a file that stands there can be read on by giving them.
    """

    def __init__(
        self, file: BinaryIO, source: str, *, delimiter: str = ",", offset: int = 0, lines: int = 0
    ) -> None:
        """Nothing is read yet; `source` is what errors call the file."""
        self.delimiter, self.offset, self.lines = delimiter, offset, lines
        self._source = source
        self._blocks: Iterator[bytes] = byte_lines(file)
        self._row: list[str] = []  # the lines of the present row, as far as it goes
        self._room = LONGEST

    def __iter__(self) -> Iterator[tuple[int, list[str] | SourceError]]:
        """Row by row: line, and cells or what is wrong."""
        reader = csv.reader(self._lines(), delimiter=self.delimiter, strict=True)
        while True:
            self._row, self._room, began = [], LONGEST, self.lines + 1
            try:
                yield began, next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                cells = self._mended(error, began)
                yield began, cells
                if isinstance(cells, SourceError) and cells.message in LAST:
                    return

    def peek(self) -> str:
        """The first line that will be read, without its end."""
        first = next(self._blocks, b"")
        self._blocks = chain([first] if first else [], self._blocks)
        return _text(first).removeprefix("\ufeff").rstrip("\r\n")

    def as_they_stand(self) -> Iterator[tuple[int, str]]:
        """Instead of rows, the lines themselves without their ends: of a file that is no CSV."""
        for line in self._blocks:
            self.lines += 1
            self.offset += len(line)
            yield self.lines, _text(line).removeprefix("\ufeff").rstrip("\r\n")

    @property
    def text(self) -> str:
        """The row that was given last, as it stands in the file; without its end where that was not read."""
        return "".join(self._row)

    def _lines(self) -> Iterator[str]:
        for line in self._blocks:
            self.lines += 1
            self.offset += len(line)
            text = _text(line)
            self._row.append(text.removeprefix("\ufeff") if self.lines == 1 else text)
            self._room -= len(line)
            if self._room < 0:
                raise csv.Error(TOO_LONG)
            yield self._row[-1]

    def _mended(self, error: csv.Error, began: int) -> list[str] | SourceError:
        """A row on one line may have quotes where they do not belong; of more lines, nobody knows the end."""
        if len(self._row) == 1 and str(error) == TOO_LONG:
            return SourceError(self._source, began, None, TOO_LONG)
        if len(self._row) > 1 or "unexpected end" in str(error):
            return SourceError(self._source, began, None, OPEN_QUOTE)
        try:
            return next(csv.reader(self._row, delimiter=self.delimiter))
        except csv.Error:
            return SourceError(self._source, began, None, f"not a CSV row: {error}")


def byte_lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file with their ends, which may be LF, CR LF or CR alone; long ones in pieces."""
    rest = b""
    while block := file.read(BLOCK):
        *lines, rest = (rest + block).splitlines(keepends=True)
        yield from lines
        # A CR at the very end may be half of an end.
        if rest.endswith(b"\n") or len(rest) > LONGEST:
            yield rest
            rest = b""
    if rest:
        yield rest


def is_not_utf8(text: str) -> bool:
    """Whether there was a byte in it that is no UTF-8."""
    return has_half(text)


def _text(line: bytes) -> str:
    # A byte that is no UTF-8 becomes a lone surrogate: its row can be named, and the rest read.
    return line.decode("utf-8", "surrogateescape").replace("\0", "\ufffd")
