"""Reads a comparison page as a reader copies it from the site: plain text, one thing to a line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from digest.content.cleaning import (
    CLOSING,
    Misfit,
    enclosed,
    found,
    nothing_yet,
    opens_quote,
    percent,
    quote_depth,
    readable,
    sized,
    surrounded,
    tidy,
    unquoted,
)
from digest.content.records import ComparisonRecord, ReviewRecord, ToolRecord, Verdict
from digest.content.slugs import name_key
from digest.errors import SourceError

TOP: Final = "AI tool comparison"
SCORECARD: Final = "Reviewer scorecard"
FOOTER: Final = "Weekly AI Tool Verdicts"
PANEL, COMMUNITY, ENTRY = "Panel ship", "Community", "Entry"
LABELS: Final = (PANEL, COMMUNITY, ENTRY)

# A tool's block, counted from its "Panel ship" label: category, name, tagline, percent stand above it,
# percent, "Community", entry and "Entry" below it, and the description follows.
_ABOVE, _BELOW = 4, 5
_TOOLS = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One tidy line that says something, and where it stood; the rest only marked-up sources know.

    `quote` numbers the element that makes the line part of a quote without quotation marks.
    """

    number: int
    text: str
    reviewer: str | None = None
    verdict: Verdict | None = None
    quote: int | None = None

    def says(self, label: str) -> bool:
        """Whether this line is that label, in whatever case the style sheet shows it."""
        return self.text.casefold() == label.casefold()


def read_page(text: str, source: str) -> ComparisonRecord:
    """One comparison from the text of its page; SourceError names the line and field that do not fit."""
    lines = list(_lines(readable(text, source)))
    page = _Page(lines, source)
    record = page.record()
    again = next((line for line in lines[1:] if line.says(TOP)), None)
    if again and again.number > page.footer.number:
        raise page.misfit(again, None, "one page in a file")
    return record


def read_lines(lines: Sequence[Line], source: str) -> ComparisonRecord:
    """One comparison from the lines of its page, whatever they were taken from."""
    return _Page(lines, source).record()


def blocks(lines: Sequence[Line]) -> list[int]:
    """Where the tools stand: the index of every "Panel ship" that "Community" and "Entry" follow."""
    return [
        index
        for index in range(len(lines) - 4)
        if all(line.says(label) for line, label in zip(lines[index : index + 5 : 2], LABELS, strict=True))
    ]


def _lines(text: str) -> Iterator[Line]:
    for number, raw in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        if clean := tidy(raw):
            yield Line(number, clean)


