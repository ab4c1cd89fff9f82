"""Reading on while the database works: the one needs the processor, the other mostly waits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def ahead(items: Iterable[T]) -> Iterator[Iterator[T]]:
    """The same items in the same order; while one is worked on, the next is made in a thread.

    At the end, also one by an exception, nothing more is made.
    """
    with ThreadPoolExecutor(1, "ahead") as pool:
        yield _each(pool, iter(items))


def _each(pool: ThreadPoolExecutor, items: Iterator[T]) -> Iterator[T]:
    coming = pool.submit(next, items, None)
    while (item := coming.result()) is not None:
        coming = pool.submit(next, items, None)
        yield item
