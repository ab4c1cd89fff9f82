"""The file of rejected rows: enough to mend them, harmless, private, and whole after a crash."""

from __future__ import annotations

import csv
import io
import os
import stat
from pathlib import Path

from digest.audience.rejects import RejectsFile
from digest.audience.rows import Rejected, Row, Table
from tests.support.csv_lists import table_rows

LIST = (
    "id;E-Mail;Full name;line\n"
    "1;ann@example.org;Ann;a\n"
    "2;nobody;=1+1;b\n"
    '3;"zoe@\nexample.org";Zoe;c\n'
    "4;bob@example.org\n"
    "5;@example.org\n"
)
MAPPING = {"email": "E-Mail", "name": "Full name"}


def write(path: Path, data: bytes, line: int = 0, mapping: dict[str, str] | None = None) -> list[list[str]]:
    """The rejects of a table below `line`, as a file; returns its rows."""
    out = RejectsFile(str(path))
    table = Table(io.BytesIO(data), "list.csv", mapping)
    out.begin(table.header, line)
    for row in table:
        if isinstance(row, Rejected) and (row.error.line or 0) > line:
            out.add(row)
    out.flush()
    out.close()
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_the_row_itself_is_there(tmp_path: Path) -> None:
    """With line, field and reason before it, and no cell that a spreadsheet would calculate."""
    head, nobody, zoe, short = write(tmp_path / "rejects.csv", LIST.encode(), mapping=MAPPING)
    assert head == ["line", "field", "reason", "id", "E-Mail", "Full name", "line"]
    assert (nobody[:2], nobody[3:]) == (["3", "email"], ["2", "nobody", "'=1+1", "b"])
    assert "expected an address" in nobody[2]
    assert (zoe[0], zoe[3:]) == ("4", ["3", "zoe@\nexample.org", "Zoe", "c"])
    assert (short[0], short[3:]) == ("7", ["5", "'@example.org"])


def test_mended_rows_can_be_imported_from_there(tmp_path: Path) -> None:
    """With the same mapping; what is rejected once more has the reason of the last time alone."""
    path = tmp_path / "rejects.csv"
    write(path, LIST.encode(), mapping=MAPPING)
    mended = path.read_text("utf-8").replace("nobody", "nora@example.org").encode()
    first, *others = table_rows(mended, "rejects.csv", MAPPING)
    assert isinstance(first, Row)
    assert (first.address.email, first.name) == ("nora@example.org", "=1+1")
    assert len(others) == 2
    head, *again = write(tmp_path / "again.csv", mended, mapping=MAPPING)
    assert head == ["line", "field", "reason", "id", "E-Mail", "Full name", "line"]
    assert [row[3] for row in again] == ["3", "5"]


def test_odd_rows_are_told_as_well_as_they_can_be(tmp_path: Path) -> None:
    """Bytes that are no text, a quote that stays open, a cell too long for anybody."""
    data = b"email,name\na,M\xfcller\n" + b"b," + b"x" * 200_000 + b'\nc,"C\nd@example.org,D\n'
    _, latin, long, opened = write(tmp_path / "rejects.csv", data)
    assert latin[3:] == ["a", "M\ufffdller"]
    assert len(long[3]) == 1000
    assert opened[3:] == ["c", "C"]


def test_after_a_crash_the_first_part_stays(tmp_path: Path) -> None:
    """Rows of a batch that did not count come again, and stand there once."""
    path = tmp_path / "rejects.csv"
    whole = write(path, LIST.encode(), mapping=MAPPING)
    assert write(path, LIST.encode(), line=5, mapping=MAPPING) == whole
    with path.open("ab") as file:
        file.write(b'9,email,"half a ro')
    assert write(path, LIST.encode(), line=5, mapping=MAPPING) == whole
    assert write(path, LIST.encode(), line=0, mapping=MAPPING) == whole


def test_it_knows_what_it_cannot_name(tmp_path: Path) -> None:
    """What was rejected before there was a file for it; also when it goes on another time."""
    header, whole, late = LIST.splitlines()[0].split(";"), tmp_path / "whole.csv", tmp_path / "late.csv"
    write(whole, LIST.encode(), mapping=MAPPING)
    write(late, LIST.encode(), line=3, mapping=MAPPING)
    for path, line, rejected, lost in ((late, 5, 2, 1), (whole, 5, 2, 0), (tmp_path / "new.csv", 3, 1, 1)):
        out = RejectsFile(str(path))
        out.begin(header, line, rejected)
        assert out.lost == lost
        out.close()
    out = RejectsFile(str(tmp_path / "clean.csv"))
    out.begin(header, 3)
    assert out.lost == 0
    out.close()


def test_what_is_no_file_of_ours_is_not_gone_on_with(tmp_path: Path) -> None:
    """It is emptied, as at a first beginning."""
    path = tmp_path / "rejects.csv"
    path.write_text("what somebody else wrote\n" * 99)
    assert [row[0] for row in write(path, LIST.encode(), line=3, mapping=MAPPING)] == ["line", "4", "7"]


def test_it_is_for_its_owner_only(tmp_path: Path) -> None:
    """Also where the file was there before, for everybody to read."""
    path = tmp_path / "rejects.csv"
    path.touch(0o644)
    write(path, LIST.encode(), mapping=MAPPING)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_pipe_takes_them_too(tmp_path: Path) -> None:
    """Which can be neither emptied nor read."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        out = RejectsFile(str(path))
        out.begin(["email"], 0)
        out.close()
        assert os.read(reader, 1000) == b"line,field,reason,email\r\n"
    finally:
        os.close(reader)
