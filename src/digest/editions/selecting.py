"""What goes into an edition and what does not, each with its reason: a pure function over plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Candidate:
    """A comparison as selection sees it."""

    id: int
    slug: str
    published_at: datetime
    withdrawn: bool = False
    sent_in: str | None = None  # key of the edition that mailed it or is about to
    panel_ships: tuple[int | None, int | None] = (None, None)


@dataclass(frozen=True, slots=True)
class Rules:
    """How many comparisons an edition holds and how long one may wait for its turn."""

    min_items: int
    max_items: int
    max_item_age: timedelta


@dataclass(frozen=True, slots=True)
class Pick:
    """A comparison's reason to be in, or to be left out."""

    id: int
    slug: str
    reason: str


@dataclass(frozen=True, slots=True)
class Selection:
    """Items in the order they are shown, everything else with its reason, and whether it is too little."""

    items: tuple[Pick, ...]
    left_out: tuple[Pick, ...]
    skip: str | None  # the reason to send nothing this week


@dataclass(frozen=True, slots=True)
class Choices:
    """The editor's word on some candidates: pinned ids in order, and left-out ids with their reasons."""

    pinned: Sequence[int] = ()
    left_out: Mapping[int, str] = field(default_factory=dict)


def select(
    candidates: Iterable[Candidate],
    rules: Rules,
    window_start: datetime,
    window_end: datetime,
    choices: Choices = Choices(),
) -> Selection:
    """Choose for the half-open window [window_start, window_end).

    Whatever readers have not had competes: those that waited longest come first in line, so that nothing
    starves behind a busy week. Pinned ones jump the line. What got in is shown by strength: the best
    panel ship first, then the newest.
    """
    line, refused = _line(candidates, rules, window_end, choices)
    chosen, waiting = _cap(line, rules.max_items, choices)
    left_out = refused + _because(waiting, f"below rank: the edition holds {rules.max_items}; it waits")
    if len(chosen) < rules.min_items:
        held = _because(chosen, f"carried over: fewer than {rules.min_items} this week; it waits")
        return Selection((), left_out + held, _skip_reason(len(chosen), rules))
    items = tuple(Pick(c.id, c.slug, _why(c, window_start, choices)) for c in _shown(chosen, choices))
    return Selection(items, left_out, None)


def _line(
    candidates: Iterable[Candidate], rules: Rules, window_end: datetime, choices: Choices
) -> tuple[list[Candidate], tuple[Pick, ...]]:
    """Who may stand in line, those that waited longest first; and who may not, each with its reason."""
    line: list[Candidate] = []
    refused: list[Pick] = []
    for candidate in sorted(candidates, key=lambda c: (c.published_at, c.id)):
        if why_not := _why_not(candidate, rules, window_end, choices):
            refused.append(Pick(candidate.id, candidate.slug, why_not))
        else:
            line.append(candidate)
    return line, tuple(refused)


def _because(candidates: Iterable[Candidate], reason: str) -> tuple[Pick, ...]:
    return tuple(Pick(c.id, c.slug, reason) for c in candidates)


def _why_not(candidate: Candidate, rules: Rules, window_end: datetime, choices: Choices) -> str | None:
    if candidate.sent_in:
        return f"already sent in {candidate.sent_in}"
    if candidate.withdrawn:
        return "withdrawn"
    if candidate.id in choices.left_out:
        return f"left out by the editor: {choices.left_out[candidate.id]}"
    if candidate.published_at >= window_end:
        return "not published yet"
    if candidate.published_at < window_end - rules.max_item_age and candidate.id not in choices.pinned:
        return f"too old: published more than {rules.max_item_age.days} days ago"
    return None


def _cap(line: list[Candidate], limit: int, choices: Choices) -> tuple[list[Candidate], list[Candidate]]:
    place = {wanted: number for number, wanted in enumerate(choices.pinned)}
    ranked = sorted(line, key=lambda c: place.get(c.id, len(place)))  # stable: the rest keeps its turn
    return ranked[:limit], ranked[limit:]


def _shown(chosen: list[Candidate], choices: Choices) -> list[Candidate]:
    pinned = [c for wanted in choices.pinned for c in chosen if c.id == wanted]
    rest = [c for c in chosen if c not in pinned]
    return pinned + sorted(rest, key=_strength)


def _strength(candidate: Candidate) -> tuple[int, float, int]:
    best = max((ship for ship in candidate.panel_ships if ship is not None), default=-1)
    return (-best, -candidate.published_at.timestamp(), candidate.id)


def _why(candidate: Candidate, window_start: datetime, choices: Choices) -> str:
    if candidate.id in choices.pinned:
        return "pinned by the editor"
    return "carried over" if candidate.published_at < window_start else "new this week"


def _skip_reason(found: int, rules: Rules) -> str:
    if found == 0:
        return "nothing new"
    return f"too little: {found} of at least {rules.min_items}; they wait for the next edition"
