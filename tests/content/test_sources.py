"""Files, folders and standard input: which reader reads them, and what cannot be read at all."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import pytest

from digest.content import sources
from digest.content.records import ComparisonRecord
from digest.content.sources import read_sources
from digest.errors import SourceError

EXAMPLES = Path(__file__).parents[2] / "examples"
PAGE = "\n".join(
    ["AI tool comparison", "A vs B", "Blurb"]
    + [
        line
        for n in "AB"
        for line in ("C", n, "T", "1%", "Panel ship", "—", "Community", "Free", "Entry", "D")
    ]
    + ["Reviewer scorecard", "“Good.”", "“Bad.”", "Weekly AI Tool Verdicts"]
)
HTML = "<!doctype html>" + "".join(f"<p>{line}</p>" for line in PAGE.splitlines())
OBJECT = json.dumps({"tools": [{"name": "A"}, {"name": "B"}]})
ODD = '{"title": "A vs B", "blurb": "\u2028 \u2029 \x85", "tools": [{"name": "A"}, {"name": "B"}]}'
PRETTY = json.dumps(json.loads(OBJECT), indent=1)


def read(*paths: object, stdin: bytes = b"") -> list[ComparisonRecord | SourceError]:
    """Everything the paths give."""
    return list(read_sources([str(path) for path in paths], BytesIO(stdin)))


def refused(*paths: object, stdin: bytes = b"") -> SourceError:
    """The one error that these paths give."""
    (result,) = read(*paths, stdin=stdin)
    assert isinstance(result, SourceError)
    return result


def titles(results: list[ComparisonRecord | SourceError]) -> list[str]:
    """Each record's title or error's message."""
    return [result.title if isinstance(result, ComparisonRecord) else result.message for result in results]


@pytest.mark.parametrize(
    ("name", "content", "count"),
    [
        ("a.txt", PAGE, 1),
        ("a.HTML", HTML, 1),
        ("a.htm", HTML, 1),
        ("a.json", f"[{OBJECT},{OBJECT}]", 2),
        ("a.jsonl", f"{OBJECT}\n{OBJECT}", 2),
        ("a.ndjson", f"{OBJECT}\n{OBJECT}", 2),
        ("a", PAGE, 1),
        ("a.md", HTML, 1),
        ("a.dat", f" \n[{OBJECT}]", 1),
        ("a.data", PRETTY, 1),
        ("-", PAGE, 1),
        ("-", HTML, 1),
        ("-", PRETTY, 1),
        ("-", f"{OBJECT}\n{{oops}}\n{OBJECT}", 3),
        ("-", f"{ODD}\n{OBJECT}\n{OBJECT}", 3),
        ("-", f"{ODD}\r\n{OBJECT}\r\n{OBJECT}", 3),
        ("-", f"{ODD}\r{OBJECT}\r{OBJECT}", 3),
        ("-", "\ufeff" + OBJECT, 1),
    ],
)
def test_the_form_follows_from_name_or_content(tmp_path: Path, name: str, content: str, count: int) -> None:
    """A known suffix decides; without one, and on standard input, the first characters do."""
    path = name if name == "-" else str(tmp_path / name)
    if name != "-":
        Path(path).write_text(content, "utf-8")
    results = read(path, stdin=content.encode())
    assert (len(results), {result.source for result in results}) == (count, {path})
    assert titles(results)[0] == "A vs B"


def test_a_folder_gives_its_files_by_name(tmp_path: Path) -> None:
    """Regular files in the order of their names; hidden ones and subfolders are passed over."""
    for name, title in (("b.txt", "Second"), ("a.txt", "First"), (".hidden.txt", "No"), ("c.json", "")):
        (tmp_path / name).write_text(OBJECT if name == "c.json" else PAGE.replace("A vs B", title), "utf-8")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper/d.txt").write_text(PAGE, "utf-8")
    results = read(tmp_path)
    assert titles(results) == ["First", "Second", "A vs B"]
    assert [result.source for result in results] == [
        str(tmp_path / name) for name in ("a.txt", "b.txt", "c.json")
    ]


def test_what_is_good_is_kept(tmp_path: Path) -> None:
    """A bad file in between costs only itself."""
    for name, content in (("a.txt", PAGE), ("b.txt", "junk"), ("c.txt", PAGE)):
        (tmp_path / name).write_text(content, "utf-8")
    kinds = [type(result) for result in read(tmp_path, tmp_path / "none.txt", tmp_path / "c.txt")]
    assert kinds == [ComparisonRecord, SourceError, ComparisonRecord, SourceError, ComparisonRecord]


@pytest.mark.parametrize("path", ["", "/nowhere/at/all.txt", "a\x00b", "x" * 5000])
def test_what_is_not_there(path: str) -> None:
    """A path that cannot be opened is answered under the name it was given."""
    error = refused(path)
    assert (error.source, error.line, error.field) == (path, None, None)
    assert error.message.startswith("expected ")


def test_an_empty_folder(tmp_path: Path) -> None:
    """A folder without files is a mistake, not an import of nothing."""
    assert "no file" in refused(tmp_path).message


def test_an_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file without permission is answered; root may read everything, so the refusal is staged."""

    def refuse(self: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    assert "Permission denied" in refused(tmp_path / "a.txt").message


@pytest.mark.parametrize("path", ["-", "a.txt"])
def test_a_file_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """More than the limit is refused before it is read into memory whole."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sources, "LARGEST", 1000)
    Path("a.txt").write_bytes(b"x" * 1001)
    error = refused(path, stdin=b"x" * 1001)
    assert (error.line, "MB" in error.message) == (None, True)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"AI tool comparison\ncaf\xe9", 2),
        (b"\xef\xbb\xbfone\r\ntwo\r\xff", 3),
        ("AI tool comparison".encode("utf-16"), 1),
        (b"PK\x03\x04\n\x00", 2),
    ],
)
def test_other_encodings_are_named_with_their_line(data: bytes, line: int) -> None:
    """Only UTF-8 is read; the error says which line holds the byte that is not."""
    error = refused("-", stdin=data)
    assert (error.source, error.line) == ("-", line)


def test_the_examples_read_without_an_error() -> None:
    """Everything under examples/ can be imported as it is."""
    results = read(EXAMPLES / "pages/week-1", EXAMPLES / "pages/week-2", EXAMPLES / "comparisons.jsonl")
    assert [type(result) for result in results] == [ComparisonRecord] * 9
