"""What may be wrong within one tag: its attributes, their values, and those that are missing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from digest.rendering.mjml_rules import WITHOUT_EFFECT, kinds, rules
from digest.rendering.short_colours import SHORT_COLOUR, full_colours

Fault = tuple[int, str]
"""An offset and what is wrong there."""

# MJML reads XML's white space only: a no-break space between attributes stops it.
_ATTRIBUTE = re.compile(
    r"[ \t\r\n]+([A-Za-z_:][\w:.-]*+)(?:[ \t\r\n]*=[ \t\r\n]*(\"[^\"]*\"|'[^']*')|(?![ \t\r\n]*=))"
)
_REST = re.compile(r"[ \t\r\n]*/?")
_COLOURED = ("color", "border", "border-top", "border-bottom", "border-left", "border-right")
_VOID = frozenset(
    (
        *("area", "base", "br", "col", "embed", "hr", "img", "input"),
        *("link", "meta", "param", "source", "track", "wbr"),
    )
)
_NEEDED = {
    **dict.fromkeys(("img", "mj-image", "mj-carousel-image", "mj-social-element"), ("src", "alt")),
    "mjml": ("lang",),
    "mj-class": ("name",),
}
_WHY = {
    "src": "needs src, the address of its picture",
    "alt": 'needs alt, the words for readers without pictures; alt="" says that it is mere decoration',
    "lang": "needs lang, the language of the mail: screen readers would have to guess it",
    "name": "needs name, by which other tags call it",
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute as written; `offset` counts from behind the tag's name."""

    name: str
    value: str
    offset: int
    quote: str


@dataclass(frozen=True, slots=True)
class Tag:
    """What one tag says; offsets count from behind its name, and 0 is the tag as a whole.

    `classes` are the names in its mj-class; `opens` is False where no closing tag can follow.
    """

    faults: tuple[Fault, ...]
    opens: bool
    classes: tuple[tuple[int, str], ...] = ()
    name: str = ""


@lru_cache(maxsize=4096)  # the same few hundred tags make up every edition
def html_tag(name: str, attributes: str) -> Tag:
    """An HTML tag from its name and what stands behind it, as in `html_tag("a", ' href="x"')`."""
    found, faults = _read(name, attributes)
    for one in found:
        faults += _short(name, one) if one.name in ("bgcolor", "color") else ()
    small = name.lower()
    if small in _VOID and small != name:
        faults.append((0, f"<{name}> stops the compiler: write <{small}>"))
    return Tag((*faults, *_missing(small, found)), small not in _VOID and not attributes.endswith("/"))


@lru_cache(maxsize=1024)
def mjml_tag(name: str, attributes: str, default: bool = False) -> Tag:
    """The same of an MJML tag; a `default` stands in mj-attributes, where it gives others their values."""
    found, faults = _read(name, attributes)
    for one in found:
        faults += _value(name, one)
    faults += [] if default and name != "mj-class" else _missing(name, found)
    named = {one.name: one for one in found}
    words = [(one.offset, word) for one in found if one.name == "mj-class" for word in one.value.split()]
    own = named["name"].value if "name" in named else ""
    return Tag(tuple(faults), not attributes.endswith("/"), tuple(words), own)


def suggestion(word: str, known: Iterable[str]) -> str:
    """`: did you mean …?` where something known looks like it, else nothing."""
    nearest = get_close_matches(word, known, n=1)
    return f": did you mean {nearest[0]}?" if nearest else ""


def _read(name: str, attributes: str) -> tuple[list[Attribute], list[Fault]]:
    """The attributes, up to where they can no longer be read, and what is wrong with how they are written."""
    found: list[Attribute] = []
    end = 0
    while match := _ATTRIBUTE.match(attributes, end):
        end = match.end()
        written = match[2] or ""
        found.append(Attribute(match[1], written[1:-1], match.start(1), written[:1]))
    faults = [*_twice(name, found), *_quotes(name, found)]
    if not _REST.fullmatch(attributes, end):
        rest = attributes[end:].strip()
        what = f'<{name}> cannot be read at {rest[:40]!r}: expected attributes as in name="value"'
        faults.append((attributes.find(rest, end), what))
    return found, faults


def _twice(name: str, found: list[Attribute]) -> Iterator[Fault]:
    seen: set[str] = set()
    for one in found:
        if one.name in seen:
            yield one.offset, f"<{name}> has {one.name} twice: only the last would count"
        seen.add(one.name)


def _quotes(name: str, found: list[Attribute]) -> Iterator[Fault]:
    for one in found:
        if one.quote == "'" and '"' in one.value:
            yield one.offset, f'<{name}> has a " inside {one.name}, which would end it early: write &quot;'


def _missing(name: str, found: list[Attribute]) -> Iterator[Fault]:
    for needed in _NEEDED.get(name, ()):
        if not any(one.name == needed and (one.value or needed == "alt") for one in found):
            yield 0, f"<{name}> {_WHY[needed]}"


def _value(name: str, one: Attribute) -> Iterator[Fault]:
    """What is wrong with one attribute of an MJML tag."""
    known = rules()[name].attributes
    if one.name not in known:
        yield one.offset, f"<{name}> does not know the attribute {one.name}{suggestion(one.name, known)}"
    elif one.name in WITHOUT_EFFECT.get(name, ()):
        yield one.offset, f"<{name}> ignores {one.name} in mjml-python: leave it out"
    elif (name, one.name) == ("mj-style", "inline"):
        yield one.offset, "<mj-style> is not inlined by mjml-python: put these styles into _base/theme.css"
    elif (name, one.name) == ("mj-hero", "mode") and one.value != "fixed-height":
        yield one.offset, f'<mj-hero> has mode="{one.value[:40]}": mjml-python gets only fixed-height right'
    elif one.name.endswith(_COLOURED) and SHORT_COLOUR.search(one.value):
        yield from _short(name, one)
    elif not any(kind.pattern.fullmatch(one.value) for kind in kinds(name, one.name)):
        expected = " or ".join(kind.expected for kind in kinds(name, one.name))
        yield one.offset, f'<{name}> has {one.name}="{one.value[:40]}": expected {expected}'


def _short(name: str, one: Attribute) -> Iterator[Fault]:
    match = SHORT_COLOUR.search(one.value)
    if match:
        full = full_colours(match[0])
        yield one.offset, f"<{name}> has {match[0]} in {one.name}: write {full}, for old mail programs"
