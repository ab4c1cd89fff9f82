"""CSV as it comes: whatever the bytes, rows with their lines, and never a crash."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.audience.csv_rows import BLOCK, LONGEST, OPEN_QUOTE, TOO_LONG, CsvRows, byte_lines
from digest.errors import SourceError
from tests.support.csv_lists import table_rows

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=8)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
# What makes trouble comes often.
SOUP = st.lists(st.sampled_from([b'"', b",", b"\r", b"\n", b"a", b"\xff", b"\0", b"email", b"@b.example"]))


def found(data: bytes, delimiter: str = ",") -> list[tuple[int, list[str] | SourceError]]:
    """Every row with its line."""
    return list(CsvRows(io.BytesIO(data), "list.csv", delimiter=delimiter))


def written(rows: Iterable[list[str]], delimiter: str, end: str) -> str:
    """The rows as CSV with every cell in quotes."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue()


@given(rows=ROWS, delimiter=st.sampled_from(",;\t"), end=ENDS)
def test_what_is_written_is_read_again(rows: list[list[str]], delimiter: str, end: str) -> None:
    """With the line where each row begins: ends within cells count as well."""
    text = "\ufeff" + written(rows, delimiter, end)
    line, expected = 1, []
    for row in rows:
        expected.append((line, row))
        line += len(written([row], delimiter, end).encode().splitlines())
    assert found(text.encode(), delimiter) == expected


@given(data=st.one_of(st.binary(max_size=400), SOUP.map(b"".join)))
def test_no_bytes_are_too_odd(data: bytes) -> None:
    """Each row has its line, in order, and words that can be printed; the place is that of the bytes read."""
    reader = CsvRows(io.BytesIO(data), "list.csv")
    last = 0
    for line, cells in reader:
        assert last < line <= reader.lines
        last = line
        assert isinstance(cells, list) or str(cells).encode()
    done = data[: reader.offset]
    assert reader.offset == len(data) or reader.text
    assert reader.lines == len(done.splitlines())


@given(data=st.one_of(st.binary(max_size=400), SOUP.map(b"".join)))
def test_no_list_is_too_odd(data: bytes) -> None:
    """Rows or reasons, all of which can be stored and printed."""
    try:
        for row in table_rows(b"email,name,status\n" + data):
            assert str(row).encode()
    except SourceError as error:
        pytest.fail(str(error))


@given(data=SOUP.map(b"".join))
def test_it_goes_on_behind_any_row(data: bytes) -> None:
    """What comes after a row is the same whether its beginning was read in one go or not."""
    file = io.BytesIO(data)
    reader = CsvRows(file, "list.csv")
    places = [(line, cells, reader.offset, reader.lines) for line, cells in reader]
    for number, (_, _, offset, lines) in enumerate(places[:-1], 1):
        file.seek(offset)
        rest = [(line, shown(cells)) for line, cells in CsvRows(file, "list.csv", offset=offset, lines=lines)]
        assert rest == [(line, shown(cells)) for line, cells, _, _ in places[number:]]


def shown(cells: list[str] | SourceError) -> list[str] | str:
    """Cells or the message: errors are equal to themselves alone."""
    return cells.message if isinstance(cells, SourceError) else cells


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_lines_are_cut_wherever_a_block_ends(end: bytes) -> None:
    """Also where it ends between CR and LF."""
    for length in (BLOCK - 2, BLOCK - 1, BLOCK):
        data = b"x" * length + end + b"a" + end + b"b"
        assert list(byte_lines(io.BytesIO(data))) == [b"x" * length + end, b"a" + end, b"b"]


class Endless(io.RawIOBase):
    """A file of so many bytes, all of the same pattern, that is never in the memory as a whole."""

    def __init__(self, pattern: bytes, size: int) -> None:
        """`size` is rounded up."""
        self._pattern, self.left = pattern, size

    def read(self, size: int = -1) -> bytes:
        """As much as is asked for."""
        if self.left <= 0:
            return b""
        block = self._pattern * (size // len(self._pattern) + 1)
        self.left -= len(block)
        return block


@pytest.mark.parametrize("end", [b"\r", b"\n"])
def test_memory_is_flat(end: bytes) -> None:
    """Whatever the line ends; a file that has CR alone is not one long line."""
    most = 0
    tracemalloc.start()
    try:
        for _ in CsvRows(Endless(b"ann@example.org,Ann" + end, 3 * LONGEST), "list.csv"):  # type: ignore[arg-type]  # it reads
            most = max(most, tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert most < LONGEST


@pytest.mark.parametrize(
    ("pattern", "last"), [(b"x", TOO_LONG), (b"x,", TOO_LONG), (b'"', TOO_LONG), (b'"x\n",', OPEN_QUOTE)]
)
def test_no_row_fills_the_memory(pattern: bytes, last: str) -> None:
    """A file without line ends is no list, and reading it ends long before the file does."""
    file = Endless(pattern, 50 * LONGEST)
    ((_, error),) = CsvRows(file, "list.csv")  # type: ignore[arg-type]  # it reads
    assert isinstance(error, SourceError)
    assert error.message == last
    assert file.left > 45 * LONGEST
