"""The engine: claim what is due, hand it to a fixed set of connections, record how it went."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session as DbSession

from digest.audience.suppressing import Suppressions
from digest.clock import Clock
from digest.db import Database
from digest.delivery import holding, ledger, stopping, workers
from digest.delivery.composing import BadRecipient
from digest.delivery.group_commit import GroupCommit
from digest.delivery.ledger import Job
from digest.delivery.messages import Messages
from digest.delivery.models import State
from digest.delivery.replies import Meaning, Outcome
from digest.delivery.retrying import Policy
from digest.delivery.smtp import Relay, Session
from digest.delivery.stopping import NEVER, Limit, Tallied
from digest.errors import DigestError, RelayRefused
from digest.logs import get_logger, short_address

REFUSALS_IN_A_ROW = 3


@dataclass
class Tally:
    """What one call of the engine did: tries by the state they led to, and why it stopped something.

    `due` is how many deliveries it found to do, `began` the reading of time.monotonic() at its start.
    """

    tries: Counter[State] = field(default_factory=Counter)
    in_doubt: int = 0
    stopped: DigestError | None = None
    due: int = 0
    began: float = field(default_factory=time.monotonic)


@dataclass
class Engine:
    """Sends whatever the ledger says is due, once."""

    database: Database
    clock: Clock
    messages: Messages
    relay: Relay
    suppressions: Suppressions
    policy: Policy
    connections: int
    batch: int
    lease: timedelta
    per_second: float | None = None
    limit: Limit = NEVER

    def run(
        self,
        stop: threading.Event | None = None,
        on_progress: Callable[[Tally], None] = lambda _: None,
    ) -> Tally:
        """Send until nothing is due that another worker does not hold, or until `stop` is set.

        Any number of processes may do this at once. Failures of the relay end the run and are returned in
        the tally; no reader is blamed for them. An edition that is paused or cancelled meanwhile is left
        alone from then on, and one of which too many deliveries fail is paused; all else goes on.
        """
        shift = _Shift(self, stop or threading.Event(), on_progress)
        return shift.work()


class _Shift:
    """One call of `Engine.run`: its worker row, its claims and its threads."""

    def __init__(self, engine: Engine, stop: threading.Event, on_progress: Callable[[Tally], None]) -> None:
        self.engine = engine
        self.stop = stop
        self.halt = threading.Event()  # this shift only: the relay refused us, or our lease is lost
        self.on_progress = on_progress
        self.tally = Tally()
        self.claimed: deque[Job] = deque()
        self.mailings: dict[int, Tallied] = {}  # the editions under way, as far as we know
        self.lock = threading.Lock()
        self.refusals = 0
        self.pace = _Pace(engine.per_second)

    def work(self) -> Tally:
        """Register, send, sign off."""
        engine = self.engine
        with engine.database.write() as session:
            self.tally.in_doubt = workers.take_back(
                session, datetime.now(UTC), engine.clock.now(), engine.lease, engine.policy
            )
            self.worker_id = workers.register(session, datetime.now(UTC))
        try:
            with GroupCommit(engine.database, self._beat, engine.lease.total_seconds() / 4) as self.commits:
                self._send_all()
        finally:
            with engine.database.write() as session:
                workers.sign_off(session, self.worker_id)
        return self.tally

    def _send_all(self) -> None:
        threads = [
            threading.Thread(target=self._connection, name=f"smtp-{number}", daemon=True)
            for number in range(self.engine.connections)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _beat(self, session: DbSession) -> None:
        if not workers.beat(session, self.worker_id, datetime.now(UTC)):
            self._end(DigestError("this worker was given up by the others; its claims are theirs now"))

    def _ended(self) -> bool:
        return self.stop.is_set() or self.halt.is_set()

    def _end(self, reason: DigestError) -> None:
        # No lock: the ledger's thread comes here while another one may hold it and wait for the ledger.
        self.tally.stopped = self.tally.stopped or reason
        self.halt.set()

    def _connection(self) -> None:
        """One thread: one connection, opened at its first message, reopened when it is lost."""
        session = Session(self.engine.relay)
        try:
            while not self._ended() and (job := self._next()) is not None:
                self._deliver(session, job)
        except DigestError as error:
            self._end(error)
        except Exception as error:  # noqa: BLE001 - a thread must not die unheard
            get_logger().exception("sending stopped", action="stopped")
            self._end(DigestError(f"sending stopped: {error}"))
        finally:
            session.close()

    def _next(self) -> Job | None:
        with self.lock:
            if not self.claimed:
                self.claimed.extend(self._claim())
                self._meet({job.mailing_id for job in self.claimed if job.notice is None})
            return self.claimed.popleft() if self.claimed else None

    def _claim(self) -> list[Job]:
        engine = self.engine

        def claim(session: DbSession) -> list[Job]:
            return ledger.claim(
                session, self.worker_id, engine.suppressions, engine.clock.now(), engine.batch
            )

        jobs = self.commits.do(claim)
        self.tally.due += sum(job.notice is not None for job in jobs)
        return jobs

    def _meet(self, mailings: set[int]) -> None:
        """Count once what stands where in a mailing; from then on our own tries are added to that."""
        for mailing_id in mailings - self.mailings.keys():
            with self.engine.database.read() as session:
                found = stopping.tally(session, mailing_id, self.engine.clock.now())
            self.mailings[mailing_id] = found
            self.tally.due += found.due

    def _deliver(self, session: Session, job: Job) -> None:
        now = self.engine.clock.now()
        try:
            message = self.engine.messages.message(job, now)
        except BadRecipient as error:
            message = b""
            outcome = Outcome(Meaning.READER, None, None, str(error))
        if message and not session.usable:
            session.open()
        self.pace.wait(self._ended)
        if self._ended() or not self._begin(job):
            return
        if message:
            outcome = session.send(self.engine.messages.sender.address, job.email, message)
        self._record(job, outcome)

    def _begin(self, job: Job) -> bool:
        engine = self.engine
        address = engine.suppressions.hash(job.canonical)

        def begin(session: DbSession) -> tuple[bool, bool]:
            if ledger.begin(session, self.worker_id, job, address, engine.clock.now()):
                return True, False
            stopped = job.notice is None and holding.give_back(session, self.worker_id, job.mailing_id)
            return False, stopped

        begun, stopped = self.commits.do(begin)
        if stopped:
            self._forget(job.mailing_id)
        return begun

    def _forget(self, mailing_id: int) -> None:
        """A mailing was paused or cancelled; if it goes on some day, it is met anew."""
        with self.lock:
            self.claimed = deque(job for job in self.claimed if job.mailing_id != mailing_id)
            if known := self.mailings.pop(mailing_id, None):
                self.tally.due -= known.due

    def _record(self, job: Job, outcome: Outcome) -> None:
        engine = self.engine

        def record(session: DbSession) -> State | None:
            return ledger.record(session, self.worker_id, job, outcome, engine.policy, engine.clock.now())

        state = self.commits.do(record)
        with self.lock:
            failing = state is not None and self._count(job, state)
            self.on_progress(self.tally)
        self._report(job, outcome, state)
        self._count_refusals(outcome)
        if failing:
            self._pause(job.mailing_id)

    def _count(self, job: Job, state: State) -> bool:
        """Add a try to the tallies; True when too many deliveries of its mailing have failed."""
        self.tally.tries[state] += 1
        if (known := self.mailings.get(job.mailing_id)) is None:
            return False
        known = self.mailings[job.mailing_id] = known.after(state)
        return stopping.too_many(known.count, known.passed, self.engine.limit)

    def _pause(self, mailing_id: int) -> None:
        """Stop a mailing too many of whose addresses are bad, and nothing else."""
        engine = self.engine

        def pause(session: DbSession) -> tuple[str | None, Tallied, bool]:
            why, found = stopping.pause_if_failing(session, mailing_id, engine.limit, engine.clock.now())
            return why, found, holding.give_back(session, self.worker_id, mailing_id)

        why, found, stopped = self.commits.do(pause)
        if why:
            self.tally.stopped = self.tally.stopped or DigestError(why)
            get_logger().warning("paused an edition", action="paused", mailing=mailing_id, reason=why)
        if stopped:
            self._forget(mailing_id)
        else:
            with self.lock:
                self.mailings[mailing_id] = found

    def _count_refusals(self, outcome: Outcome) -> None:
        """Stop when we are refused several times in a row; once may be one mail server's grudge."""
        with self.lock:
            self.refusals = self.refusals + 1 if outcome.meaning is Meaning.US else 0
            refused = self.refusals >= REFUSALS_IN_A_ROW
        if refused:
            words = f"{self.engine.relay} refuses us: {outcome.code or ''} {outcome.text}"
            raise RelayRefused(words.strip())

    def _report(self, job: Job, outcome: Outcome, state: State | None) -> None:
        get_logger().debug(
            "tried a delivery",
            action="delivery",
            mailing=job.mailing_id,
            to=short_address(job.email),
            state=state.value if state else "not ours any more",
            code=outcome.code,
        )


class _Pace:
    """Lets the connections of this process through at most `per_second` times a second."""

    def __init__(self, per_second: float | None) -> None:
        self._gap = 1 / per_second if per_second else 0.0
        self._free_at = time.monotonic()
        self._lock = threading.Lock()

    def wait(self, ended: Callable[[], bool]) -> None:
        """Stand in line; leaves it within a tenth of a second once the shift has ended."""
        if not self._gap:
            return
        with self._lock:
            now = time.monotonic()
            turn = self._free_at = max(now, self._free_at + self._gap)
        while (left := turn - time.monotonic()) > 0 and not ended():
            time.sleep(min(left, 0.1))
