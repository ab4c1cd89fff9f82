"""Reads CSS, broken or not, into plain rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import tinycss2

MOST_CHARACTERS = 100_000
MOST_NESTING = 4
# Python reads no integers of thousands of digits, and says so in the middle of the parser.
_ENDLESS_NUMBER = re.compile(r"(\d{50})\d+")

Token = Any  # tinycss2 brings no types


@dataclass(frozen=True, slots=True)
class Declaration:
    """`name: tokens`, the name in lower case."""

    name: str
    tokens: tuple[Token, ...]
    important: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """Declarations, the selector they stand under, and the media queries around them from the outside in."""

    selector: str
    declarations: tuple[Declaration, ...]
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A style element: its rules in order, the at-rules by name, and what was wrong with it."""

    source: str
    rules: tuple[Rule, ...]
    at_rules: tuple[tuple[str, str], ...]
    faults: tuple[str, ...]


def read_sheet(source: str, media: str = "") -> Sheet:
    """The sheet; of one past `MOST_CHARACTERS` only the beginning is read."""
    reading = _Reading([], [], [])
    parsed = tinycss2.parse_stylesheet(_bounded(source), skip_comments=True, skip_whitespace=True)
    reading.walk(parsed, (media,) if media.strip() else (), 0)
    return Sheet(source, tuple(reading.rules), tuple(reading.at_rules), tuple(reading.faults))


class _Reading(NamedTuple):
    """What is found on the way through a sheet."""

    rules: list[Rule]
    at_rules: list[tuple[str, str]]
    faults: list[str]

    def walk(self, nodes: Iterable[Token], media: tuple[str, ...], depth: int) -> None:
        """Take down every node, and what stands inside `@media` and `@supports`."""
        for node in nodes:
            if node.type == "error":
                self.faults.append(f"line {node.source_line}: {node.message}")
            elif node.type == "qualified-rule":
                self.rules.append(Rule(css_text(node.prelude), _declared(node.content), media))
            elif node.type == "at-rule":
                self._enter(node, media, depth)

    def _enter(self, node: Token, media: tuple[str, ...], depth: int) -> None:
        name, prelude = node.lower_at_keyword, css_text(node.prelude)
        self.at_rules.append((name, prelude))
        if name in {"media", "supports"} and node.content and depth < MOST_NESTING:
            inner = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
            self.walk(inner, (*media, prelude) if name == "media" else media, depth + 1)


@lru_cache(maxsize=4096)
def read_style(source: str) -> tuple[Declaration, ...]:
    """The declarations of a style attribute. Remembered: a mail repeats the same few hundreds of times."""
    return _declared(tinycss2.parse_component_value_list(_bounded(source)))


def _bounded(source: str) -> str:
    return _ENDLESS_NUMBER.sub(r"\1", source[:MOST_CHARACTERS])


def _declared(content: Iterable[Token]) -> tuple[Declaration, ...]:
    nodes = tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True)
    return tuple(_declaration(node) for node in nodes if node.type == "declaration")


def _declaration(node: Token) -> Declaration:
    tokens = [token for token in node.value if token.type != "comment"]
    while tokens and tokens[-1].type == "whitespace":
        tokens.pop()
    while tokens and tokens[0].type == "whitespace":
        del tokens[0]
    return Declaration(node.lower_name, tuple(tokens), bool(node.important))


def css_text(tokens: Iterable[Token]) -> str:
    """The tokens as CSS on one line; nothing for brackets nested past what Python can follow."""
    try:
        return " ".join(str(tinycss2.serialize(tokens)).split())
    except RecursionError:
        return ""


def flat(tokens: Iterable[Token]) -> Iterator[Token]:
    """The tokens, and those inside functions and brackets."""
    waiting = [iter(tokens)]
    while waiting:
        token = next(waiting[-1], None)
        if token is None:
            waiting.pop()
            continue
        yield token
        inner = getattr(token, "arguments", None) or getattr(token, "content", None)
        if isinstance(inner, list):
            waiting.append(iter(inner))
