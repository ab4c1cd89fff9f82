"""The panel's voice: which quotes stand on a card, cut where the reviewer paused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from digest.editions.phrasing import clean, shorten
from digest.editions.story import Quote, Tool

QUOTE_WIDTH = 220
LONGEST_SENTENCE = 420
DEFAULT_VOICES = 2
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
    verdict: str = ""


def voices(tool: Tool) -> tuple[Voice, ...]:
    """The quotes that are heard, ready to print."""
    return tuple(_voice(tool.quotes[number - 1]) for number in heard(tool))


def heard(tool: Tool) -> tuple[int, ...]:
    """Numbers of the quotes that are printed, 1 for the first: the editor's choice in its order, else two.

    A blank quote says nothing, chosen or not.
    """
    spoken = [number for number, quote in enumerate(tool.quotes, 1) if clean(quote.text)]
    chosen = [number for number in tool.chosen if number in spoken]
    return tuple(chosen or spoken[:DEFAULT_VOICES])


def sentence(text: str, width: int = QUOTE_WIDTH) -> str:
    """The first sentences of `text` that fit into `width`, or the first one whole where it is longer.

    Only a sentence that no card could hold is cut, at a pause and with `…`.
    """
    line = clean(text)
    if len(line) <= width:
        return line
    ends = [*_sentence_ends(line), len(line)]
    fitting = [end for end in ends if end <= width] or [end for end in ends[:1] if end <= LONGEST_SENTENCE]
    return line[: fitting[-1]] if fitting else _cut_at_pause(line, width)


def _voice(quote: Quote) -> Voice:
    label = {"ship": "Praise", "skip": "Doubt"}.get(quote.verdict or "", "")
    said = sentence(_unquoted(quote.text))
    return Voice(said, label, shorten(quote.reviewer or "", 60), quote.verdict or "")


def _unquoted(text: str) -> str:
    """The text without quotation marks around the whole of it: the templates set their own."""
    line = clean(text)
    enclosed = len(line) > 1 and line[0] in _AROUND and line[-1] in _AROUND and not _AROUND & set(line[1:-1])
    return line[1:-1].strip() if enclosed else line


def _sentence_ends(line: str) -> Iterator[int]:
    """Where the sentences of a clean line end, as far as one could be printed whole."""
    for match in _END.finditer(line, 0, LONGEST_SENTENCE + 1):
        end = match.end()
        if not _ABBREVIATION.search(line[:end]) and not line[end : end + 2].lstrip()[:1].islower():
            yield end


def _cut_at_pause(line: str, width: int) -> str:
    pauses = [match.start() for match in _PAUSE.finditer(line, 0, width)]
    if pauses and pauses[-1] >= width // 2:
        return line[: pauses[-1]].rstrip(" ,;:–—-") + " …"
    return shorten(line, width)
