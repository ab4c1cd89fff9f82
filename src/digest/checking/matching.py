"""Finds the elements that a selector means, in time that grows only with the page and with the selector."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from cssselect import HTMLTranslator, Selector, SelectorError
from cssselect import parse as parse_selectors
from cssselect.parser import CombinedSelector
from lxml import etree

from digest.checking.page import Element

LONGEST_SELECTOR = 500

Found = frozenset[Element]


class Matcher(NamedTuple):
    """One selector: its simple parts, what stands between them (` `, `>`, `+`, `~`), and its specificity."""

    parts: tuple[etree.XPath, ...]
    between: tuple[str, ...]
    weight: tuple[int, int, int]

    def find(self, elements: Sequence[Element]) -> Found:
        """Those of `elements`, which are a whole page in its order, that the selector means.

        From left to right, so that every part costs one walk; as one XPath it would cost one per ancestor.
        """
        found = _simple(self.parts[0], elements)
        for part, combinator in zip(self.parts[1:], self.between, strict=True):
            if not found:
                break
            found = _simple(part, elements).intersection(_COMBINED[combinator](found, elements))
        return found


@lru_cache(maxsize=1024)
def matchers(source: str) -> tuple[Matcher, ...]:
    """The selectors of a rule; none where one of them is broken, as CSS has it (Selectors 4 §3.9)."""
    if len(source) > LONGEST_SELECTOR:
        return ()
    try:
        parsed = parse_selectors(source)
        return tuple(_matcher(one) for one in parsed if one.pseudo_element is None)
    except (SelectorError, etree.XPathError, RecursionError):
        return ()


def _matcher(selector: Selector) -> Matcher:
    tree: Any = selector.parsed_tree
    parts, between = [], []
    while isinstance(tree, CombinedSelector):
        parts.append(tree.subselector)
        between.append(tree.combinator)
        tree = tree.selector
    paths = (etree.XPath(f"descendant-or-self::{HTMLTranslator().xpath(one)}") for one in (*parts, tree))
    return Matcher(tuple(paths)[::-1], tuple(between[::-1]), selector.specificity())


def _simple(part: etree.XPath, elements: Sequence[Element]) -> Found:
    return frozenset(part(elements[0])) if elements else frozenset()


def _inside(left: Found, elements: Sequence[Element]) -> Iterator[Element]:
    inside: set[Element] = set()
    for element in elements:
        parent = element.getparent()
        if parent in left or parent in inside:
            inside.add(element)
            yield element


def _children(left: Found, elements: Sequence[Element]) -> Iterator[Element]:
    return (element for element in elements if element.getparent() in left)


def _next(left: Found, elements: Sequence[Element]) -> Iterator[Element]:
    before: dict[Element, Element] = {}
    for element in elements:
        parent = element.getparent()
        if before.get(parent) in left:
            yield element
        before[parent] = element


def _after(left: Found, elements: Sequence[Element]) -> Iterator[Element]:
    begun: set[Element] = set()
    for element in elements:
        parent = element.getparent()
        if parent in begun:
            yield element
        if element in left:
            begun.add(parent)


_COMBINED: dict[str, Callable[[Found, Sequence[Element]], Iterator[Element]]] = {
    " ": _inside,
    ">": _children,
    "+": _next,
    "~": _after,
}
