"""The most memory that the engine takes for a small ledger and for one of a million open deliveries.

Run it with `make bench`, or alone; `--whole` sends all of the large one and shows whether the rate keeps up:
`.venv/bin/python benchmarks/memory.py --whole`.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from itertools import pairwise
from statistics import median

from support.ledgers import Urls, databases, owe, subscribed
from support.mailings import everybody_once
from support.senders import Order, Told, sent_by, started
from support.sinks import missing, sink
from support.tables import table
from support.weeks import BRAND, pairs

from digest.logs import configure_logs
from digest.rendering.rendered import Rendered
from digest.rendering.renderer import Renderer

MARKER = "m0c5f2a9e71b3d86440aa17c3"
SMALL, PART, CONNECTIONS = 10_000, 20_000, 10
TARGET = 1.2


def main() -> None:
    """Print the measurement."""
    parser = argparse.ArgumentParser(description="Memory for small and large ledgers.")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="runs of each measurement")
    parser.add_argument("--rows", type=int, default=1_000_000, metavar="N", help="rows of the large ledger")
    parser.add_argument(
        "--whole", action="store_true", help=f"send all of the large one, once, not only {PART:,}"
    )
    options = parser.parse_args()
    configure_logs()
    if lacking := missing():
        print(f"Skipped: {lacking} is not here (Debian: apt-get install postfix; it need not run).\n")
        return
    rows, rounds = max(options.rows, SMALL), 1 if options.whole else max(options.rounds, 1)
    most = None if options.whole else min(PART, rows)
    print(
        f"{SMALL:,} sent of {SMALL:,}, and {most or rows:,} of {rows:,}, in a process of its own each; memory"
    )
    print(f"in MiB, before it begins and at its peak; medians of {rounds} turns\n", flush=True)
    mail = Renderer(BRAND).edition(pairs(1), MARKER)
    with ExitStack() as stack:
        port, kinds = stack.enter_context(sink()), stack.enter_context(databases())
        for name, urls in kinds.items():
            _report(name, _both(urls, port, mail, rows, most, rounds), rows)
    print(f"Target: ≤ {TARGET}.\n")


def _both(
    urls: Urls, port: int, mail: Rendered, rows: int, most: int | None, rounds: int
) -> dict[int, list[Told]]:
    """What senders of the small and of the large ledger told, in turns."""
    told: dict[int, list[Told]] = {SMALL: [], rows: []}
    for _ in range(rounds):
        for readers, ones in told.items():
            ones.append(_one(urls, port, mail, readers, None if readers == SMALL else most))
    return told


def _one(urls: Urls, port: int, mail: Rendered, readers: int, most: int | None) -> Told:
    with urls() as url, subscribed(url, readers) as database:
        owe(database, mail)
        with started(Order(url, port, CONNECTIONS, most=most)) as senders:
            (told,) = sent_by(senders)
        assert everybody_once(database, told.sent), "somebody did not get it, or got it twice"
    assert told.sent >= (most or readers), f"only {told.sent} were sent"
    return told


def _report(name: str, told: dict[int, list[Told]], rows: int) -> None:
    lines, small = [], median(one.memory_peak for one in told[SMALL])
    for readers, ones in told.items():
        before, peak = (
            median(getattr(one, what) for one in ones) for what in ("memory_before", "memory_peak")
        )
        rate = median(one.sent / (one.ended - one.began) for one in ones)
        ratio = f"{peak / small:.2f}" if readers == rows else ""
        title = f"{name}, {readers:,}"
        lines.append((title, f"{before / 1024:.1f}", f"{peak / 1024:.1f}", ratio, f"{rate:.0f}"))
    print(table(("ledger", "before", "peak", "ratio of peaks", "messages/s"), lines))
    rates = " ".join(f"{rate:.0f}" for rate in _rates(told[rows][-1].marks))
    print(f"messages/s in each tenth of the large one: {rates}\n", flush=True)


def _rates(marks: list[tuple[int, float]]) -> list[float]:
    """The rate between each two of up to eleven marks, which are about as far apart."""
    step = max((len(marks) - 1) / 10, 1)
    chosen = [marks[round(number * step)] for number in range(11) if round(number * step) < len(marks)]
    return [
        (sent - before) / (ended - began)
        for (before, began), (sent, ended) in pairwise(chosen)
        if ended > began
    ]


if __name__ == "__main__":
    main()
