"""What a second process of the engine gains on a second core, with DKIM on.

Run it with `make bench`, or alone: `.venv/bin/python benchmarks/workers.py --rounds 5 --messages 4000`.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

from support.keys import rsa_2048
from support.ledgers import Urls, databases, owe, subscribed
from support.mailings import everybody_once
from support.options import sending_options
from support.senders import Order, sent_by, started
from support.sinks import sink, source
from support.tables import table
from support.timing import interleaved
from support.weeks import BRAND, pairs

from digest.db import Database
from digest.rendering.rendered import Rendered
from digest.rendering.renderer import Renderer

MARKER = "m0c5f2a9e71b3d86440aa17c3"
COMPARISONS = 6  # makes about 50 KB
OCTETS = 53_000
CONNECTIONS = 10  # of each process
FEWEST = 1000  # of a few hundred the first process may claim all


@dataclass
class Race:
    """One edition for so many readers, a key to sign it, and a sink."""

    mail: Rendered
    readers: int
    port: int
    key_file: Path
    cpu: dict[str, list[float]] = field(default_factory=dict)

    def ours(self, name: str, urls: Urls, processes: int) -> float:
        """So many processes at one ledger; milliseconds per message, from first start to last end."""
        with self._owing(urls) as database:
            order = Order(_url(database), self.port, CONNECTIONS, str(self.key_file))
            with started(order, processes) as senders:
                told = sent_by(senders)
            assert everybody_once(database, self.readers), "somebody did not get it, or got it twice"
        assert all(one.sent for one in told), "not every process took part"
        self.cpu.setdefault(name, []).append(sum(one.cpu for one in told) / self.readers * 1e6)
        taken = max(one.ended for one in told) - min(one.began for one in told)
        return taken / self.readers * 1000

    def source(self, processes: int) -> float:
        """Postfix's load generator with as many connections: what the sink itself can take."""
        began = time.perf_counter()
        source(self.port, octets=OCTETS, messages=self.readers, connections=CONNECTIONS * processes)
        return (time.perf_counter() - began) / self.readers * 1000

    @contextmanager
    def _owing(self, urls: Urls) -> Iterator[Database]:
        with urls() as url, subscribed(url, self.readers) as database:
            owe(database, self.mail)
            yield database


def main() -> None:
    """Print the measurement."""
    if (options := sending_options("What a second process gains.", 2000)) is None:
        return
    with ExitStack() as stack:
        port = stack.enter_context(sink())
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        mail = Renderer(BRAND).edition(pairs(COMPARISONS), MARKER)
        race = Race(mail, max(options.messages, FEWEST), port, rsa_2048(Path(folder, "rsa.pem")))
        _report(race, stack.enter_context(databases()), options.rounds)


def _report(race: Race, kinds: dict[str, Urls], rounds: int) -> None:
    print(
        f"{race.readers} messages of about {OCTETS:,} octets, signed with RSA-2048, {CONNECTIONS} connections"
    )
    print(f"in each process, {os.cpu_count()} cores; medians of {rounds} turns\n", flush=True)
    runs = {
        f"{kind}, {count} process{'es' * (count > 1)}": (urls, count)
        for kind, urls in kinds.items()
        for count in (1, 2)
    }
    timed = {name: partial(race.ours, name, *run) for name, run in runs.items()}
    limits = {f"the sink's limit, {CONNECTIONS * count} connections": count for count in (1, 2)}
    timed |= {name: partial(race.source, count) for name, count in limits.items()}
    times = interleaved(timed, rounds, warm=1)
    head = ("sent by", "messages/s", "÷ one", "at best", "÷ one", "CPU µs/message")
    print(table(head, [_row(name, times, race) for name in times]))
    print(
        "\nTarget: a second process gains while the sink is not the limit, so more than 1.0 ÷ one. At best is"
    )
    print("the fastest turn: whatever else the machine does takes the second core first.\n")


def _row(name: str, times: Mapping[str, list[float]], race: Race) -> tuple[str, ...]:
    cells = []
    picks: tuple[Callable[[list[float]], float], ...] = (median, min)
    for pick in picks:
        cells.append(f"{1000 / pick(times[name]):.0f}")
        one = name.replace("2 processes", "1 process")
        cells.append(f"{pick(times[one]) / pick(times[name]):.2f}" if name in race.cpu else "")
    return name, *cells, f"{median(race.cpu[name][1:]):.0f}" if name in race.cpu else ""


def _url(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


if __name__ == "__main__":
    main()
