"""What bounds the rate of sending: the engine with parts of its ledger's work taken away, beside smtp-source.

Nothing here could be used: claims that cost nothing and commits that do not wait for the disk only show how
much each is worth. Run it with `make bench`, or alone: `.venv/bin/python benchmarks/bounds.py --rounds 5`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Any
from unittest.mock import patch

from sqlalchemy import event
from sqlalchemy.orm import Session
from support.mailings import NOW, engine, everybody_once, jobs, mailing, messages
from support.options import sending_options
from support.sinks import sink, source
from support.tables import table
from support.timing import interleaved
from support.weeks import BRAND, pairs

from digest.db import Database
from digest.delivery import claiming
from digest.delivery.claiming import Claimed, Job
from digest.rendering.rendered import Rendered
from digest.rendering.renderer import Renderer

MARKER = "m0c5f2a9e71b3d86440aa17c3"
COMPARISONS, CONNECTIONS = 6, 10
WHOLE, SOURCE = "all of it", "smtp-source"
CLAIMS, DISK = "claims cost nothing", "commits do not wait for the disk"
BOTH = "neither claims nor the disk"


@dataclass
class Stock:
    """Claims everything at the first claim, hands it out from memory, and says when that was done."""

    jobs: list[Job] = field(default_factory=list)
    since: float | None = None
    cpu: float = 0.0
    _claim: Any = claiming.claim

    def claim(self, session: Session, worker_id: int, rules: claiming.Rules, now: Any, limit: int) -> Claimed:
        """As `claiming.claim`, which it stands in for."""
        if self.since is None:
            self.jobs = self._claim(session, worker_id, rules, now, 10_000_000).jobs
            self.since, self.cpu = time.perf_counter(), time.process_time()
        taken, self.jobs = self.jobs[:limit], self.jobs[limit:]
        return Claimed(taken, again=bool(self.jobs))


@dataclass
class Bench:
    """So many messages of one edition to one sink; CPU in microseconds a message."""

    mail: Rendered
    readers: int
    port: int
    cpu: dict[str, list[float]] = field(default_factory=dict)

    def ours(self, name: str) -> float:
        """Milliseconds per message."""
        with mailing(self.mail, self.readers) as database, ExitStack() as stack:
            stock = Stock()
            if name in (DISK, BOTH):
                _careless(database)
            if name in (CLAIMS, BOTH):
                stack.enter_context(patch.object(claiming, "claim", stock.claim))
            sender = engine(database, self.port, CONNECTIONS)
            start, cpu = time.perf_counter(), time.process_time()
            sender.run()
            wall, spent = time.perf_counter() - (stock.since or start), time.process_time()
            assert everybody_once(database, self.readers), "somebody did not get it, or got it twice"
        self.cpu.setdefault(name, []).append((spent - (stock.cpu or cpu)) / self.readers * 1e6)
        return wall / self.readers * 1000

    def source(self, octets: int) -> float:
        """Postfix's own load generator, with messages of our size; milliseconds per message."""
        start = time.perf_counter()
        source(self.port, octets=octets, messages=self.readers, connections=CONNECTIONS)
        return (time.perf_counter() - start) / self.readers * 1000


def _careless(database: Database) -> None:
    @event.listens_for(database.engine, "connect")
    def _(connection: Any, _: object) -> None:
        connection.execute("PRAGMA synchronous = OFF")

    database.engine.dispose()


def main() -> None:
    """Print the measurement."""
    if (options := sending_options("What bounds the rate of sending.", 500)) is None:
        return
    with _bench(max(options.messages, CONNECTIONS)) as bench:
        _report(bench, options.rounds)


@contextmanager
def _bench(readers: int) -> Iterator[Bench]:
    with sink() as port:
        yield Bench(Renderer(BRAND).edition(pairs(COMPARISONS), MARKER), readers, port)


def _report(bench: Bench, rounds: int) -> None:
    with mailing(bench.mail, 1) as database:
        octets = messages(database).letter(jobs(database, 1)[0], NOW).octets
    ways = {name: partial(bench.ours, name) for name in (WHOLE, CLAIMS, DISK, BOTH)}
    times = interleaved({**ways, SOURCE: partial(bench.source, octets)}, rounds, warm=1)
    rates = {name: 1000 / median(taken) for name, taken in times.items()}
    print(f"{bench.readers} messages of {octets:,} octets, {CONNECTIONS} connections")
    print(f"SQLite ledger on disk, no DKIM; medians of {rounds} turns\n", flush=True)
    rows = [
        (name, f"{rate:.0f}", f"{rate / rates[SOURCE]:.2f}", _cpu(bench.cpu.get(name, [])))
        for name, rate in rates.items()
    ]
    print(table(("sending", "messages/s", f"÷ {SOURCE}", "CPU µs/message"), rows), "\n")


def _cpu(spent: list[float]) -> str:
    return f"{median(spent[1:]):.0f}" if spent else ""  # the first turn is the warm one


if __name__ == "__main__":
    main()
