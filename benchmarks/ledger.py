"""Whether a large ledger is as fast as a small one: fanning out, claiming, sending, and how rows are found.

Run it with `make bench`, or alone: `.venv/bin/python benchmarks/ledger.py --rounds 5 --rows 1000000`.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from statistics import median

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session
from support.bare import KEYED, PLAIN, Bare
from support.ledgers import Book, Urls, databases, owe, subscribed
from support.mailings import MINUTE, NOW, POLICY, engine, ready_edition
from support.plans import fault, plans
from support.sinks import missing, sink
from support.tables import table
from support.timing import interleaved
from support.weeks import BRAND, pairs

from digest.audience.suppressing import Suppressions
from digest.db import Database
from digest.delivery import claiming, ledger, stopping, workers
from digest.delivery.ledger import Done
from digest.delivery.models import Delivery, Mailing, State
from digest.delivery.replies import Meaning, Outcome
from digest.delivery.sending import Tally
from digest.editions.models import Edition, Status
from digest.logs import configure_logs
from digest.rendering.rendered import Rendered
from digest.rendering.renderer import Renderer

MARKER = "m0c5f2a9e71b3d86440aa17c3"
SMALL, BATCH, CONNECTIONS = 10_000, 100, 10
FAN_OUT_TARGET, GROWTH_TARGET = 3, 1.10
RULES = claiming.Rules(Suppressions(b"s" * 32))
SENT = Outcome(Meaning.SENT, 250, None, "2.0.0 Ok")


@dataclass(frozen=True, slots=True)
class Wish:
    """The sizes of the measurement."""

    rounds: int
    rows: int
    open: int


def main() -> None:
    """Print the measurements."""
    parser = argparse.ArgumentParser(description="Whether a large ledger is as fast as a small one.")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="runs of each measurement")
    parser.add_argument("--rows", type=int, default=1_000_000, metavar="N", help="rows of the large ledger")
    parser.add_argument("--open", type=int, default=5000, metavar="N", help="rows of either that are sent")
    options = parser.parse_args()
    configure_logs()
    wish = Wish(max(options.rounds, 1), max(options.rows, SMALL), min(options.open, SMALL))
    mail = Renderer(BRAND).edition(pairs(1), MARKER)
    with databases() as kinds:
        for name, urls in kinds.items():
            _measure(name, urls, mail, wish)


def _measure(name: str, urls: Urls, mail: Rendered, wish: Wish) -> None:
    print(f"{name}\n{'=' * len(name)}\n", flush=True)
    with ExitStack() as stack:
        big, small = (
            Book(stack.enter_context(subscribed(stack.enter_context(urls()), readers)), readers, wish.open)
            for readers in (wish.rows, SMALL)
        )
        _fan_out(big, mail, wish.rounds)
        owe(small.database, mail)
        _growth("All deliveries open", replace(big, open=big.readers), replace(small, open=SMALL), wish)
        for book in (big, small):
            book.settle()
        some = f"{wish.open:,} open at the beginning, in the middle and at the end, all others sent"
        _growth(some, big, small, wish)
        _plans(big)


# --- fanning out ---


def _fan_out(book: Book, mail: Rendered, rounds: int) -> None:
    """Leaves the ledger fanned out."""
    database, bare = book.database, Bare(book.database)
    with database.write() as session:
        session.add(ready_edition(mail))

    def ours() -> float:
        bare.emptied(Delivery.__tablename__)
        with database.write() as session:
            session.execute(delete(Mailing))
            session.execute(update(Edition).values(status=Status.APPROVED))
        took = _milliseconds(lambda: _fanned_out(database))
        _assert_all(book, bare.counted(Delivery.__tablename__))
        return took

    def insert(name: str) -> float:
        bare.emptied(name)
        took = _milliseconds(lambda: bare.filled(name))
        _assert_all(book, bare.counted(name))
        return took

    bare.emptied(KEYED, PLAIN)
    book.tidy()
    times = interleaved(
        {name: partial(insert, name) for name in (KEYED, PLAIN)} | {"fan_out": ours}, rounds, warm=1
    )
    middle = {name: median(taken) for name, taken in times.items()}
    print(f"Writing {book.readers:,} deliveries in one transaction; medians of {rounds} turns\n")
    rows = [
        (
            title,
            f"{middle[name] / 1000:.2f}",
            f"{middle[name] / middle[KEYED]:.2f}",
            f"{middle[name] / middle[PLAIN]:.2f}",
        )
        for title, name in (
            ("INSERT … SELECT, no index", PLAIN),
            ("INSERT … SELECT, the same primary key", KEYED),
            ("fan-out", "fan_out"),
        )
    ]
    print(table(("written by", "seconds", "÷ with key", "÷ no index"), rows))
    print(f"\nTarget for the fan-out: ≤ {FAN_OUT_TARGET} ÷ with key.\n", flush=True)


def _fanned_out(database: Database) -> None:
    with database.write() as session:
        ledger.fan_out(session, session.scalars(select(Edition)).one(), NOW)


def _assert_all(book: Book, found: int) -> None:
    assert found == book.readers, f"{found} rows instead of {book.readers}"


# --- large beside small ---


def _growth(title: str, big: Book, small: Book, wish: Wish) -> None:
    books = {"small": small, "big": big}
    measured: dict[str, Callable[[Book], float]] = {
        f"a claim of {BATCH}": lambda book: _claims(book, wish.open),
        "the count at the start of a run": _count,
    }
    with ExitStack() as stack:
        if missing():
            print(
                "smtp-sink is not here (Debian: apt-get install postfix; it need not run): nothing is sent.\n"
            )
        else:
            port = stack.enter_context(sink())
            measured["a message, sent"] = lambda book: _sending(book, port, wish.open)
        rows = [_compared(name, work, books, wish.rounds) for name, work in measured.items()]
    print(f"{title}; {wish.open:,} are claimed or sent in each turn;")
    print(f"milliseconds, medians of {wish.rounds} turns\n")
    print(table(("", f"of {small.readers:,}", f"of {big.readers:,}", "ratio", "target"), rows))
    print(flush=True)


def _compared(
    title: str, work: Callable[[Book], float], books: dict[str, Book], rounds: int
) -> tuple[str, ...]:
    times = interleaved({name: partial(work, book) for name, book in books.items()}, rounds, warm=1)
    small, big = (median(times[name]) for name in books)
    target = "" if "count" in title else f"{GROWTH_TARGET:.2f}"
    return title, f"{small:.3f}", f"{big:.3f}", f"{big / small:.2f}", target


def _claims(book: Book, most: int) -> float:
    """Claim so many, and give them back."""
    with book.database.trial() as session:
        worker = workers.register(session, NOW)
        jobs: list[claiming.Job] = []
        began = time.perf_counter()
        while len(jobs) < most and (claimed := claiming.claim(session, worker, RULES, NOW, BATCH).jobs):
            jobs += claimed
        taken = time.perf_counter() - began
    assert len(jobs) == most, f"{len(jobs)} claimed instead of {most}"
    return taken / (most / BATCH) * 1000


def _count(book: Book) -> float:
    with book.database.read() as session:
        mailing = session.scalars(select(Mailing.id)).one()
        found: list[stopping.Tallied] = []
        taken = _milliseconds(lambda: found.append(stopping.tally(session, mailing, NOW)))
    assert found[0].due == book.open, f"{found[0].due} due instead of {book.open}"
    return taken


def _sending(book: Book, port: int, most: int) -> float:
    """Send about so many; timed from the first one on, since the count at the start has its own row."""
    stop = threading.Event()
    looks: list[tuple[int, float]] = []

    def look(tally: Tally) -> None:
        sent = tally.tries[State.SENT]
        if sent:
            looks.append((sent, time.perf_counter()))
        if sent >= most:
            stop.set()

    tally = engine(book.database, port, CONNECTIONS).run(stop, look)
    assert tally.stopped is None, tally.stopped
    assert book.sent() == tally.tries[State.SENT] == tally.tries.total() >= most, (
        f"{book.sent()}, {tally.tries}"
    )
    book.reopen()
    (before, began), (after, ended) = looks[0], looks[-1]
    return (ended - began) / (after - before) * 1000


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


# --- plans ---


def _plans(book: Book) -> None:
    url = book.database.engine.url.render_as_string(hide_password=False)
    print(f"How rows are found among {book.readers:,}\n")
    shown: set[tuple[str, ...]] = set()
    with plans(url) as explain:
        for title, action in _actions().items():
            print(title)
            for plan in explain(action):
                if plan not in shown:
                    print("\n".join(f"  {line}" for line in plan))
                    bad = fault(plan)
                    print(f"  ^^^ {bad}" if bad else "", end="\n" * bool(bad))
                shown.add(plan)
    print(flush=True)


def _actions() -> dict[str, Callable[[Session], object]]:
    """What is done for every message or batch, or once a run; each with what it needs before."""

    def claim(session: Session) -> list[claiming.Job]:
        return claiming.claim(session, workers.register(session, NOW), RULES, NOW, BATCH).jobs

    def begin(session: Session) -> list[claiming.Job]:
        jobs = claim(session)
        hashed = [(job, RULES.suppressions.hash(job.canonical)) for job in jobs]
        worker = session.scalars(text("SELECT max(id) FROM workers")).one()
        assert all(ledger.begin(session.connection(), worker, hashed, NOW))
        return jobs

    def record(session: Session) -> None:
        jobs = begin(session)
        worker = session.scalars(text("SELECT max(id) FROM workers")).one()
        done = [Done(job, SENT) for job in jobs]
        assert set(ledger.record(session.connection(), worker, done, POLICY, NOW)) == {State.SENT}

    return {
        "claim": claim,
        "begin (after a claim)": begin,
        "record (after these)": record,
        "next_due": claiming.next_due,
        "finish_editions": lambda session: ledger.finish_editions(session, NOW),
        "take_back": lambda session: workers.take_back(session, NOW, NOW, MINUTE, POLICY),
    }


if __name__ == "__main__":
    main()
