"""From a table to people: each row as an address with a name, or what is wrong with it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final, NamedTuple

from digest.audience.addresses import Address, NotAnAddress, read_address
from digest.audience.choices import Choices, read_choices
from digest.audience.columns import delimiter_of, find_columns
from digest.audience.csv_rows import NOT_UTF8, CsvRows, is_not_utf8
from digest.audience.formulas import bare
from digest.audience.models import Standing
from digest.audience.names import tidy_name
from digest.audience.preferring import BadChoice
from digest.errors import SourceError

COMING: Final = ("", Standing.ACTIVE.value, Standing.PENDING.value)
STANDINGS: Final = frozenset(standing.value for standing in Standing)


class Row(NamedTuple):
    """One good row; `pending` where the table itself says that this person never confirmed."""

    address: Address
    name: str | None
    pending: bool = False
    choices: Choices | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """One bad row with the cells it has, as far as they can be told apart."""

    error: SourceError
    cells: list[str]


class Table:
    """A CSV file with a header row: `email` is required, `name` and `status` are optional, others ignored.

    Iterating gives the rows below the header; `offset` and `lines` say how far that has come.
    """

    def __init__(self, file: BinaryIO, source: str, mapping: Mapping[str, str] | None = None) -> None:
        """Reads the header; `mapping` has columns of other names by field. Raises SourceError."""
        self.source = source
        self._file = file
        self._rows = CsvRows(file, source)
        self._rows.delimiter = delimiter_of(self._rows.peek(), mapping or {})
        self._iterator = iter(self._rows)
        header = next(self._iterator, (1, []))[1]
        self.header = header if isinstance(header, list) else []
        self._columns = find_columns(self.header, mapping or {}, source)

    @property
    def offset(self) -> int:
        """Bytes read up to the end of the last row given."""
        return self._rows.offset

    @property
    def lines(self) -> int:
        """Lines read up to the end of the last row given."""
        return self._rows.lines

    def go_on(self, offset: int, lines: int) -> None:
        """Leave out what is done: the next row is the one that begins behind so many bytes and lines."""
        self._file.seek(offset)
        delimiter = self._rows.delimiter
        self._rows = CsvRows(self._file, self.source, delimiter=delimiter, offset=offset, lines=lines)
        self._iterator = iter(self._rows)

    def __iter__(self) -> Iterator[Row | Rejected]:
        """Row by row; empty ones are left out."""
        for line, cells in self._iterator:
            if isinstance(cells, SourceError):
                yield Rejected(cells, _rough(self._rows))
            elif any(cells) and any(map(str.strip, cells)):
                row = self._row(cells, line)
                yield Rejected(row, cells) if isinstance(row, SourceError) else row

    def _row(self, cells: list[str], line: int) -> Row | SourceError:
        if not all(map(str.isascii, cells)) and any(map(is_not_utf8, cells)):
            return SourceError(self.source, line, None, NOT_UTF8)
        at = self._columns
        status = _cell(cells, at.status).lower()
        if status not in COMING:
            return SourceError(self.source, line, "status", _stays_out(status))
        try:
            address = read_address(_cell(cells, at.email))
            choices = self._choices(cells)
        except NotAnAddress as error:
            return SourceError(self.source, line, "email", str(error))
        except BadChoice as error:
            said = f"{error}; --map {error.field}= leaves the column out"
            return SourceError(self.source, line, error.field, said)
        return Row(address, tidy_name(_cell(cells, at.name)), status == Standing.PENDING, choices)

    def _choices(self, cells: list[str]) -> Choices | None:
        columns = self._columns.choices
        return read_choices({field: _cell(cells, at) for field, at in columns.items()}) if columns else None


def _stays_out(status: str) -> str:
    if status in STANDINGS:
        return f"nobody {status} is brought back by an import"
    expected = ", ".join(standing.value for standing in Standing)
    # Not that --map status= leaves the column out: it may be all that tells who left over there.
    return f"expected {expected} or nothing, not {status[:40]!r}; name those who may be mailed active"


def _cell(cells: list[str], index: int | None) -> str:
    return bare(cells[index].strip()) if index is not None and index < len(cells) else ""


def _rough(rows: CsvRows) -> list[str]:
    """The cells of a row that is none, as far as its first line shows them."""
    line = rows.text.partition("\n")[0].rstrip("\r")
    try:
        return next(csv.reader([line], delimiter=rows.delimiter), [])
    except csv.Error:
        return [line[:1000]]
