"""Which declarations win on each element: style sheets, style attributes, importance (CSS Cascade 4 §6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from digest.checking.matching import matchers
from digest.checking.media import Screen, holds
from digest.checking.page import Element, Page
from digest.checking.stylesheets import Declaration, Rule, read_style

MOST_WORK = 6_000_000  # selectors times elements; beyond that style sheets are left out of the picture
_STYLE_ATTRIBUTE = (1, 0, 0, 0)

Weight = tuple[bool, tuple[int, ...], int]


class Styles:
    """The declarations of a page's elements on any screen."""

    def __init__(self, page: Page, names: frozenset[str]) -> None:
        """Find what each rule matches; only properties called `names` are of interest."""
        self._names = names
        self._page = page
        rules = [rule for sheet in page.sheets for rule in sheet.rules]
        wanted = [rule for rule in rules if any(one.name in names for one in rule.declarations)]
        self.left_out = sum(_parts(rule) for rule in wanted) * len(page.elements) > MOST_WORK
        self._matches = [] if self.left_out else [(rule, _matches(rule, page)) for rule in wanted]

    def on(self, screen: Screen) -> Mapping[Element, tuple[Declaration, ...]]:
        """For each element that has any, its declarations on that screen, the winner of each name last."""
        found: dict[Element, list[tuple[Weight, Declaration]]] = {}
        for order, (rule, matched) in enumerate(self._matches):
            if all(holds(query, screen) for query in rule.media):
                for element, weight in matched.items():
                    found.setdefault(element, []).extend(self._weighed(rule.declarations, weight, order))
        for element in self._page.elements:
            if style := element.get("style"):
                inline = self._weighed(read_style(style), _STYLE_ATTRIBUTE, 0)
                found.setdefault(element, []).extend(inline)
        return {element: _in_order(declared) for element, declared in found.items()}

    def _weighed(
        self, declared: tuple[Declaration, ...], weight: tuple[int, ...], order: int
    ) -> Iterator[tuple[Weight, Declaration]]:
        return (((one.important, weight, order), one) for one in declared if one.name in self._names)


def _parts(rule: Rule) -> int:
    return sum(len(matcher.parts) for matcher in matchers(rule.selector))


def _in_order(declared: list[tuple[Weight, Declaration]]) -> tuple[Declaration, ...]:
    return tuple(one for _, one in sorted(declared, key=lambda pair: pair[0]))


def _matches(rule: Rule, page: Page) -> dict[Element, tuple[int, ...]]:
    """The elements that a rule means, each with the weight of the strongest selector."""
    found: dict[Element, tuple[int, ...]] = {}
    for matcher in matchers(rule.selector):
        weight = (0, *matcher.weight)
        for element in matcher.find(page.elements):
            found[element] = max(found.get(element, ()), weight)
    return found
