"""Writes the headline: the week in one line."""

from __future__ import annotations

from collections.abc import Sequence

from digest.editions.facts import Facts, also_split, name_of
from digest.editions.phrasing import capital, number
from digest.editions.standstill import undecided, unshipped
from digest.editions.story import Tool


def headline(facts: Facts) -> str:
    """The week in one line."""
    leaders = facts.leaders
    if not leaders:
        return undecided(facts, name_of)
    if leaders[0].panel_ship == 0:
        return unshipped(leaders, name_of)
    if leaders[0].panel_ship == 100 and len(leaders) > 1:
        return f"{capital(number(len(leaders)))} tools the whole panel would ship{_and_others(facts)}"
    return f"{capital(_lead(leaders))}{_but_one(facts)}"


def _lead(leaders: Sequence[Tool]) -> str:
    ship = leaders[0].panel_ship
    if len(leaders) > 1:
        return f"{number(len(leaders))} tools share the top of the board at {ship}%"
    name = name_of(leaders[0])
    return f"the whole panel would ship {name}" if ship == 100 else f"{name} tops the board at {ship}%"


def _and_others(facts: Facts) -> str:
    """What else there is: the yardsticks, unless one of them leads itself, or who splits the panel."""
    yardsticks = [fold.yardstick for fold in facts.folds]
    if yardsticks and not any(tool.panel_ship == 100 for tool in yardsticks):
        return f", and {number(len(yardsticks))} yardstick{'s' if len(yardsticks) > 1 else ''}"
    split = len(also_split(facts))
    return f", and {number(split)} that split{'s' if split == 1 else ''} it" if split else ""


def _but_one(facts: Facts) -> str:
    split = also_split(facts)
    if len(split) != 1:
        return ""
    return f"; {name_of(split[0])} splits {'it' if facts.leaders[0].panel_ship == 100 else 'the panel'}"
