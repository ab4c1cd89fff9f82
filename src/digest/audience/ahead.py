"""Reading on while the database works: the one needs Python, the other does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """The same items in the same order; `go_on` lets the next one be made in a thread.

    Whoever asks for it before the thread is done waits. Two threads that both need Python hold each other up
    by milliseconds at each turn, so `go_on` is best said where a long wait begins.
    """

    def __init__(self, items: Iterable[T], pool: ThreadPoolExecutor | None = None) -> None:
        """`pool` has one thread; without it each item is made when it is asked for."""
        self._items, self._pool = iter(items), pool
        self._coming: Future[T | None] | None = None

    def go_on(self) -> None:
        """Let the next item be made, unless that is under way."""
        if self._pool and self._coming is None:
            self._coming = self._pool.submit(next, self._items, None)

    def __iter__(self) -> Iterator[T]:
        """Item by item; an exception comes out at its place."""
        while (item := self._next()) is not None:
            yield item

    def _next(self) -> T | None:
        coming, self._coming = self._coming, None
        return coming.result() if coming else next(self._items, None)


@contextmanager
def ahead(items: Iterable[T]) -> Iterator[Ahead[T]]:
    """At the end, also one by an exception, nothing more is made."""
    with ThreadPoolExecutor(1, "ahead") as pool:
        yield Ahead(items, pool)
