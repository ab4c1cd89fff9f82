"""Senders are killed at random moments of their lives, and still everybody gets the edition.

One harness for both forms: the short one among the tests, the long one by `python -m tests.faults.crash`.
"""

from __future__ import annotations

import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.faults.crash_findings import Findings, Plan
from tests.faults.smtp_server import Fault, FaultyServer, Script
from tests.journeys.installation import EDITION, SLOT, Installation, filled, installed, many_readers

SECONDS = 120  # for whatever must come to an end by itself
STEP = 0.02  # seconds between looks at the server while a moment is waited for
BATCH = 10  # deliveries claimed at once; small, so that three senders share even a short edition

IN_FLIGHT = """
    SELECT workers.id, workers.pid, subscribers.email
    FROM deliveries
    LEFT JOIN workers ON workers.id = deliveries.worker_id
    JOIN subscribers ON subscribers.id = deliveries.subscriber_id
    WHERE deliveries.state = 'sending'
"""
IN_DOUBT = """
    SELECT subscribers.email FROM attempts JOIN subscribers ON subscribers.id = attempts.subscriber_id
    WHERE attempts.result = 'unknown'
"""
# The last statement of a killed client, which may be a COMMIT, ends a moment after the client.
OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def crash_runs(folder: Path, url: str, plan: Plan) -> Findings:
    """Send one edition to `plan.readers` while senders are killed `plan.kills` times, then to its end.

    The server writes down each recipient before it answers the dot; what it wrote is what was accepted.
    """
    log = folder / "accepted.txt"
    log.touch()
    pauses: dict[str, Fault] = {}
    with FaultyServer(Script(faults=pauses, log=log)) as server:
        made = filled(installed(folder, url, server.port, **_settings(plan)), many_readers(plan.readers))
        mayhem = _Mayhem(made, server, plan, pauses)
        mayhem.strike_all()
        mayhem.come_to_an_end()
    return Findings(
        plan=plan,
        kills=mayhem.kills,
        hits=mayhem.hits,
        midway=mayhem.midway,
        accepted=Counter(log.read_text().split()),
        doubts=Counter(email for (email,) in made.query(IN_DOUBT)),
        caught=Counter(email for _, _, email in mayhem.caught),
        most_in_flight=mayhem.most_in_flight,
        mishap=mayhem.mishap,
        mailings=len(made.query("SELECT id FROM mailings")),
        deliveries=made.deliveries(),
    )


def _settings(plan: Plan) -> dict[str, str]:
    return {
        "SMTP__CONNECTIONS": str(plan.connections),
        "DELIVERY__BATCH": str(BATCH),
        "DELIVERY__AFTER_CRASH": "resend",
        "DELIVERY__RESEND_AFTER": "1 second",
    }


def rounds_of(plan: Plan, chance: random.Random) -> list[int]:
    """How many senders die in each round: one or all of them, in the last one all."""
    rounds = [min(plan.workers, plan.kills)]
    while (left := plan.kills - sum(rounds)) > 0:
        rounds.insert(0, min(left, chance.choice((1, plan.workers))))
    return rounds


def moments_of(rounds: int, chance: random.Random) -> list[float]:
    """A random moment in [0, 1) for each round, spread so that a few rounds cover all of it too."""
    moments = [(number + chance.random()) / rounds for number in range(rounds)]
    chance.shuffle(moments)
    return moments


def pause_per_mail(plan: Plan, rounds: int, startup: float) -> float:
    """Seconds that the server takes for a mail, so that the edition outlasts the kills.

    A round lasts up to twice the start-up. A single sender spends half of that on starting; of several,
    those that live on send all the time.
    """
    sending = startup if plan.workers == 1 else 2 * startup
    return min(1.0, sending * plan.workers * plan.connections / most_mails(plan.readers, rounds))


