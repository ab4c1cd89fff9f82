"""Spreads a long comparison over several pages, so that none is heavy and nothing is left out."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from textwrap import wrap
from typing import Final, TypeVar

from digest.editions.story import Comparison, Quote, Tool
from digest.errors import NotFound

T = TypeVar("T")

ROOM: Final = 18_000  # bytes of HTML for what one tool's side says on one page
LONGEST: Final = 2_500  # characters of one piece, of at most six bytes each
_AROUND: Final = 240  # bytes of HTML around one piece
_LATER: Final = re.compile(r"[2-9]|[1-9][0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class Side:
    """What one page tells of one tool."""

    paragraphs: tuple[str, ...] = ()
    quotes: tuple[Quote, ...] = ()


def leaves(comparison: Comparison) -> list[tuple[Side, Side]]:
    """What each page tells of both tools, in order: one page for most comparisons."""
    sides = zip_longest(_sides(comparison.left), _sides(comparison.right), fillvalue=Side())
    return list(sides) or [(Side(), Side())]


def sheets(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """The items, `size` to a page; one empty page where there are none."""
    return [items[start : start + size] for start in range(0, len(items) or 1, size)]


def leaf_number(name: str | None) -> int:
    """The page that an address asks for, which says nothing for the first; raises NotFound for no number."""
    if name is None:
        return 1
    if not _LATER.fullmatch(name):
        raise NotFound("a later page has a number from 2 on")
    return int(name)


def _sides(tool: Tool) -> Iterator[Side]:
    """The tool's paragraphs, then its quotes, as many to a page as there is room for."""
    side, left = Side(), ROOM
    for piece in _pieces(tool):
        weight = _weight(piece)
        if weight > left:
            yield side
            side, left = Side(), ROOM
        side, left = _with(side, piece), left - weight
    if side != Side():
        yield side


def _pieces(tool: Tool) -> Iterator[str | Quote]:
    for paragraph in filter(str.strip, tool.description.split("\n\n")):
        yield from _cut(paragraph)
    for quote in tool.quotes:
        yield from (replace(quote, text=text) for text in _cut(quote.text))


def _cut(text: str) -> Iterable[str]:
    """The text, or its pieces where it is very long, with dots where it goes on."""
    pieces = wrap(text, LONGEST, break_on_hyphens=False) or [""]
    last = len(pieces) - 1
    return (
        f"{'… ' if number else ''}{piece}{' …' if number < last else ''}"
        for number, piece in enumerate(pieces)
    )


def _with(side: Side, piece: str | Quote) -> Side:
    if isinstance(piece, str):
        return replace(side, paragraphs=(*side.paragraphs, piece))
    return replace(side, quotes=(*side.quotes, piece))


def _weight(piece: str | Quote) -> int:
    words = piece if isinstance(piece, str) else piece.text + (piece.reviewer or "")
    return _AROUND + len(html.escape(words).encode())
