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


def test_the_next_is_made_meanwhile() -> None:
    """It is there although the present one is not done."""
    made = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        made.set()
        yield 2

    with ahead(items()) as coming:
        assert next(coming) == 1
        assert made.wait(10)
        assert list(coming) == [2]


def test_trouble_comes_out_at_its_place() -> None:
    """After all that was good."""

    def items() -> Iterator[int]:
        yield 1
        raise KeyError("x")

    with ahead(items()) as coming:
        assert next(coming) == 1
        with pytest.raises(KeyError):
            next(coming)


def test_nothing_goes_on_afterwards() -> None:
    """At most one more was made when its reader had enough."""
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1, 100):
            made.append(number)
            yield number

    with ahead(items()) as coming:
        assert next(coming) == 1
    assert len(made) <= 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]
