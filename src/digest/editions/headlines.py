"""Writes the headline: the week in one line."""

from __future__ import annotations

from collections.abc import Sequence

from digest.editions.facts import Facts, also_split, name_of
from digest.editions.phrasing import capital, number
from digest.editions.standstill import undecided, unshipped
from digest.editions.story import Tool


def headline(facts: Facts) -> str:
    """The week in one line."""
    return capital(_verdict(facts)) + _second_thought(facts)


def _verdict(facts: Facts) -> str:
    leaders = facts.leaders
    if not leaders:
        return undecided(facts, name_of)
    ship = leaders[0].panel_ship
    if ship == 0:
        return unshipped(leaders, name_of)
    if ship == 100:
        return _unanimous(leaders)
    if len(leaders) == 1:
        return f"{name_of(leaders[0])} tops the board at {ship}%"
    return f"{number(len(leaders))} tools share the top of the board at {ship}%"


def _unanimous(leaders: Sequence[Tool]) -> str:
    if len(leaders) == 1:
        return f"the whole panel would ship {name_of(leaders[0])}"
    return f"{number(len(leaders))} tools the whole panel would ship"


def _second_thought(facts: Facts) -> str:
    if not facts.leaders or facts.leaders[0].panel_ship == 0:
        return ""
    if facts.folds:
        return f", and {number(len(facts.folds))} yardstick{'s' * (len(facts.folds) > 1)}"
    split = len(also_split(facts))
    return f", and {number(split)} that split{'s' * (split == 1)} it" if split else ""
