"""What a mail uses of HTML and CSS, in the words by which caniemail.json looks for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from digest.checking.page import Element, Page
from digest.checking.stylesheets import Declaration, Sheet, flat, read_style

_MEDIA = re.compile(r"\(\s*(-?[a-z-]+)")
_PSEUDO = re.compile(r"::?(-?[a-z-]+)")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_BRACKETS = re.compile(r"\[[^]]*\]|\([^()]*\)")
_SIMPLE = re.compile(r"[.#\[:][^.#\[:\s>+~,]*")
_COMPOUND = re.compile(r"[^\s>+~,]+")
_ADDRESSES = ("src", "background", "poster")


def usage(page: Page) -> frozenset[str]:
    """Such as `property:border-radius`, `value:display=flex`, `element:video`, `format:webp`."""
    used = {"doctype"} if page.doctype else set()
    if page.comments:
        used.add("comment:html")
    for element in page.elements:
        used.update(_element(element))
    for sheet in page.sheets:
        used.update(_sheet(sheet))
    for style in {style for element in page.elements if (style := element.get("style"))}:
        used.update(_declarations(read_style(style)))
    return frozenset(used)


def _element(element: Element) -> Iterator[str]:
    yield f"element:{element.tag}"
    for name, value in element.items():
        yield f"attribute:{name}"
        if name == "type":
            yield f"element:{element.tag}[type={value.lower()}]"
        elif name == "href" and element.tag == "a":
            yield from (f"link:{start.rstrip(':')}" for start in ("#", "mailto:") if value.startswith(start))
        elif name in _ADDRESSES:
            yield f"format:{_format(value)}"
    if element.tag == "meta" and element.get("name"):
        yield f"meta:{element.get('name').lower()}"


def _format(address: str) -> str:
    """`webp` of `https://…/a.webp?x`, `data` of a data: address."""
    if address.strip().lower().startswith("data:"):
        return "data"
    try:
        path = urlsplit(address.strip()).path
    except ValueError:
        return ""
    return path.rpartition(".")[2].lower()


def _sheet(sheet: Sheet) -> Iterator[str]:
    if "/*" in sheet.source:
        yield "comment:css"
    for name, prelude in sheet.at_rules:
        yield f"at:{name}"
        if name == "media":
            yield from (f"media:{feature}" for feature in _MEDIA.findall(prelude.lower()))
    for rule in sheet.rules:
        yield from _selector(rule.selector)
        yield from _declarations(rule.declarations)


def _selector(source: str) -> Iterator[str]:
    """Which kinds of selector a rule is made of."""
    plain = _QUOTED.sub("", source.lower())
    yield from (f"pseudo:{name}" for name in _PSEUDO.findall(plain))
    if "[" in plain:
        yield "selector:[]"
    bare = _BRACKETS.sub("", plain)
    yield from (f"selector:{mark}" for mark in ".#>+~,*" if mark in bare)
    for alone in bare.split(","):
        compounds = _COMPOUND.findall(alone)
        if re.search(r"[^\s>+~]\s+[^\s>+~]", alone.strip()):
            yield "selector:descendant"
        if any(re.match(r"[a-z]", one) for one in compounds):
            yield "selector:type"
        if any(len(_SIMPLE.findall(one)) > 1 for one in compounds):
            yield "selector:chaining"


def _declarations(declared: Iterable[Declaration]) -> Iterator[str]:
    for one in declared:
        yield f"property:{one.name}"
        if one.important:
            yield "important"
        for token in flat(one.tokens):
            if token.type == "ident":
                yield f"value:{one.name}={token.lower_value}"
                yield f"keyword:{token.lower_value}"
            elif token.type == "function":
                yield f"function:{token.lower_name}"
            elif token.type == "dimension":
                yield f"unit:{token.lower_unit}"
            elif token.type == "percentage":
                yield "unit:%"
            elif token.type == "url":
                yield f"format:{_format(token.value)}"
