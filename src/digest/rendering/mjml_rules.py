"""What MJML allows, from npm's own tables, less what mjml-python does not do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

# These are MJML, and still cannot be used here.
REFUSED = {
    "mj-include": "is not read here: write {% include %} or {% import %}, which look in both folders",
    "mj-font": "would load a font from elsewhere, and our mails load nothing: name fonts that readers have",
    **dict.fromkeys(
        ("mj-html-attributes", "mj-selector", "mj-html-attribute"),
        "is refused by mjml-python: write the attributes on the tags themselves",
    ),
}
# Attributes that mjml-python 1.4 drops without a word, although MJML knows them.
WITHOUT_EFFECT: Mapping[str, frozenset[str]] = {
    "mj-accordion-title": frozenset(("font-weight",)),
    "mj-body": frozenset(("id",)),
    "mj-button": frozenset(("title",)),
    "mj-hero": frozenset(("border-radius",)),
    "mj-image": frozenset(("border-bottom", "border-top", "sizes")),
    "mj-section": frozenset(("gutter", "text-padding")),
    "mj-social": frozenset(("border", "table-layout")),
    "mj-social-element": frozenset(("border", "icon-position", "sizes", "srcset")),
    "mj-spacer": frozenset(("border", "border-bottom", "border-left", "border-right", "border-top")),
    "mj-table": frozenset(("font-weight", "role")),
    "mj-text": frozenset(("background-color",)),
    "mj-wrapper": frozenset(("gap", "gutter", "text-padding")),
}
_ANYWHERE = {"css-class": "string", "mj-class": "string"}
_ROOT = {"lang": "string", "dir": "enum(ltr,rtl,auto)", "owa": "enum(desktop)"}
# mjml-python is stricter than npm's compiler in these.
_WORDS_ONLY = ("mj-title", "mj-preview", "mj-style", "mj-accordion-title")
_EMPTY = ("mj-breakpoint", "mj-carousel-image")
_WITHOUT_RAW = ("mjml", "mj-accordion", "mj-accordion-element", "mj-navbar", "mj-social")
_NUMBER = r"(?:\d+\.?\d*|\.\d+)"
_RGB = r"rgba?\(\s*\d{1,3}%?(?:\s*,\s*\d{1,3}%?){2}(?:\s*,\s*[\d.]+%?)?\s*\)"


@dataclass(frozen=True, slots=True)
class Rule:
    """One tag: what it holds, which tags may stand directly in it, its attributes' types."""

    holds: Literal["tags", "html", "words"]
    children: Set[str]
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of value: how it looks, and how to say so."""

    pattern: re.Pattern[str]
    expected: str


@cache
def rules() -> Mapping[str, Rule]:
    """Every tag that may be used, by name."""
    tags: dict[str, Any] = _tables()["tags"]
    usable = {name: _rule(name, tag) for name, tag in tags.items() if name not in REFUSED}
    everything = {attribute: "any" for rule in usable.values() for attribute in rule.attributes}
    usable["mjml"] = Rule("tags", usable["mjml"].children, _ROOT)
    usable["mj-all"] = Rule("tags", frozenset(), everything)
    usable["mj-class"] = Rule("tags", frozenset(), {**everything, "name": "string"})
    defaults = usable.keys() - {"mjml", "mj-head", "mj-attributes"}
    return {**usable, "mj-attributes": Rule("tags", defaults, {})}


@cache
def parents(name: str) -> tuple[str, ...]:
    """The tags that the tag may stand in directly, but for mj-attributes, where nearly all may."""
    places = (parent for parent, rule in rules().items() if name in rule.children)
    return tuple(parent for parent in places if parent != "mj-attributes")


@cache
def kinds(tag: str, attribute: str) -> tuple[Kind, ...]:
    """What the attribute's value may be: one of these. A default for several tags may suit any of them."""
    written = rules()[tag].attributes[attribute]
    if written != "any":
        return (_kind(written),)
    types = {rule.attributes.get(attribute, "any") for rule in rules().values()} - {"any"}
    return tuple(map(_kind, sorted(types)))


def _rule(name: str, tag: Mapping[str, Any]) -> Rule:
    refused = REFUSED.keys() | ({"mj-raw"} if name in _WITHOUT_RAW else set())
    children = frozenset(tag["children"] or ()) - refused
    return Rule(_holds(name, tag["html"]), children, {**tag["attributes"], **_ANYWHERE})


def _holds(name: str, html: bool) -> Literal["tags", "html", "words"]:
    if name in _WORDS_ONLY:
        return "words"
    return "html" if html and name not in _EMPTY else "tags"


@cache
def _kind(written: str) -> Kind:
    """MJML's own notation: `color`, `string`, `enum(left,right)`, `unit(px,%){1,4}`."""
    name, _, rest = written.partition("(")
    choices, _, repeat = rest.partition(")")
    words = choices.split(",")
    if name == "enum":
        return Kind(re.compile("|".join(map(re.escape, words))), _either([word for word in words if word]))
    if name in ("unit", "unitWithNegative"):
        return _length(words, name == "unitWithNegative", repeat)
    names = "|".join(_tables()["colours"].split())
    return {
        "string": Kind(re.compile(".*", re.DOTALL), "text"),
        "boolean": Kind(re.compile("true|false"), "true or false"),
        "integer": Kind(re.compile(r"\d+"), "a whole number"),
        "color": Kind(
            re.compile(f"#[0-9a-f]{{6}}|{_RGB}|{names}", re.IGNORECASE), "a colour such as #1a2b3c"
        ),
    }[name]


def _length(units: list[str], negative: bool, repeat: str) -> Kind:
    suffixes = "|".join(re.escape(unit) for unit in units if unit != "auto")
    one = f"(?:{'-?' if negative else ''}(?:{_NUMBER}(?:{suffixes})|0){'|auto' if 'auto' in units else ''})"
    several = rf"{one}(?:\s+{one}){{0,3}}\s*" if repeat else one
    named = _either([unit for unit in units if unit not in ("", "auto")])
    what = f"1 to 4 lengths in {named}" if repeat else f"a length in {named}"
    more = ", or a plain number" if "" in units else ", or auto" if "auto" in units else ""
    return Kind(re.compile(several), f"{what}, such as 20{units[0]}{more}")


def _either(words: list[str]) -> str:
    return " or ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


@cache
def _tables() -> dict[str, Any]:
    tables: dict[str, Any] = json.loads(Path(__file__).with_name("mjml_rules.json").read_text("utf-8"))
    return tables