class _Page:
    """The lines of one page, and where its parts begin."""

    def __init__(self, lines: Sequence[Line], source: str) -> None:
        self.lines, self.source = lines, source
        self._need_top()
        self.left, self.right = self._need_blocks()
        self.scorecard = self._need(SCORECARD, self.right + _BELOW)
        self.footer_at = self._need(FOOTER, self.scorecard + 1)
        self.footer = lines[self.footer_at]

    def record(self) -> ComparisonRecord:
        title, blurb = self._head()
        quotes = self._quotes(self.lines[self.scorecard + 1 : self.footer_at])
        left = self._tool(0, self.left, self.right - _ABOVE, quotes[0::2])
        right = self._tool(1, self.right, self.scorecard, quotes[1::2])
        if name_key(left.name) == name_key(right.name):
            name = self.lines[self.right - 3]
            raise self.misfit(name, "tools[1].name", "another tool than the first")
        return ComparisonRecord(title, blurb, (left, right), self.source, self.lines[0].number)

    def misfit(self, line: Line | None, field: str | None, expected: str) -> SourceError:
        """What to raise when this line stands where something else was expected (None: nothing does)."""
        last = self.lines[-1].number if self.lines else 1
        stood = found(line.text) if line else "the end of the page"
        number = line.number if line else last
        return SourceError(self.source, number, field, f"expected {expected}, found {stood}")

    def _need_top(self) -> None:
        if not self.lines or not self.lines[0].says(TOP):
            raise self.misfit(self._at(0), None, f'a page that begins with "{TOP}"')

    def _need_blocks(self) -> tuple[int, int]:
        starts = blocks(self.lines[: self._quotes_end()])
        if len(starts) < _TOOLS:
            raise self._missing_label(starts)
        if len(starts) > _TOOLS:
            raise self.misfit(self.lines[starts[2] - 3], "tools", "two tools, not a third")
        return starts[0], starts[1]

    def _quotes_end(self) -> int:
        """Other comparisons may be advertised below the footer: what stands there is not this page."""
        scorecard = self._find(SCORECARD, 0) or 0
        return self._find(FOOTER, scorecard) or len(self.lines)

    def _missing_label(self, starts: list[int]) -> SourceError:
        for panel in (i for i, line in enumerate(self.lines) if line.says(PANEL) and i not in starts):
            tool = sum(start < panel for start in starts)
            for offset, label, field in ((2, COMMUNITY, "community"), (4, ENTRY, "entry")):
                line = self._at(panel + offset)
                if line is None or not line.says(label):
                    expected = f'the label "{label}", {offset} lines below "{PANEL}"'
                    return self.misfit(line, f"tools[{tool}].{field}", expected)
        return self._missing_panel(starts)

    def _missing_panel(self, starts: list[int]) -> SourceError:
        for above, line, entry in zip(self.lines, self.lines[2:], self.lines[4:], strict=False):
            if line.says(COMMUNITY) and entry.says(ENTRY) and not above.says(PANEL):
                tool = sum(self.lines[start].number < line.number for start in starts)
                expected = f'the label "{PANEL}", 2 lines above "{COMMUNITY}"'
                return self.misfit(above, f"tools[{tool}].panel_ship", expected)
        end = self._at(self._find(SCORECARD, 0))
        expected = f"two tools, each with {', '.join(LABELS)} (there are {len(starts)})"
        return self.misfit(end, "tools", expected)

    def _need(self, label: str, start: int) -> int:
        index = self._find(label, start)
        if index is None:
            raise self.misfit(None, "reviews", f'"{label}" (was the page copied to its end?)')
        return index

    def _find(self, label: str, start: int) -> int | None:
        return next((i for i in range(start, len(self.lines)) if self.lines[i].says(label)), None)

    def _at(self, index: int | None) -> Line | None:
        return self.lines[index] if index is not None and index < len(self.lines) else None

    def _head(self) -> tuple[str, str]:
        begin = self.left - _ABOVE
        for index, field in ((1, "title"), (2, "blurb")):
            if begin <= index:
                below = "title, blurb, category, name, tagline and percentage, each on its own line"
                raise self.misfit(self.lines[self.left], field, f'{below}, above the first "{PANEL}"')
        title = self._sized(self.lines[1], "title", "title")
        return title, self._sized(self.lines[2], "blurb", "blurb", _joined(self.lines[2:begin]))

    def _tool(self, index: int, panel: int, end: int, quotes: Sequence[Sequence[Line]]) -> ToolRecord:
        def place(field: str) -> str:
            return f"tools[{index}].{field}"

        category, name, tagline, ship, _, community, _, entry, _ = self.lines[panel - _ABOVE : panel + _BELOW]
        return ToolRecord(
            name=self._sized(name, place("name"), "name"),
            category=self._sized(category, place("category"), "category"),
            tagline=self._sized(tagline, place("tagline"), "tagline"),
            description=self._description(panel + _BELOW, end, place("description")),
            panel_ship=self._percent(ship, place("panel_ship")),
            community=self._percent(community, place("community")),
            entry=None if nothing_yet(entry.text) else self._sized(entry, place("entry"), "entry"),
            reviews=tuple(self._review(number, quote) for number, quote in enumerate(quotes, 1)),
        )

    def _description(self, begin: int, end: int, field: str) -> str:
        if begin >= end:
            expected = "a description below the entry, and a complete block for each tool"
            raise self.misfit(self._at(begin), field, expected)
        return self._sized(self.lines[begin], field, "description", _joined(self.lines[begin:end]))

    def _percent(self, line: Line, field: str) -> int | None:
        try:
            return percent(line.text)
        except Misfit as error:
            raise SourceError(self.source, line.number, field, str(error)) from None

    def _sized(self, line: Line, field: str, kind: str, text: str | None = None) -> str:
        try:
            return sized(line.text if text is None else text, kind)
        except Misfit as error:
            raise SourceError(self.source, line.number, field, str(error)) from None

    def _review(self, position: int, quote: Sequence[Line]) -> ReviewRecord:
        text = _joined(quote)
        text = text[1:-1].strip() if quote[0].quote is None else unquoted(text)
        if not text:
            raise self.misfit(quote[0], "reviews", "words between the quotation marks")
        self._sized(quote[0], "reviews", "quote", text)
        return ReviewRecord(position, text, quote[0].reviewer, quote[0].verdict)

    def _quotes(self, part: Sequence[Line]) -> list[Sequence[Line]]:
        """The quotes in their order, each the lines it stands on."""
        quotes: list[Sequence[Line]] = []
        begin = 0
        while begin < len(part):
            end = self._quote_end(part, begin)
            if end is None:
                return self._one_to_a_line(part, part[begin])
            quotes.append(self._one_quote(part[begin:end]))
            begin = end
        return quotes

    def _quote_end(self, part: Sequence[Line], begin: int) -> int | None:
        first = part[begin]
        if first.quote is not None:
            return next((i for i in range(begin, len(part)) if part[i].quote != first.quote), len(part))
        if not opens_quote(first.text):
            raise self.misfit(first, "reviews", f'a quote in quotation marks, or "{FOOTER}"')
        depth = 0
        for index in range(begin, len(part)):
            depth += quote_depth(part[index].text, first.text[0])
            if depth <= 0 and part[index].text.endswith(CLOSING[first.text[0]]):
                return index + 1
        return None

    def _one_quote(self, lines: Sequence[Line]) -> Sequence[Line]:
        if lines[0].quote is None and not enclosed(_joined(lines)):
            expected = "one quote on lines of its own, with nothing after its closing mark"
            raise self.misfit(lines[0], "reviews", expected)
        return lines

    def _one_to_a_line(self, part: Sequence[Line], unclosed: Line) -> list[Sequence[Line]]:
        """Where every line is a quote by itself, a stray mark inside one of them does no harm."""
        if all(surrounded(line.text) for line in part):
            return [[line] for line in part]
        raise self.misfit(unclosed, "reviews", "a quote with its closing quotation mark")


def _joined(lines: Sequence[Line]) -> str:
    return "\n\n".join(line.text for line in lines)
