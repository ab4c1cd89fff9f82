"""What long work shows at a terminal: a bar, how fast it goes, and how long it will take."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from digest.app.progress import EachMinute, Progress, progress
from digest.audience.progress import Reading
from digest.delivery.sending import Tally

Update = Callable[[float | None, float, str], None]  # the whole (None: nobody knows), what is done, in words


@contextmanager
def shown() -> Iterator[Callable[[Tally], None]]:
    """What a run calls after each try: a bar at a terminal, a line a minute in the log elsewhere."""
    if not sys.stderr.isatty():
        yield EachMinute()
        return
    with _bar("sending") as update:

        def show(tally: Tally) -> None:
            at = progress(tally, time.monotonic() - tally.began)
            update(max(tally.due, at.done), at.done, words(at))

        yield show


@contextmanager
def reading() -> Iterator[Callable[[Reading], None]]:
    """What is called after each batch of a file; elsewhere than at a terminal the last line says enough."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    began = time.monotonic()
    with _bar("reading") as update:

        def show(at: Reading) -> None:
            update(at.bytes_all, at.bytes_done, reading_words(at, time.monotonic() - began))

        yield show


@contextmanager
def _bar(first: str) -> Iterator[Update]:
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (SpinnerColumn(), BarColumn(20), TextColumn("{task.description}"), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(first, total=None)
        yield lambda total, done, said: bar.update(task, total=total, completed=done, description=said)


def words(at: Progress) -> str:
    """`1,234 sent, 3 deferred, 1 failed; 210 a second; 4 min left`."""
    counts = {
        "sent": at.sent,
        "deferred": at.deferred,
        "failed": at.failed,
        "in doubt or not begun": at.other,
    }
    parts = [
        ", ".join(f"{number:,} {name}" for name, number in counts.items() if number) or "nothing yet",
        f"{at.per_second:.{0 if at.per_second >= 10 else 1}f} a second",
    ]
    if at.seconds_left is not None:
        parts.append(f"{_span(at.seconds_left)} left")
    return "; ".join(parts)


def reading_words(at: Reading, seconds: float) -> str:
    """`120,000 rows; 41,000 a second; 20 s left`; the time left goes by the bytes of the file."""
    rows = at.rows - at.rows_before
    parts = [f"{at.rows:,} rows", f"{rows / seconds if seconds > 0 else 0:,.0f} a second"]
    done = at.bytes_done - at.bytes_before
    if at.bytes_all is not None and done:
        parts.append(f"{_span(seconds / done * (at.bytes_all - at.bytes_done))} left")
    return "; ".join(parts)


def _span(seconds: float) -> str:
    """`40 s`, `4 min`, `3 h 20 min`: as coarse as such a guess is."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
