"""The engine in processes of their own, which begin together and tell what they did."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from support.mailings import engine

from digest.config.settings import Dkim
from digest.db import Database
from digest.delivery.models import State
from digest.delivery.sending import Tally
from digest.delivery.signing import make_signer
from digest.logs import configure_logs

BENCHMARKS = Path(__file__).parents[1]
GO, READY = "go\n", "ready\n"


@dataclass(frozen=True, slots=True)
class Order:
    """What one sender is to do: `most` stops it soon after so many mails, `key_file` is for DKIM."""

    url: str
    port: int
    connections: int
    key_file: str | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What one sender did. Times are in seconds, `began` and `ended` by time.monotonic(), memory in KiB.

    `marks` are the mails sent and the seconds gone by, at every tenth second.
    """

    sent: int
    began: float
    ended: float
    cpu: float
    memory_before: int
    memory_peak: int
    marks: list[tuple[int, float]]


@contextmanager
def started(order: Order, count: int = 1) -> Iterator[list[subprocess.Popen[str]]]:
    """So many senders with everything imported and ready to go."""
    with ExitStack() as stack:
        processes = [stack.enter_context(_started(order)) for _ in range(count)]
        try:
            for process in processes:
                assert process.stdout is not None
                assert process.stdout.readline() == READY, "a sender did not start; what it said stands above"
            yield processes
        finally:
            for process in processes:
                process.kill()


def _started(order: Order) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "support.senders", json.dumps(asdict(order))]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=BENCHMARKS, text=True, stdin=pipe, stdout=pipe)


def sent_by(processes: list[subprocess.Popen[str]]) -> list[Told]:
    """Let them all begin, and wait for what they tell."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(GO)
        process.stdin.flush()
    return [_told(process) for process in processes]


def _told(process: subprocess.Popen[str]) -> Told:
    assert process.stdout is not None
    answer = process.stdout.readline()
    assert answer, "a sender ended without an answer; what it said stands above"
    return Told(**json.loads(answer))


def main() -> None:
    """Be a sender."""
    configure_logs()
    order = Order(**json.loads(sys.argv[1]))
    database = Database(order.url)
    with database.read() as session:
        session.connection()
    sys.stdout.write(READY)
    sys.stdout.flush()
    assert sys.stdin.readline() == GO, "nobody wants anything any more"
    sys.stdout.write(json.dumps(asdict(_sent(order, database))) + "\n")
    database.close()


def _sent(order: Order, database: Database) -> Told:
    signer = None
    if order.key_file:
        signer = make_signer(
            Dkim(domain="example.org", selector="a", key_file=Path(order.key_file)), "example.org"
        )
    sender = engine(database, order.port, order.connections, signer)
    stop, marks = threading.Event(), [(0, 0.0)]
    before, cpu, began = memory("VmRSS"), time.process_time(), time.monotonic()

    def watch(tally: Tally) -> None:
        sent, gone = tally.tries[State.SENT], time.monotonic() - began
        if order.most is not None and sent >= order.most:
            stop.set()
        if gone >= marks[-1][1] + 10:
            marks.append((sent, gone))

    tally = sender.run(stop, watch)
    ended = time.monotonic()
    assert tally.stopped is None, tally.stopped
    assert set(tally.tries) <= {State.SENT}, tally.tries
    marks.append((tally.tries[State.SENT], ended - began))
    spent = time.process_time() - cpu
    return Told(tally.tries[State.SENT], began, ended, spent, before, memory("VmHWM"), marks)


def memory(what: str) -> int:
    """What this process has in memory (VmRSS) or had at most (VmHWM), in KiB.

    getrusage() would not do: its maximum is handed down from the process that started this one.
    """
    status = Path("/proc/self/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{what}:"))


if __name__ == "__main__":
    main()
