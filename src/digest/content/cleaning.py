"""What a value must look like, whichever source it came from: tidy text, quotes, addresses, moments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import accumulate
from typing import Final
from urllib.parse import SplitResult, urlsplit

from digest.errors import SourceError
from digest.halves import HALF, has_half, without_halves
from digest.visible import is_visible

LIMITS: Final = {
    "title": 1_000,
    "blurb": 20_000,
    "name": 300,
    "category": 300,
    "entry": 300,
    "reviewer": 300,
    "tagline": 1_000,
    "url": 2_000,
    "description": 20_000,
    "quote": 20_000,
}
CLOSING: Final = {"“": "”", '"': '"'}

_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_EDGES = " \u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_SEEN: Final = frozenset({"title", "name", "quote"})  # where readers would find a gap
_PERCENT = re.compile(r"(0|[1-9][0-9]?|100) ?%")
_NOT_IN_ADDRESS = re.compile(r'[\s\x00-\x20\x7f-\x9f"<>\\]')
_NOTHING_YET = frozenset({"—", "–", "-", "n/a"})
_FOUND_LENGTH = 60


class Misfit(ValueError):
    """A value is not what was expected; the message says what was, and what stood there."""


def tidy(text: str) -> str:
    """Text on one line: every run of blanks, breaks and control characters is one space, ends are clean."""
    return _BLANKS.sub(" ", text).strip(_EDGES)


def paragraphs(text: str) -> str:
    """Tidy paragraphs, separated by one blank line each, from text whose paragraphs a blank line ends."""
    pieces: list[list[str]] = [[]]
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if clean := tidy(line):
            pieces[-1].append(clean)
        elif pieces[-1]:
            pieces.append([])
    return "\n\n".join(" ".join(piece) for piece in pieces if piece)


def sized(text: str, kind: str) -> str:
    """The same text, unless it is too long for its kind, holds half a character, or cannot be seen."""
    if has_half(text):
        raise Misfit("expected whole characters, found half of a surrogate pair")
    if len(text) > LIMITS[kind]:
        raise Misfit(f"expected at most {LIMITS[kind]} characters, found {len(text)}: {found(text)}")
    if kind in _SEEN and text and not is_visible(text):
        spelled = " ".join(f"U+{ord(character):04X}" for character in text[:10])
        raise Misfit(f"expected characters that can be seen, found only {spelled}")
    return text


def found(value: object) -> str:
    """What stood there, short enough for an error message."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, dict | list | bool):
        return {dict: "an object", list: "an array", bool: str(value).lower()}[type(value)]
    if not isinstance(value, str):
        return repr(value)[:_FOUND_LENGTH]
    text = tidy(without_halves(value[: 2 * _FOUND_LENGTH]))
    return f'"{text}"' if len(text) <= _FOUND_LENGTH else f'"{text[: _FOUND_LENGTH - 1]}…"'


def nothing_yet(text: str) -> bool:
    """Whether this is a dash: the site's sign for a value it does not have yet."""
    return text.casefold() in _NOTHING_YET


def percent(text: str) -> int | None:
    """`75%` is 75 and a dash is None; only whole numbers from 0 to 100 will do."""
    if nothing_yet(text):
        return None
    if match := _PERCENT.fullmatch(text):
        return int(match[1])
    raise Misfit(f"expected a whole percentage from 0% to 100%, or —, found {found(text)}")


def web_address(text: str) -> str:
    """An absolute http or https address, without a user name or password."""
    try:
        fits = not _NOT_IN_ADDRESS.search(text) and _is_public(urlsplit(text))
    except ValueError:
        fits = False
    if not fits:
        raise Misfit(f"expected an absolute http or https address without credentials, found {found(text)}")
    return sized(text, "url")


def _is_public(parts: SplitResult) -> bool:
    port_fits = parts.port is None or parts.port > 0  # .port raises ValueError beyond 65535
    return (
        parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc and port_fits
    )


def moment(text: str) -> datetime:
    """A point in time, in UTC, from ISO 8601 with its offset; a time without one could mean any hour."""
    try:
        when = datetime.fromisoformat(text)
        if when.tzinfo is not None:
            return when.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Misfit(f"expected an ISO 8601 date and time with its offset (or Z), found {found(text)}")


def opens_quote(text: str) -> bool:
    """Whether the text begins with an opening quotation mark."""
    return text[:1] in CLOSING


def surrounded(text: str) -> bool:
    """Whether an opening mark begins the text and its closing one ends it, whatever stands between."""
    return opens_quote(text) and text[1:].endswith(CLOSING[text[0]])


def quote_depth(text: str, mark: str) -> int:
    """How many quotations of this kind of mark the text leaves open; below zero, it closes some."""
    return sum(_steps(text, mark))


def enclosed(text: str) -> bool:
    """Whether one pair of marks surrounds all of the text: `“He said “no” twice”`, not `“Yes” or “no”`."""
    if not surrounded(text):
        return False
    depths = list(accumulate(_steps(text, text[0])))
    return not (depths[-1] == 0 and 0 in depths[:-1])


def unquoted(text: str) -> str:
    """The text without the marks that surround all of it; marks inside stay."""
    return text[1:-1].strip() if enclosed(text) else text


def _steps(text: str, mark: str) -> Iterator[int]:
    """+1 for every opening and -1 for every closing mark, from left to right."""
    if mark != '"':
        return (1 if char == mark else -1 for char in text if char in (mark, CLOSING[mark]))
    return _plain_steps(text)


def _plain_steps(text: str) -> Iterator[int]:
    # A plain mark does not say which way it points: its neighbours do.
    before = " "
    for char, after in zip(text, text[1:] + " ", strict=True):
        opening = char == '"' and not after.isspace() and (before.isspace() or before in "([{“‘—–-/")
        if char == '"':
            yield 1 if opening else -1
        before = " " if opening else char


def decoded(data: bytes, source: str) -> str:
    """UTF-8 text, with or without a byte order mark, that is not a binary file by mistake."""
    try:
        return readable(data.decode("utf-8-sig"), source)
    except UnicodeDecodeError as error:
        bad, at = error.object, error.start  # without its byte order mark, unlike `data`
        line = _line_of(bad[:at].decode("utf-8"))
        message = f"expected UTF-8 text, found the byte 0x{bad[at]:02x}"
        raise SourceError(source, line, None, message) from None


def readable(text: str, source: str) -> str:
    """The text without a byte order mark, unless it holds what no text holds."""
    for bad, name in (("\0", "a NUL byte"), (HALF, "half of a surrogate pair")):
        if match := re.search(bad, text):
            message = f"expected text, found {name}: this looks like another kind of file"
            raise SourceError(source, _line_of(text[: match.start()]), None, message)
    return text.removeprefix("\ufeff")


def _line_of(text_before: str) -> int:
    return len(re.findall(r"\r\n|\r|\n", text_before)) + 1
