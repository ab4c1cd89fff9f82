"""Selection as a pure function: tables of weeks, and what holds for every week there could be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.editions.selecting import Candidate, Choices, Rules, Selection, select

END = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)
START = END - timedelta(days=7)
RULES = Rules(min_items=1, max_items=3, max_item_age=timedelta(weeks=8))
NONE = Choices()


def candidate(number: int, days_ago: float = 1, ship: int | None = 50, **values: object) -> Candidate:
    """Comparison `c1`, `c2`, …, published so many days before the window's end."""
    published = END - timedelta(days=days_ago)
    return Candidate(number, f"c{number}", published, panel_ships=(ship, None), **values)  # type: ignore[arg-type]


def chosen(candidates: list[Candidate], rules: Rules = RULES, choices: Choices = NONE) -> Selection:
    """The week's selection."""
    return select(candidates, rules, START, END, choices)


def slugs(selection: Selection) -> list[str]:
    """What is in it, in order."""
    return [pick.slug for pick in selection.items]


def reasons(selection: Selection) -> dict[str, str]:
    """Why each candidate is in or out."""
    return {pick.slug: pick.reason for pick in (*selection.items, *selection.left_out)}


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (candidate(1, 1), "new this week"),
        (candidate(1, 7), "new this week"),
        (candidate(1, 7.01), "carried over"),
        (candidate(1, 56), "carried over"),
    ],
)
def test_why_a_comparison_is_in(one: Candidate, reason: str) -> None:
    """New since the window began, which is part of it, or waiting from before."""
    selection = chosen([one])
    assert slugs(selection) == ["c1"]
    assert reasons(selection) == {"c1": reason}
    assert selection.skip is None


@pytest.mark.parametrize(
    ("one", "choices", "reason"),
    [
        (candidate(1, sent_in="2026-W46"), NONE, "already sent in 2026-W46"),
        (candidate(1, withdrawn=True), NONE, "withdrawn"),
        (candidate(1, 0), NONE, "not published yet"),
        (candidate(1, -3), NONE, "not published yet"),
        (candidate(1, 56.01), NONE, "too old: published more than 56 days ago"),
        (candidate(1), Choices(left_out={1: "wrong price"}), "left out by the editor: wrong price"),
        # an editor's pin does not bring any of these in
        (candidate(1, sent_in="2026-W46"), Choices([1]), "already sent in 2026-W46"),
        (candidate(1, withdrawn=True), Choices([1]), "withdrawn"),
        (candidate(1, -3), Choices([1]), "not published yet"),
        # of several reasons, the one that will never pass
        (candidate(1, -3, withdrawn=True, sent_in="2026-W46"), NONE, "already sent in 2026-W46"),
        (candidate(1, -3, withdrawn=True), NONE, "withdrawn"),
    ],
)
def test_why_a_comparison_is_out(one: Candidate, choices: Choices, reason: str) -> None:
    """Each way not to be eligible, also against an editor's pin."""
    selection = chosen([one, candidate(2)], choices=choices)
    assert slugs(selection) == ["c2"]
    assert reasons(selection)["c1"] == reason


def test_a_pin_brings_back_what_is_too_old() -> None:
    """Age is a rule of thumb, which an editor may overrule."""
    selection = chosen([candidate(1, 400)], choices=Choices([1]))
    assert reasons(selection) == {"c1": "pinned by the editor"}


@pytest.mark.parametrize(
    ("candidates", "pinned", "shown"),
    [
        # the best panel ship first, then the newest; nobody's vote comes last
        ([candidate(1, 1, 20), candidate(2, 1, 90), candidate(3, 1, None)], (), "c2 c1 c3"),
        ([candidate(1, 1, 0), candidate(2, 1, None)], (), "c1 c2"),
        ([candidate(1, 3), candidate(2, 1), candidate(3, 2)], (), "c2 c3 c1"),
        ([candidate(2), candidate(1), candidate(3)], (), "c1 c2 c3"),
        # pinned ones first, in the order given
        ([candidate(1, 1, 20), candidate(2, 1, 90), candidate(3, 1, None)], (3, 1), "c3 c1 c2"),
        ([candidate(1), candidate(2)], (9, 2), "c2 c1"),
        # a busy week: those that waited longest are first in line, whatever their strength
        ([candidate(n, n, 100 - n) for n in range(1, 6)], (), "c3 c4 c5"),
        # and pinned ones jump it
        ([candidate(n, n, 100 - n) for n in range(1, 6)], (1,), "c1 c4 c5"),
        ([candidate(n, n) for n in range(1, 6)], (1, 2, 3, 4), "c1 c2 c3"),
    ],
)
def test_the_order_and_the_cap(candidates: list[Candidate], pinned: tuple[int, ...], shown: str) -> None:
    """Who gets in when there is no room for all, and how they stand then."""
    assert slugs(chosen(candidates, choices=Choices(pinned))) == shown.split()


