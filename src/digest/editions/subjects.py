"""Writes the subject: the news of the week in at most 60 characters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from digest.editions.facts import Facts, NameOf, also_split, by_panel, few
from digest.editions.phrasing import bare_name, clean, shorten
from digest.editions.standstill import undecided, unshipped
from digest.editions.story import Comparison, Tool

SUBJECT_WIDTH = 60


def subject(facts: Facts) -> str:
    """A subject of at most 60 characters that names tools where they fit."""
    phrases = [phrase for name in _name_forms(facts.board) for phrase in _subjects(facts, name)]
    fitting = (phrase for phrase in phrases if len(phrase) <= SUBJECT_WIDTH)
    return next(fitting, None) or shorten(phrases[-1], SUBJECT_WIDTH)


def _subjects(facts: Facts, name: NameOf) -> Iterator[str]:
    """The ways to say it, the richest first."""
    if len(facts.comparisons) == 1:
        yield _duel(facts.comparisons[0], name)
        return
    first = _first_news(facts, name)
    split = also_split(facts)
    if len(split) == 1 and facts.leaders:
        panel = "it" if facts.leaders[0].panel_ship == 100 else "the panel"
        yield f"{first}; {name(split[0])} splits {panel}"
    yield first


def _first_news(facts: Facts, name: NameOf) -> str:
    leaders = facts.leaders
    if not leaders:
        return undecided(facts, name)
    ship = leaders[0].panel_ship
    if ship == 0:
        return unshipped(leaders, name)
    plural = "" if len(leaders) > 1 else "s"
    names = few(leaders, name)
    return (
        f"{names} win{plural} the whole panel" if ship == 100 else f"{names} top{plural} the board at {ship}%"
    )


def _duel(comparison: Comparison, name: NameOf) -> str:
    better, worse = by_panel(comparison)
    best, least = better.panel_ship, worse.panel_ship
    if best is None:
        return f"{name(better)} vs {name(worse)}: the panel is still out"
    if least is None:
        return f"{name(better)} at {best}%; the panel is still out on {name(worse)}"
    if best > least:
        return f"{name(better)} beats {name(worse)}, {best}% to {least}%"
    if best == 0:
        return f"The panel would ship neither {name(better)} nor {name(worse)}"
    return f"{name(better)} and {name(worse)} tie at {best}%"


def _name_forms(tools: Sequence[Tool]) -> Iterator[NameOf]:
    """Ways to write a name, ever shorter."""
    yield lambda tool: clean(tool.name)
    if len({bare_name(tool.name) for tool in tools}) == len(tools):
        yield lambda tool: bare_name(tool.name)
    yield from (partial(_bare_and_short, width) for width in (36, 28, 22, 16, 12))


def _bare_and_short(width: int, tool: Tool) -> str:
    return shorten(bare_name(tool.name), width)
