"""Reads comparisons from JSON or JSON Lines: the form in which another program hands them over."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final, TypeVar

from digest.content.cleaning import (
    Misfit,
    found,
    moment,
    nothing_yet,
    paragraphs,
    readable,
    sized,
    tidy,
    unquoted,
    web_address,
)
from digest.content.records import VERDICTS, ComparisonRecord, Result, ReviewRecord, ToolRecord, Verdict
from digest.content.slugs import name_key
from digest.errors import SourceError

_COMPARISON: Final = ("slug", "title", "blurb", "url", "published_at", "tools")
_TOOL: Final = (
    *("slug", "name", "category", "tagline", "description"),
    *("panel_ship", "community", "entry", "reviews"),
)
_REVIEW: Final = ("position", "reviewer", "verdict", "quote")
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,199}")
_BLANK = re.compile(r"[ \t\n]*")
_PERCENT_MAX = 100
_TOOLS = 2

T = TypeVar("T")


def read_json(text: str, source: str) -> Iterator[Result]:
    """The comparisons of one JSON object or array, and a SourceError for each one that does not fit."""
    try:
        yield from _Scan(readable(text, source), source).results()
    except SourceError as error:
        yield error


def read_jsonl(text: str, source: str) -> Iterator[Result]:
    """The comparisons of a file with one JSON object to a line; a bad line costs only itself."""
    try:
        lines = _unix(readable(text, source)).split("\n")
    except SourceError as error:
        yield error
        return
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _line_result(line, source, number)


def _line_result(line: str, source: str, number: int) -> Result:
    try:
        return _result(json.loads(line), source, number)
    except (ValueError, RecursionError) as error:
        return SourceError(source, number, None, _syntax_message(error))


class _Scan:
    """A JSON text read one record at a time, so that each knows the line it begins on."""

    def __init__(self, text: str, source: str) -> None:
        self.text, self.source = _unix(text), source
        self.at, self.line, self.counted = 0, 1, 0

    def results(self) -> Iterator[Result]:
        self._skip_blanks()
        if self._peek() != "[":
            yield self._next()
        else:
            yield from self._array()
        self._skip_blanks()
        if self._peek():
            raise self._misfit("the end of the file")

    def _array(self) -> Iterator[Result]:
        self._step()
        while self._peek() != "]":
            yield self._next()
            self._skip_blanks()
            if self._peek() == ",":
                self._step()
                if self._peek() == "]":
                    raise self._misfit("another comparison after the comma")
            elif self._peek() != "]":
                raise self._misfit('"," or "]" after a comparison')
        self.at += 1

    def _next(self) -> Result:
        line = self._line()
        try:
            value, self.at = json.JSONDecoder().raw_decode(self.text, self.at)
        except json.JSONDecodeError as error:
            raise self._stop(error.lineno, _syntax_message(error)) from None
        except (ValueError, RecursionError) as error:
            raise self._stop(line, _syntax_message(error)) from None
        return _result(value, self.source, line)

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _step(self) -> None:
        self.at += 1
        self._skip_blanks()

    def _skip_blanks(self) -> None:
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _line(self) -> int:
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.line

    def _misfit(self, expected: str) -> SourceError:
        stood = (
            found(self.text[self.at : self.at + 100].split("\n")[0])
            if self._peek()
            else "the end of the file"
        )
        return self._stop(self._line(), f"expected {expected}, found {stood}")

    def _stop(self, line: int, message: str) -> SourceError:
        return SourceError(self.source, line, None, f"{message}; nothing below was read")


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _syntax_message(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        stood = found(error.doc[error.pos : error.pos + 100].split("\n")[0])
        return f"expected JSON, found {stood} at column {error.colno} ({error.msg})"
    if isinstance(error, RecursionError):
        return "expected an object or an array of objects, found JSON nested far too deep"
    return f"expected numbers of a sensible size, found one that cannot be read ({error})"


def _result(value: object, source: str, line: int) -> Result:
    try:
        return _comparison(_Fields(value, "", _COMPARISON), source, line)
    except _MisfitField as error:
        return SourceError(source, line, error.field, str(error))


class _MisfitField(Misfit):
    """A value that does not fit, with the path of its field."""

    def __init__(self, field: str | None, message: str) -> None:
        super().__init__(message)
        self.field = field


class _Fields:
    """One JSON object and the path that led to it; absent and null are the same."""

    def __init__(self, value: object, path: str, known: tuple[str, ...]) -> None:
        self.path = path
        if not isinstance(value, dict):
            raise _MisfitField(path or None, f"expected an object, found {found(value)}")
        self.values: dict[str, Any] = value
        for key in value:
            if key not in known:
                message = f"expected one of {', '.join(known)}, found the unknown key {found(key)}"
                raise _MisfitField(self.place(key) if key.isidentifier() else path or None, message)

    def place(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def misfit(self, key: str, expected: str) -> _MisfitField:
        return _MisfitField(self.place(key), f"expected {expected}, found {found(self.values.get(key))}")

    def string(self, key: str) -> str | None:
        value = self.values.get(key)
        if value is None or isinstance(value, str):
            return value
        raise self.misfit(key, "a string")

    def text(self, key: str, clean: Callable[[str], str] = tidy) -> str:
        return self.checked(key, lambda text: sized(clean(text), key)) or ""

    def checked(self, key: str, check: Callable[[str], T]) -> T | None:
        value = self.string(key)
        try:
            return None if value is None else check(value)
        except Misfit as error:
            raise _MisfitField(self.place(key), str(error)) from None

    def whole(self, key: str, least: int, most: int | None = None) -> int | None:
        value = self.values.get(key)
        if value is None:
            return None
        if type(value) is int and value >= least and (most is None or value <= most):
            return value
        raise self.misfit(key, f"a whole number from {least}" + (f" to {most}" if most is not None else ""))

    def array(self, key: str) -> list[object]:
        value = self.values.get(key)
        if value is None or isinstance(value, list):
            return value or []
        raise self.misfit(key, "an array")

    def slug(self) -> str | None:
        slug = self.string("slug")
        if slug is None or _SLUG.fullmatch(slug):
            return slug
        raise self.misfit("slug", "letters, digits and hyphens")


def _comparison(fields: _Fields, source: str, line: int) -> ComparisonRecord:
    left, right = _tools(fields)
    return ComparisonRecord(
        title=fields.text("title") or f"{left.name} vs {right.name}",
        blurb=fields.text("blurb", paragraphs),
        tools=(left, right),
        source=source,
        line=line,
        url=fields.checked("url", web_address),
        published_at=_published_at(fields),
        slug=fields.slug(),
    )


def _published_at(fields: _Fields) -> datetime | None:
    return fields.checked("published_at", moment)


def _tools(fields: _Fields) -> tuple[ToolRecord, ToolRecord]:
    values = fields.array("tools")
    if len(values) != _TOOLS:
        raise _MisfitField("tools", f"expected an array of exactly two tools, found {len(values)}")
    left, right = (_tool(_Fields(value, f"tools[{i}]", _TOOL)) for i, value in enumerate(values))
    if name_key(left.name) == name_key(right.name):
        message = f"expected another tool than the first, found {found(right.name)}"
        raise _MisfitField("tools[1].name", message)
    return left, right


def _tool(fields: _Fields) -> ToolRecord:
    entry = fields.text("entry")
    return ToolRecord(
        name=_needed(fields, "name", tidy),
        category=fields.text("category"),
        tagline=fields.text("tagline"),
        description=fields.text("description", paragraphs),
        panel_ship=fields.whole("panel_ship", 0, _PERCENT_MAX),
        community=fields.whole("community", 0, _PERCENT_MAX),
        entry=None if not entry or nothing_yet(entry) else entry,
        reviews=_reviews(fields),
        slug=fields.slug(),
    )


def _needed(fields: _Fields, key: str, clean: Callable[[str], str]) -> str:
    if text := fields.text(key, clean):
        return text
    raise fields.misfit(key, "a string that says something")


def _reviews(fields: _Fields) -> tuple[ReviewRecord, ...]:
    """The reviews in the order of their positions; without one, the place in the array counts."""
    placed: list[tuple[int, int, ReviewRecord]] = []
    for index, value in enumerate(fields.array("reviews")):
        review = _Fields(value, fields.place(f"reviews[{index}]"), _REVIEW)
        position = review.whole("position", 1) or index + 1
        placed.append((position, index, _review(review, position)))
    ordered = sorted(placed, key=lambda item: item[:2])
    return tuple(
        ReviewRecord(number, review.quote, review.reviewer, review.verdict)
        for number, (_, _, review) in enumerate(ordered, 1)
    )


def _review(fields: _Fields, position: int) -> ReviewRecord:
    quote = _needed(fields, "quote", lambda text: unquoted(paragraphs(text)))
    return ReviewRecord(position, quote, fields.text("reviewer") or None, _verdict(fields))


def _verdict(fields: _Fields) -> Verdict | None:
    verdict = fields.string("verdict")
    if verdict is None or verdict in VERDICTS:
        return VERDICTS.get(verdict or "")
    raise fields.misfit("verdict", '"ship", "skip" or null')