def most_mails(left: int, rounds: int) -> int:
    """How many mails one round may let through, `rounds` being those to come with this one."""
    return max(1, 2 * left // (rounds + 2))


class _Mayhem:
    """The senders of one edition, their deaths, and what is seen right after each."""

    def __init__(
        self, made: Installation, server: FaultyServer, plan: Plan, pauses: dict[str, Fault]
    ) -> None:
        self.made, self.server, self.plan, self.pauses = made, server, plan, pauses
        self.chance = random.Random(plan.seed)
        self.alive: list[subprocess.Popen[bytes]] = []
        self.kills = self.hits = self.midway = self.most_in_flight = 0
        self.caught: set[tuple[int, int, str]] = set()
        self.startup = 0.0
        self.mishap = ""

    def strike_all(self) -> None:
        """Kill as often as planned."""
        rounds = rounds_of(self.plan, self.chance)
        self.startup = self._rehearse()
        self._slow_down(pause_per_mail(self.plan, len(rounds), self.startup))
        try:
            for number, moment in enumerate(moments_of(len(rounds), self.chance)):
                if not self.mishap:
                    self._strike(moment, rounds[number], len(rounds) - number)
        finally:
            self._kill(self.alive)

    def _rehearse(self) -> float:
        """Seconds that as many senders need at the same time to find out what is due."""
        began = time.monotonic()
        for process in [self.made.start("run", "--dry-run", "--now", SLOT) for _ in range(self.plan.workers)]:
            assert process.wait(SECONDS) == 0, self._words()
        return time.monotonic() - began

    def _slow_down(self, pause: float) -> None:
        """Half of the pause before the message is asked for, half before it is accepted."""
        self.pauses.update({stage: Fault(delay=pause / 2) for stage in ("data", "dot")})

    def _strike(self, moment: float, deaths: int, rounds: int) -> None:
        """One round: fill up the senders, wait for the moment, kill some, look."""
        newcomers = self._fill_up()
        in_flight = self.plan.workers * self.plan.connections
        most = most_mails(self.plan.readers - len(self.server.received) - in_flight, rounds)
        seconds = moment * 2 * self.startup
        connected = self._wait(seconds, most)
        if rounds == 1:
            self._see_a_mail()
        if newcomers == self.plan.workers:
            self.startup = connected or max(self.startup, seconds)
        if ended := [process.returncode for process in self.alive if process.poll() is not None]:
            self.mishap = f"ended by themselves with {ended}: {self._words()}"
            return
        victims = self.chance.sample(self.alive, deaths)
        self._kill(victims)
        self._look(victims)

    def _fill_up(self) -> int:
        newcomers = self.plan.workers - len(self.alive)
        self.alive += [self.made.start("run", "--now", SLOT) for _ in range(newcomers)]
        return newcomers

    def _wait(self, seconds: float, most: int) -> float | None:
        """Wait so long, or until so many mails have come; when the first connection was made, if any was."""
        began, mails, connections = time.monotonic(), len(self.server.received), self.server.connections
        connected = None
        while (left := began + seconds - time.monotonic()) > 0:
            if len(self.server.received) - mails >= most:
                time.sleep(self.chance.random() / 10)  # not right behind an answer
                break
            if connected is None and self.server.connections > connections:
                connected = time.monotonic() - began
            time.sleep(min(left, STEP))
        return connected

    def _see_a_mail(self) -> None:
        """The last kill shows nothing before the first mail; starting may have taken longer than it did."""
        deadline = time.monotonic() + SECONDS
        while not self.server.received and all(process.poll() is None for process in self.alive):
            assert time.monotonic() < deadline, self._words()
            time.sleep(STEP)

    def _kill(self, victims: Iterable[subprocess.Popen[bytes]]) -> None:
        victims = list(victims)
        for victim in victims:
            victim.kill()
        for victim in victims:
            victim.wait()
            self.alive.remove(victim)

    def _look(self, victims: list[subprocess.Popen[bytes]]) -> None:
        """What stands at sending now. Once all are dead, that is what must be in doubt later on."""
        self.kills += len(victims)
        self.midway = len(self.server.received)
        if not self.alive:
            self._let_go()
        rows = self.made.query(IN_FLIGHT)
        killed = {victim.pid for victim in victims}
        self.hits += len({pid for _, pid, _ in rows} & killed)
        if not self.alive:
            self.caught |= {(worker, pid, email) for worker, pid, email in rows}
        per_worker = Counter(worker for worker, _, _ in rows)
        self.most_in_flight = max(self.most_in_flight, *per_worker.values(), 0)

    def _let_go(self) -> None:
        """Wait until PostgreSQL has noticed the deaths, too."""
        if self.made.settings["DATABASE__URL"].startswith("postgresql"):
            deadline = time.monotonic() + SECONDS
            while self.made.query(OTHERS) != [(0,)]:
                assert time.monotonic() < deadline
                time.sleep(STEP)

    def come_to_an_end(self) -> None:
        """As many senders as before, undisturbed; then what their third doubt has put on hold."""
        self.pauses.clear()
        self._fill_up()
        codes = [process.wait(SECONDS) for process in self.alive]
        if any(codes) and not self.mishap:
            self.mishap = f"ended with {codes}: {self._words()}"
        if "unknown" in self.made.deliveries():
            self.made.run("send", EDITION, "--in-doubt", "--now", SLOT)

    def _words(self) -> str:
        return (self.made.folder / "stderr.txt").read_text("utf-8", "replace")[-2000:]
