"""The panel's voice: which quotes stand on a card, cut where the reviewer paused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from digest.editions.phrasing import clean, shorten
from digest.editions.story import Quote, Tool

QUOTE_WIDTH = 220
_AROUND = frozenset('"“”„«»')
_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？]+[」』”]*")
_PAUSE = re.compile(r"\s[—–-]\s|[—;:,](?=\s)|[、，；：]")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|vs|cf|approx|etc|incl|no|mr|mrs|ms|dr|prof|st|[a-z])\.$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Voice:
    """One quote ready to print. `label` says praise or doubt, and only where the verdict is known."""

    text: str
    label: str
    reviewer: str


def voices(tool: Tool, count: int = 2) -> tuple[Voice, ...]:
    """Up to `count` quotes: one for and one against where that is known, else those that fit whole."""
    return tuple(map(_voice, _picked([quote for quote in tool.quotes if clean(quote.text)], count)))


def sentence(text: str, width: int = QUOTE_WIDTH) -> str:
    """The first sentences of `text` that fit into `width`; a longer one is cut at a pause with `…`."""
    line = clean(text)
    if len(line) <= width:
        return line
    ends = [end for end in _sentence_ends(line) if end <= width]
    return line[: ends[-1]] if ends else _cut_at_pause(line, width)


def _picked(quotes: Sequence[Quote], count: int) -> list[Quote]:
    """The best quotes first, then put back into the order of the source."""
    first = [
        next((quote for quote in quotes if quote.verdict == verdict), None) for verdict in ("ship", "skip")
    ]
    both_sides = [quote for quote in first if quote]
    others = [quote for quote in quotes if quote not in both_sides]
    best = [*both_sides, *sorted(others, key=_opens_too_long)][:count]
    return [quote for quote in quotes if quote in best][:count]


def _opens_too_long(quote: Quote) -> bool:
    return sentence(quote.text).endswith("…")


def _voice(quote: Quote) -> Voice:
    label = {"ship": "Praise", "skip": "Doubt"}.get(quote.verdict or "", "")
    return Voice(sentence(_unquoted(quote.text)), label, shorten(quote.reviewer or "", 60))


def _unquoted(text: str) -> str:
    """The text without quotation marks around the whole of it: the templates set their own."""
    line = clean(text)
    enclosed = len(line) > 1 and line[0] in _AROUND and line[-1] in _AROUND and not _AROUND & set(line[1:-1])
    return line[1:-1].strip() if enclosed else line


def _sentence_ends(line: str) -> Iterator[int]:
    for match in _END.finditer(line):
        if not _ABBREVIATION.search(line[: match.end()]) and not line[match.end() :].lstrip()[:1].islower():
            yield match.end()


def _cut_at_pause(line: str, width: int) -> str:
    pauses = [match.start() for match in _PAUSE.finditer(line, 0, width)]
    if pauses and pauses[-1] >= width // 2:
        return line[: pauses[-1]].rstrip(" ,;:–—-") + " …"
    return shorten(line, width)
