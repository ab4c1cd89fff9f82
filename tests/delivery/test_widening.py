"""How many connections at once, by what the relay says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from digest.delivery.widening import GROW_AFTER, Width


def test_it_starts_at_one_and_grows_with_every_mail() -> None:
    """Never past the setting."""
    width = Width(4)
    seen = [width.now]
    for _ in range(6):
        width.accepted()
        seen.append(width.now)
    assert seen == [1, 2, 3, 4, 4, 4, 4]


def test_a_relay_that_has_too_many_gets_half() -> None:
    """And from then on another one only after so many mails."""
    width = Width(10, now=9)
    width.crowded()
    assert width.now == 4
    for _ in range(GROW_AFTER - 1):
        width.accepted()
    assert width.now == 4
    width.accepted()
    assert width.now == 5
    for _ in range(GROW_AFTER):
        width.accepted()
    assert width.now == 6


def test_what_went_well_before_counts_no_more() -> None:
    """The relay has changed its mind since."""
    width = Width(2, now=2)
    for _ in range(GROW_AFTER):
        width.accepted()
    width.crowded()
    width.accepted()
    assert width.now == 1


@given(most=st.integers(1, 20), news=st.lists(st.booleans(), max_size=300))
def test_there_is_always_one_and_never_more_than_allowed(most: int, news: list[bool]) -> None:
    """Whatever the relay says."""
    width = Width(most)
    for good in news:
        if good:
            width.accepted()
        else:
            width.crowded()
        assert 1 <= width.now <= most
