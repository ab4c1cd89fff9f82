"""How fast an edition goes out, beside smtp-source and a plain smtplib loop, into Postfix's smtp-sink.

Run it with `make bench`, or alone: `.venv/bin/python benchmarks/sending.py --rounds 5 --messages 1000`.
"""

from __future__ import annotations

import asyncio
import smtplib
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from email.message import EmailMessage
from statistics import median

from support.mailings import NOW, engine, everybody_once, jobs, mailing, messages
from support.options import sending_options
from support.sinks import HOST, sink, source
from support.tables import table
from support.timing import interleaved
from support.weeks import BRAND, pairs

from digest.delivery.claiming import Job
from digest.delivery.messages import Messages
from digest.delivery.models import State
from digest.delivery.replies import Meaning
from digest.delivery.smtp import Relay, Session
from digest.rendering.rendered import Rendered
from digest.rendering.renderer import Renderer

MARKER = "m0c5f2a9e71b3d86440aa17c3"
COMPARISONS = 6  # makes about 50 KB
CONNECTIONS = 10
OURS, ONE_BY_ONE = "ours", "ours, relay without PIPELINING"
BARE, BARE_ONE_BY_ONE = "ours without a ledger", "the same, without PIPELINING"
SOURCE, LOOP = "smtp-source", "smtplib + EmailMessage, one loop"
TARGETS = {SOURCE: 1.0, LOOP: 5.0}
CPU_TARGET = 250  # microseconds per message


@dataclass
class Race:
    """One edition for so many readers, and two sinks: one offers PIPELINING, one hides it."""

    mail: Rendered
    readers: int
    port: int
    plain_port: int
    octets: int = 0
    cpu: dict[str, list[float]] = field(default_factory=dict)

    def ours(self, name: str, port: int) -> float:
        """The engine as it is; milliseconds per message."""
        with mailing(self.mail, self.readers) as database:
            sender = engine(database, port, CONNECTIONS)
            taken = self._timed(name, lambda: self._run(sender.run))
            assert everybody_once(database, self.readers), "somebody did not get it, or got it twice"
        return taken

    def bare(self, name: str, port: int) -> float:
        """The same messages over the same connections, but nobody keeps books."""
        with mailing(self.mail, self.readers) as database:
            owed, maker = jobs(database, self.readers), messages(database)
            self.octets = maker.letter(owed[0], NOW).octets
            return self._timed(name, lambda: _shared_out(owed, maker, port))

    def source(self) -> float:
        """Postfix's own load generator, with messages of our size."""

        def run() -> None:
            source(self.port, octets=self.octets, messages=self.readers, connections=CONNECTIONS)

        return self._timed(SOURCE, run)

    def loop(self) -> float:
        """What one would write first: a message built and sent for each reader, one after the other."""
        return self._timed(LOOP, lambda: _plain_loop(self.mail, self.readers, self.port))

    def _run(self, run: Callable[[], object]) -> None:
        tally = run()
        assert getattr(tally, "tries", None) == {State.SENT: self.readers}, f"not all were sent: {tally}"

    def _timed(self, name: str, work: Callable[[], None]) -> float:
        start, cpu = time.perf_counter(), time.process_time()
        work()
        wall, spent = time.perf_counter() - start, time.process_time() - cpu
        self.cpu.setdefault(name, []).append(spent / self.readers * 1e6)
        return wall / self.readers * 1000


def main() -> None:
    """Print the measurement."""
    if (options := sending_options("How fast an edition goes out.", 500)) is None:
        return
    with ExitStack() as stack:
        ports = [stack.enter_context(sink(pipelining=offered)) for offered in (True, False)]
        mail = Renderer(BRAND).edition(pairs(COMPARISONS), MARKER)
        race = Race(mail, max(options.messages, CONNECTIONS), *ports)
        _report(race, options.rounds)


def _report(race: Race, rounds: int) -> None:
    times = interleaved(
        {
            BARE: lambda: race.bare(BARE, race.port),
            BARE_ONE_BY_ONE: lambda: race.bare(BARE_ONE_BY_ONE, race.plain_port),
            OURS: lambda: race.ours(OURS, race.port),
            ONE_BY_ONE: lambda: race.ours(ONE_BY_ONE, race.plain_port),
            SOURCE: race.source,
            LOOP: race.loop,
        },
        rounds,
        warm=1,
    )
    rates = {name: 1000 / median(taken) for name, taken in times.items()}
    print(f"{race.readers} messages of {race.octets:,} octets, all different, {CONNECTIONS} connections,")
    print(f"SQLite ledger on disk, no DKIM; medians of {rounds} turns\n", flush=True)
    head = ("sent by", "messages/s", f"÷ {SOURCE}", "÷ smtplib loop", "CPU µs/message")
    print(table(head, [_row(name, rates, race.cpu[name][1:]) for name in times]))
    print(f"\nTargets for {OURS}: ≥ {TARGETS[SOURCE]}, ≥ {TARGETS[LOOP]}, ≤ {CPU_TARGET} µs.\n")


def _row(name: str, rates: dict[str, float], cpu: list[float]) -> tuple[str, ...]:
    rate = rates[name]
    own = "" if name == SOURCE else f"{median(cpu):.0f}"  # its time is not this process's
    return name, f"{rate:.0f}", f"{rate / rates[SOURCE]:.2f}", f"{rate / rates[LOOP]:.1f}", own


def _shared_out(owed: list[Job], maker: Messages, port: int) -> None:
    async def carry(share: list[Job]) -> int:
        sender = maker.sender.path
        async with Session(Relay(host=HOST, port=port, security="none")) as session:
            letters = [maker.letter(job, NOW) for job in share]
            pairs = zip(letters, [*letters[1:], None], strict=True)
            outcomes = [await session.carry(sender, letter, following) for letter, following in pairs]
        return sum(outcome.meaning is Meaning.SENT for outcome in outcomes)

    async def all_of_them() -> int:
        shares = (owed[number::CONNECTIONS] for number in range(CONNECTIONS))
        return sum(await asyncio.gather(*map(carry, shares)))

    assert asyncio.run(all_of_them()) == len(owed), "not all were accepted"


def _plain_loop(mail: Rendered, readers: int, port: int) -> None:
    with smtplib.SMTP(HOST, port) as client:
        for number in range(readers):
            message = EmailMessage()
            message["Subject"] = mail.subject
            message["From"] = "Weekly Verdicts <verdicts@example.org>"
            message["To"] = f"reader.{number:07}@mail.example.org"
            mine = f"https://digest.example.org/{number}"
            message.set_content(mail.text.replace(f"https://{mail.marker}.invalid", mine))
            html = mail.html.replace(f"https://{mail.marker}.invalid", mine)
            message.add_alternative(html, subtype="html")
            client.send_message(message)


if __name__ == "__main__":
    main()