def test_what_does_not_fit_waits() -> None:
    """In a busy week the rest is told to wait, and fits in the next."""
    busy = [candidate(n, n) for n in range(1, 6)]
    first = chosen(busy)
    waiting = [pick.id for pick in first.left_out]
    assert set(reasons(first).values()) == {"new this week", "below rank: the edition holds 3; it waits"}
    second = select([one for one in busy if one.id in waiting], RULES, END, END + timedelta(days=7))
    assert sorted(pick.id for pick in second.items) == sorted(waiting)
    assert {pick.reason for pick in second.items} == {"carried over"}


@pytest.mark.parametrize(
    ("count", "skip"),
    [
        (0, "nothing new"),
        (1, "too little: 1 of at least 2; they wait for the next edition"),
        (2, None),
    ],
)
def test_a_thin_week_is_skipped(count: int, skip: str | None) -> None:
    """Fewer than the minimum: nothing is in, and what there was says that it waits."""
    selection = chosen([candidate(n) for n in range(count)], Rules(2, 3, timedelta(weeks=8)))
    assert selection.skip == skip
    assert len(selection.items) == (0 if skip else count)
    if skip:
        assert all(
            pick.reason == "carried over: fewer than 2 this week; it waits" for pick in selection.left_out
        )


def test_two_thin_weeks_make_one_edition() -> None:
    """What waited counts in the week after."""
    rules = Rules(2, 3, timedelta(weeks=8))
    selection = chosen([candidate(1, 8), candidate(2, 1)], rules)
    assert reasons(selection) == {"c1": "carried over", "c2": "new this week"}


VOTES = st.none() | st.integers(0, 100)
WEEKS = st.lists(
    st.builds(
        Candidate,
        st.integers(1, 20),
        st.just("c"),
        st.integers(-3, 70).map(lambda days: END - timedelta(days=days)),
        st.booleans(),
        st.none() | st.just("2026-W40"),
        st.tuples(VOTES, VOTES),
    ),
    max_size=20,
    unique_by=lambda one: one.id,
)
LIMITS = st.tuples(st.integers(1, 6), st.integers(1, 6)).map(
    lambda pair: Rules(min(pair), max(pair), timedelta(weeks=8))
)
EDITORS = st.builds(
    Choices,
    st.lists(st.integers(1, 25), unique=True, max_size=8),
    st.dictionaries(st.integers(1, 25), st.just("why"), max_size=4),
)


@given(WEEKS, LIMITS, EDITORS)
def test_everybody_is_accounted_for_once(week: list[Candidate], rules: Rules, editor: Choices) -> None:
    """In or out, never both, each with a reason."""
    selection = chosen(week, rules, editor)
    picks = [*selection.items, *selection.left_out]
    assert sorted(pick.id for pick in picks) == sorted(one.id for one in week)
    assert all(pick.reason for pick in picks)


@given(WEEKS, LIMITS, EDITORS)
def test_nothing_gets_in_that_must_not(week: list[Candidate], rules: Rules, editor: Choices) -> None:
    """Never one already sent, withdrawn, left out or not yet published."""
    by_id = {one.id: one for one in week}
    for pick in chosen(week, rules, editor).items:
        one = by_id[pick.id]
        assert one.sent_in is None
        assert not one.withdrawn
        assert one.id not in editor.left_out
        assert one.published_at < END
        assert one.id in editor.pinned or one.published_at >= END - rules.max_item_age


@given(WEEKS, LIMITS, EDITORS)
def test_the_numbers_hold(week: list[Candidate], rules: Rules, editor: Choices) -> None:
    """Never more than the maximum; fewer than the minimum means none, and a reason to skip."""
    selection = chosen(week, rules, editor)
    assert len(selection.items) <= rules.max_items
    assert (selection.skip is None) == (len(selection.items) >= rules.min_items)
    assert bool(selection.skip) == (not selection.items)


@given(WEEKS.flatmap(lambda week: st.tuples(st.just(week), st.permutations(week))), LIMITS, EDITORS)
def test_the_order_of_rows_does_not_matter(
    weeks: tuple[list[Candidate], list[Candidate]], rules: Rules, editor: Choices
) -> None:
    """The database may return them as it likes."""
    assert chosen(weeks[0], rules, editor) == chosen(weeks[1], rules, editor)


@given(WEEKS, LIMITS, EDITORS)
def test_pinned_ones_come_first_in_the_order_given(
    week: list[Candidate], rules: Rules, editor: Choices
) -> None:
    """No unpinned one stands before a pinned one, or is in while an eligible pinned one is out."""
    selection = chosen(week, rules, editor)
    shown = [pick.id for pick in selection.items]
    pinned = [number for number in editor.pinned if number in shown]
    assert shown[: len(pinned)] == pinned
    waiting = {pick.id for pick in selection.left_out if pick.reason.startswith("below rank")}
    if len(pinned) < len(shown):
        assert not waiting & set(editor.pinned)


@given(WEEKS, LIMITS)
def test_nobody_starves(week: list[Candidate], rules: Rules) -> None:
    """Whoever waits for room was published no earlier than all who got in."""
    selection = chosen(week, rules)
    published = {one.id: one.published_at for one in week}
    waiting = [published[p.id] for p in selection.left_out if p.reason.startswith("below rank")]
    latest_in = max((published[pick.id] for pick in selection.items), default=None)
    assert latest_in is None or all(moment >= latest_in for moment in waiting)
