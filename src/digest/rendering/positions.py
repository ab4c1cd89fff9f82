"""Finds for each piece of a filled template the file and the line that it came from.

While a template is read, each line of a piece of it that holds a tag gets a mark in front. The marks travel
through includes, macros and blocks into the filled text, and are taken out again before anybody reads it. A
mark is made of noncharacters, which no cleaned value holds, and of a key that no value can know.
"""

from __future__ import annotations

import re
import secrets
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, count

from jinja2 import Environment
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

_DIGITS = str.maketrans({digit: 0xFDD0 + value for value, digit in enumerate("0123456789abcdef")})
_VALUES = str.maketrans({0xFDD0 + value: digit for value, digit in enumerate("0123456789abcdef")})
_START, _BETWEEN, _END = "\ufde0", "\ufde1", "\ufde2"
_MARK = re.compile("([\ufdd0-\ufdef]+)")
_POSITION = re.compile(f"([\ufdd0-\ufddf]+){_BETWEEN}([\ufdd0-\ufddf]+){_END}")
_TAG = re.compile(r"<[A-Za-z/!]")
_LINE = re.compile(r"^([ \t]*)(?=\S)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Marks:
    """How one set of templates marks its lines: its key, and its files by number."""

    key: str = _START
    files: Mapping[int, str] = field(default_factory=dict)

    def position(self, mark: str) -> tuple[str, int] | None:
        """The file and line that the mark names; None where it is none of ours."""
        match = _POSITION.match(mark.rpartition(self.key)[2]) if self.key in mark else None
        if match is None:
            return None
        file, line = (int(number.translate(_VALUES), 16) for number in match.groups())
        return (self.files[file], line) if file in self.files else None


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled template without its marks; the marks and where they stood are kept beside it.

    `file` is the template that was asked for, and holds what stands before the first mark.
    """

    text: str
    file: str
    offsets: tuple[int, ...] = ()
    found: tuple[str, ...] = ()
    marks: Marks = field(default_factory=Marks)

    def place(self, offset: int) -> tuple[str, int]:
        """The file and line of the template for an offset in the text: those of the last mark before it."""
        for index in range(bisect_right(self.offsets, offset) - 1, -1, -1):
            position = self.marks.position(self.found[index])
            if position:
                return position
        return self.file, self.text.count("\n", 0, offset) + 1


class MarkLines(Extension):
    """Marks the lines of `.mjml` templates while Jinja reads them."""

    def __init__(self, environment: Environment) -> None:
        """Take a fresh key, which never leaves this object."""
        super().__init__(environment)
        self._files: dict[int, str] = {}
        self._marks = Marks(_START + secrets.token_hex(6).translate(_DIGITS), self._files)
        self._numbers = count()  # threads may read templates at the same time; next() gives each its own

    def filter_stream(self, stream: TokenStream) -> TokenStream | Iterator[Token]:
        """The same tokens, with marks in the template's own text."""
        if stream.filename is None or not stream.filename.endswith(".mjml"):
            return stream
        number = next(self._numbers)
        self._files[number] = stream.filename
        return (self._marked(token, number) for token in stream)

    def read(self, marked: str, file: str) -> Filled:
        """The filled text without its marks."""
        pieces = _MARK.split(marked)
        offsets = tuple(accumulate(map(len, pieces[:-1:2])))
        return Filled("".join(pieces[::2]), file, offsets, tuple(pieces[1::2]), self._marks)

    def _marked(self, token: Token, file: int) -> Token:
        # Text without a tag is left alone: templates set it into variables and compare it.
        if token.type != "data" or not _TAG.search(token.value):
            return token
        text, first = token.value, token.lineno

        def mark(match: re.Match[str]) -> str:
            line = first + text.count("\n", 0, match.start())
            position = f"{file:x}{_BETWEEN}{line:x}{_END}".translate(_DIGITS)
            return f"{match[1]}{self._marks.key}{position}"

        return Token(token.lineno, token.type, _LINE.sub(mark, text))
