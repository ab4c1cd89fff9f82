"""What a run shows while it sends: a bar at a terminal, a line a minute in the log elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from digest.app.progress import EachMinute, Progress, progress
from digest.delivery.sending import Tally


@contextmanager
def shown() -> Iterator[Callable[[Tally], None]]:
    """What to call after each try."""
    if not sys.stderr.isatty():
        yield EachMinute()
        return
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (SpinnerColumn(), BarColumn(20), TextColumn("{task.description}"), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("sending", total=None)

        def show(tally: Tally) -> None:
            at = progress(tally, time.monotonic() - tally.began)
            bar.update(task, total=max(tally.due, at.done), completed=at.done, description=words(at))

        yield show


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


def _span(seconds: float) -> str:
    """`40 s`, `4 min`, `3 h 20 min`: as coarse as such a guess is."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
