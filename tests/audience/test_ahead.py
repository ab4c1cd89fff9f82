"""Reading on in a thread: the same items, and no thread that outlives its reader."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from digest.audience.ahead import ahead


def test_the_same_in_the_same_order() -> None:
    """Whatever their number."""
    for number in (0, 1, 5):
        with ahead(range(1, number + 1)) as items:
            assert list(items) == list(range(1, number + 1))


def test_none_is_lost_where_it_is_told_to_go_on() -> None:
    """However often that is said of one."""
    with ahead(range(1, 6)) as items:
        found = []
        for item in items:
            found.append(item)
            for _ in range(item % 3):
                items.go_on()
    assert found == [1, 2, 3, 4, 5]


def test_the_next_is_made_meanwhile() -> None:
    """As soon as that is wished, it is there although the present one is not done; and not before."""
    made = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        made.set()
        yield 2

    with ahead(items()) as coming:
        one_by_one = iter(coming)
        assert next(one_by_one) == 1
        assert not made.is_set()
        coming.go_on()
        assert made.wait(60)
        assert list(one_by_one) == [2]


def test_trouble_comes_out_at_its_place() -> None:
    """After all that was good."""

    def items() -> Iterator[int]:
        yield 1
        raise KeyError("x")

    with ahead(items()) as coming:
        one_by_one = iter(coming)
        assert next(one_by_one) == 1
        coming.go_on()
        with pytest.raises(KeyError):
            next(one_by_one)


def test_nothing_goes_on_afterwards() -> None:
    """At most one more was made when its reader had enough."""
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1, 100):
            made.append(number)
            yield number

    with ahead(items()) as coming:
        assert next(iter(coming)) == 1
        coming.go_on()
    assert len(made) <= 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]
