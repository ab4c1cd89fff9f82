"""Times that mean something on a shared machine: runs take turns, and the least says what is possible."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median

Times = Mapping[str, list[float]]
"""The milliseconds of every run, by what was run."""


def interleaved(
    timed: Mapping[str, Callable[[], float]], rounds: int, warm: int = 3
) -> dict[str, list[float]]:
    """What each of `timed` reports, in turns, so that a busy moment strikes all of them."""
    for run in timed.values():
        for _ in range(warm):
            run()
    times: dict[str, list[float]] = {name: [] for name in timed}
    for _ in range(rounds):
        for name, run in timed.items():
            times[name].append(run())
    return times


def stopwatch(work: Callable[[], object], in_a_row: int = 1) -> Callable[[], float]:
    """Runs `work` so many times and reports the median in milliseconds."""

    def once() -> float:
        start = time.perf_counter()
        work()
        return (time.perf_counter() - start) * 1000

    return lambda: median(once() for _ in range(in_a_row))


def figures(times: list[float]) -> tuple[str, str]:
    """Median and least, in milliseconds."""
    return f"{median(times):.2f}", f"{min(times):.2f}"
