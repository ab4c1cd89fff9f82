"""Reads comparisons from whatever an operator names: files, folders or standard input."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import BinaryIO, Final

from digest.content.cleaning import decoded
from digest.content.page_html import read_html
from digest.content.page_text import read_page
from digest.content.records import Result
from digest.content.records_json import read_json, read_jsonl
from digest.errors import SourceError

STDIN: Final = "-"
LARGEST: Final = 20_000_000

_SUFFIXES: Final = {
    ".txt": "text",
    ".html": "html",
    ".htm": "html",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_LINE_END = re.compile(r"\r\n|\r|\n")  # not str.splitlines, which also cuts at what a JSON string may hold


def read_sources(paths: Iterable[str], stdin: BinaryIO) -> Iterator[Result]:
    """Every comparison of these files and folders, in order; what does not fit comes as its SourceError.

    `-` stands for standard input. Nothing is raised, so that one bad page costs only itself.
    """
    for path in paths:
        try:
            if path != STDIN and _is_folder(path):
                yield from _read_folder(path)
            else:
                yield from _read_text(_bytes(path, stdin), path)
        except SourceError as error:
            yield error


def _is_folder(path: str) -> bool:
    try:
        return path != "" and Path(path).is_dir()  # Path("") would be the current folder
    except OSError as error:
        raise _unreadable(path, error) from None


def _read_folder(path: str) -> Iterator[Result]:
    names = _names(path)
    if not names:
        raise SourceError(path, None, None, "expected a folder with pages in it, found no file")
    for file in (str(Path(path, name)) for name in names):
        try:
            yield from _read_text(_bytes(file), file)
        except SourceError as error:
            yield error


def _names(path: str) -> list[str]:
    try:
        return sorted(file.name for file in Path(path).iterdir() if file.is_file() and file.name[0] != ".")
    except OSError as error:
        raise _unreadable(path, error) from None


def _bytes(path: str, stdin: BinaryIO | None = None) -> bytes:
    try:
        if path == STDIN and stdin is not None:
            return _at_most_largest(stdin, path)
        with Path(path).open("rb") as file:
            return _at_most_largest(file, path)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None


def _at_most_largest(stream: BinaryIO, source: str) -> bytes:
    data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise SourceError(source, None, None, f"expected at most {LARGEST // 1_000_000} MB, found more")
    return data


def _unreadable(path: str, error: OSError | ValueError) -> SourceError:
    reason = error.strerror if isinstance(error, OSError) else None
    return SourceError(path, None, None, f"expected a file or folder to read, found: {reason or error}")


def _read_text(data: bytes, source: str) -> Iterator[Result]:
    text = decoded(data, source)
    form = _SUFFIXES.get(PurePath(source).suffix.lower()) or sniffed(text)
    if form == "json":
        yield from read_json(text, source)
    elif form == "jsonl":
        yield from read_jsonl(text, source)
    else:
        yield read_html(text, source) if form == "html" else read_page(text, source)


def sniffed(text: str) -> str:
    """What a text without a telling name is: "json", "jsonl", "html" or "text"."""
    start = text.lstrip()
    if start.startswith("{"):
        return "jsonl" if _is_object(_LINE_END.split(start, maxsplit=1)[0]) else "json"
    return {"[": "json", "<": "html"}.get(start[:1], "text")


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
