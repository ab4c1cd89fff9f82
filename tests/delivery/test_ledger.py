"""The ledger: who is owed what, once, and what becomes of it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from digest.audience import joining
from digest.audience.models import Standing
from digest.delivery import claiming, ledger, workers
from digest.delivery.models import Attempt, Delivery, State, Worker
from digest.delivery.notices import owe_notice
from digest.delivery.replies import Meaning, Outcome
from digest.delivery.retrying import Policy
from digest.editions.models import Edition, Status
from tests.support.offices import HOLD, MINUTE, POLICY, READERS, SENT, Office
from tests.support.tables import NOW, add_edition, add_subscriber

LATE = timedelta(hours=1)
LATER = NOW + LATE


def owed(session: Session, edition: Edition) -> int:
    """How many deliveries of an edition there are."""
    return sum(ledger.counts(session, edition.id).values())


def test_fan_out_happens_once(office: Office) -> None:
    """For the active only; the edition is then sending."""
    with office.database.write() as session:
        add_subscriber(session, "late@example.org")
        for standing in Standing:
            add_subscriber(session, f"{standing.value}@example.org", standing)
        ledger.fan_out(session, office.edition(session), NOW)
        assert office.edition(session).status is Status.SENDING
        assert owed(session, office.edition(session)) == len(READERS)
        new = add_edition(session, "2026-W48")
        ledger.fan_out(session, new, NOW)
        assert owed(session, new) == len(READERS) + 2
    assert office.counts() == {"pending": 2 * len(READERS) + 2}


def test_a_claim_is_exclusive(office: Office) -> None:
    """What one worker holds no other gets."""
    first = office.claim(office.one, limit=2)
    assert [job.email for job in first] == READERS[:2]
    assert [job.email for job in office.claim(office.two)] == READERS[2:]
    assert office.claim(office.one) == []
    assert not office.begin(office.two, first[0])
    assert office.begin(office.one, first[0])


def test_threads_claim_each_row_once(office: Office) -> None:
    """At the same second, one row at a time."""
    claimed: list[str] = []

    def work(worker: int) -> None:
        while jobs := office.claim(worker, limit=1):
            claimed.extend(job.email for job in jobs)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in (office.one, office.two) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # SKIP LOCKED may leave a row to whoever asks next.
    claimed += [job.email for job in office.claim(office.one)]
    assert sorted(claimed) == READERS


@pytest.mark.parametrize("how", ["leave", "bounce", "complaint", "operator", "unsubscribe"])
def test_nobody_who_left_is_mailed(office: Office, how: str) -> None:
    """Before the claim or between claim and send: the row is dropped and says why."""

    def go(email: str) -> None:
        with office.database.write() as session:
            reader = office.reader(session, email)
            if how == "leave":
                joining.leave(session, reader, source="link", now=NOW)
            else:
                from digest.audience.addresses import read_address

                office.suppressions.suppress(session, read_address(email), how, "test", NOW)

    go(READERS[0])
    jobs = {job.email: job for job in office.claim(office.one)}
    assert list(jobs) == READERS[1:]
    go(READERS[1])
    assert not office.begin(office.one, jobs[READERS[1]])
    assert [office.begin(office.one, jobs[email]) for email in READERS[2:]] == [True] * 3
    assert office.claim(office.two) == []
    assert office.counts() == {"dropped": 2, "sending": 3}
    for email in READERS[:2]:
        row = office.row(email)
        assert (row.due_at, row.worker_id, row.tries) == (None, None, 0)
        assert "suppressed" in (row.detail or "") or "the reader is" in (row.detail or "")


def test_nobody_who_pauses_is_mailed(office: Office) -> None:
    """Before the claim or between claim and send; a pause that is over holds nothing up."""

    def pause(email: str, until: datetime) -> None:
        with office.database.write() as session:
            office.reader(session, email).paused_until = until

    pause(READERS[0], NOW + MINUTE)
    pause(READERS[1], NOW)
    jobs = {job.email: job for job in office.claim(office.one)}
    assert list(jobs) == READERS[1:]
    pause(READERS[2], NOW + MINUTE)
    begun = [office.begin(office.one, jobs[email]) for email in READERS[1:]]
    assert begun == [True, False, True, True]
    assert office.claim(office.two) == []
    for email in (READERS[0], READERS[2]):
        row = office.row(email)
        assert (row.state, row.tries, row.due_at) == (State.DROPPED, 0, None)
        assert row.detail == "the reader paused until 2026-11-19T08:01:00Z"


def test_fan_out_leaves_out_who_pauses(office: Office) -> None:
    """Until the very moment the pause ends."""
    with office.database.write() as session:
        office.reader(session, READERS[0]).paused_until = NOW + MINUTE
        office.reader(session, READERS[1]).paused_until = NOW - MINUTE
        for key, now, more in (("2026-W48", NOW, 4), ("2026-W49", NOW + MINUTE, 5)):
            edition = add_edition(session, key)
            ledger.fan_out(session, edition, now)
            assert owed(session, edition) == more


def test_a_pause_holds_no_notice_back(office: Office) -> None:
    """Notices answer what the person did."""
    with office.database.write() as session:
        reader = office.reader(session, READERS[0])
        reader.paused_until = NOW + MINUTE
        owe_notice(session, "already-subscribed", reader, NOW)
    (job,) = office.claim(office.one, limit=1)
    assert (job.email, job.notice) == (READERS[0], "already-subscribed")
    assert office.deliver(office.one, job) is State.SENT


def test_a_suppressed_reader_is_dropped_whatever_their_standing(office: Office) -> None:
    """The hash alone is enough, before the claim and before the send."""
    from digest.audience.models import Suppression

    jobs = office.claim(office.one, limit=1)
    with office.database.write() as session:
        for email in READERS[:2]:
            session.add(Suppression(address_hash=office.suppressions.hash(email), reason="x", at=NOW))
    assert not office.begin(office.one, jobs[0])
    assert [job.email for job in office.claim(office.two)] == READERS[2:]
    assert office.row(READERS[0]).detail == "the address is suppressed"


def test_who_left_while_theirs_was_in_doubt_may_have_got_it(office: Office) -> None:
    """It is not sent again, and what nobody knows stays on record; the others' reasons are the bare ones."""
    in_doubt, certain = office.claim(office.one, limit=2)
    office.deliver(office.one, in_doubt, Outcome(Meaning.UNKNOWN, None, None, "silence"))
    office.deliver(office.one, certain, Outcome(Meaning.LATER, 450, None, "later"))
    with office.database.write() as session:
        for job in (in_doubt, certain):
            joining.leave(session, office.reader(session, job.email), source="link", now=NOW)
    assert [job.email for job in office.claim(office.two, now=LATER)] == READERS[2:]
    reasons = [office.row(job.email).detail for job in (in_doubt, certain)]
    assert reasons == [
        "the reader is unsubscribed; an earlier try may have arrived",
        "the reader is unsubscribed",
    ]


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.APPROVED, Status.SENT])
def test_an_edition_that_is_not_sending_is_not_sent(office: Office, status: Status) -> None:
    """Neither claimed nor begun."""
    jobs = office.claim(office.one, limit=1)
    with office.database.write() as session:
        office.edition(session).status = status
    assert not office.begin(office.one, jobs[0])
    assert office.claim(office.two) == []
    with office.database.read() as session:
        assert claiming.next_due(session) is None


def test_notices_come_first_and_expire(office: Office) -> None:
    """A confirmation goes to somebody pending; after two days it is no longer worth sending."""
    with office.database.write() as session:
        for name in ("new", "late"):
            reader = add_subscriber(session, f"{name}@example.org", Standing.PENDING)
            owe_notice(session, "confirm", reader, NOW)
    job = office.claim(office.one, limit=1)[0]
    assert (job.email, job.notice) == ("new@example.org", "confirm")
    assert office.deliver(office.one, job) is State.SENT
    office.claim(office.one, now=NOW + timedelta(days=2, seconds=1))
    assert office.row("late@example.org").detail == "no longer worth sending"


@pytest.mark.parametrize("standing", [Standing.BOUNCED, Standing.COMPLAINED])
def test_no_notice_goes_to_who_bounced_or_complained(office: Office, standing: Standing) -> None:
    """Whatever it is."""
    with office.database.write() as session:
        reader = add_subscriber(session, "gone@example.org", standing)
        owe_notice(session, "goodbye", reader, NOW)
    assert [job.email for job in office.claim(office.one)] == READERS
    assert office.row("gone@example.org").state is State.DROPPED


OUTCOMES = [
    (SENT, State.SENT, None),
    (Outcome(Meaning.READER, 550, "5.1.1", "no such user", gone=True), State.FAILED, None),
    (Outcome(Meaning.MESSAGE, 552, None, "too large"), State.FAILED, None),
    (Outcome(Meaning.LATER, 450, "4.2.0", "greylisted"), State.DEFERRED, NOW + 5 * MINUTE),
    (Outcome(Meaning.CONNECTION, None, None, "hung up"), State.PENDING, NOW),
    (Outcome(Meaning.UNKNOWN, None, None, "silence"), State.UNKNOWN, NOW + MINUTE),
]


@pytest.mark.parametrize(("outcome", "state", "due"), OUTCOMES)
def test_an_outcome_is_recorded_with_its_attempt(
    office: Office, outcome: Outcome, state: State, due: datetime | None
) -> None:
    """The row is free again, and what the server said is kept."""
    job = office.claim(office.one, limit=1)[0]
    assert office.deliver(office.one, job, outcome) is state
    row = office.row(job.email)
    assert (row.state, row.due_at, row.worker_id, row.tries) == (state, due, None, 1)
    assert (row.detail, row.gone, row.doubts) == (
        outcome.text,
        outcome.gone,
        outcome.meaning is Meaning.UNKNOWN,
    )
    with office.database.read() as session:
        attempt = session.scalars(select(Attempt)).one()
        said = (attempt.number, attempt.result, attempt.code, attempt.enhanced, attempt.reply)
        assert said == (1, state.value, outcome.code, outcome.enhanced, outcome.text)


def test_a_retry_is_the_same_job_with_one_more_try(office: Office) -> None:
    """When it is due, not before; seed and id, of which the Message-ID is made, stay."""
    job = office.claim(office.one, limit=1)[0]
    office.deliver(office.one, job, Outcome(Meaning.UNKNOWN, None, None, "silence"))
    assert job.email not in [other.email for other in office.claim(office.one)]
    again = office.claim(office.two, now=NOW + MINUTE)[0]
    assert again == replace(job, tries=1, doubts=1, was=State.UNKNOWN, first_tried_at=NOW)


def test_a_worker_that_lost_its_lease_writes_nothing(office: Office) -> None:
    """Neither state nor attempt, though it comes back from the dead with an answer."""
    jobs = office.claim(office.one, limit=2)
    assert office.begin(office.one, jobs[0])
    with office.database.write() as session:
        session.execute(update(Worker).where(Worker.id == office.two).values(seen_at=NOW + 2 * MINUTE))
    assert office.take_back(NOW + 2 * MINUTE) == 1
    assert office.record(office.one, jobs[0]) is None
    assert not office.begin(office.one, jobs[1])
    assert office.row(jobs[0].email).state is State.UNKNOWN
    with office.database.write() as session:
        assert [attempt.result for attempt in session.scalars(select(Attempt))] == ["unknown"]
        assert not workers.beat(session, office.one, NOW)
        assert workers.beat(session, office.two, NOW)


@pytest.mark.parametrize(("policy", "due"), [(POLICY, NOW + MINUTE), (HOLD, None)])
def test_the_dead_leave_their_rows_in_doubt(office: Office, policy: Policy, due: datetime | None) -> None:
    """Exactly those at `sending`; the rest is simply free. The living keep theirs."""
    sending, merely_claimed = office.claim(office.one, limit=2)
    alive = office.claim(office.two, limit=1)[0]
    assert office.begin(office.one, sending)
    assert office.begin(office.two, alive)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    with office.database.write() as session:
        session.execute(update(Worker).where(Worker.id == office.one).values(pid=dead.pid))
    assert office.take_back(policy=policy) == 1
    row = office.row(sending.email)
    assert (row.state, row.due_at, row.doubts, row.worker_id) == (State.UNKNOWN, due, 1, None)
    assert office.row(merely_claimed.email).worker_id is None
    assert office.row(alive.email).state is State.SENDING
    assert office.take_back() == 0
    assert office.record(office.two, alive) is State.SENT


@pytest.mark.parametrize(
    ("host", "pid", "silent_for", "dead"),
    [
        ("here", "ours", 0, False),
        ("here", "ours", 59, False),
        ("here", "ours", 61, True),
        ("here", 1, 0, False),
        ("elsewhere", 2**22 + 1, 59, False),
        ("elsewhere", 2**22 + 1, 61, True),
        ("here", 2**22 + 1, 0, True),
    ],
)
def test_who_is_dead(office: Office, host: str, pid: int | str, silent_for: int, dead: bool) -> None:
    """Silence for longer than the lease, or a process of this host that is no more."""
    place = workers.here() if host == "here" else "elsewhere.example"
    number = os.getpid() if pid == "ours" else pid
    with office.database.write() as session:
        session.execute(update(Worker).where(Worker.id == office.one).values(host=place, pid=number))
        session.execute(
            update(Worker).where(Worker.id == office.two).values(seen_at=NOW + timedelta(hours=1))
        )
    office.take_back(NOW + timedelta(seconds=silent_for))
    with office.database.read() as session:
        assert (session.get(Worker, office.one) is None) is dead


def test_signing_off_frees_the_claims(office: Office) -> None:
    """And forgets the worker."""
    office.claim(office.one)
    with office.database.write() as session:
        assert workers.any_claims(session)
        workers.sign_off(session, office.one)
        assert not workers.any_claims(session)
    assert len(office.claim(office.two)) == len(READERS)


def test_what_could_not_be_recorded_is_in_doubt(office: Office) -> None:
    """A worker that signs off with a row at `sending` leaves it to whoever comes next."""
    first, *_ = office.claim(office.one)
    office.begin(office.one, first)
    with office.database.write() as session:
        workers.sign_off(session, office.one)
    assert len(office.claim(office.two)) == len(READERS) - 1
    assert office.take_back() == 1
    assert office.row(first.email).state is State.UNKNOWN


def test_counts_name_every_state(office: Office) -> None:
    """Of one edition or of everything."""
    with office.database.write() as session:
        owe_notice(session, "welcome", office.reader(session, READERS[0]), NOW)
        everything, edition = ledger.counts(session), ledger.counts(session, office.edition_id)
        assert ledger.counts(session, 999) == dict.fromkeys(State, 0)
    assert list(everything) == list(edition) == [state.value for state in State]
    assert (everything["pending"], edition["pending"]) == (6, 5)


def test_next_due_is_the_earliest_that_waits(office: Office) -> None:
    """Not what is claimed, held or done."""
    jobs = office.claim(office.one)
    for job, (outcome, _, _) in zip(jobs, [OUTCOMES[0], OUTCOMES[1], OUTCOMES[3], OUTCOMES[5]], strict=False):
        office.deliver(office.one, job, outcome)
    with office.database.write() as session:
        assert claiming.next_due(session) == NOW + MINUTE
        session.execute(update(Delivery).where(Delivery.state == State.UNKNOWN).values(due_at=None))
        assert claiming.next_due(session) == NOW + 5 * MINUTE
        workers.sign_off(session, office.one)
        assert claiming.next_due(session) == NOW


def test_an_edition_is_finished_when_nothing_is_left_to_send(office: Office) -> None:
    """Sent, failed, dropped and held rows do not keep it open; any other does."""

    def finish() -> list[str]:
        with office.database.write() as session:
            return ledger.finish_editions(session, LATER)

    jobs = office.claim(office.one)
    ends = [OUTCOMES[0], OUTCOMES[1], OUTCOMES[2], OUTCOMES[3], OUTCOMES[5]]
    for job, (outcome, _, _) in zip(jobs, ends, strict=True):
        assert office.begin(office.one, job)
        assert finish() == []
        office.record(office.one, job, outcome, HOLD)
    assert finish() == []  # one is deferred
    (retry,) = office.claim(office.one, now=LATER)
    assert finish() == []
    office.deliver(office.one, retry)
    assert finish() == ["2026-W47"]
    with office.database.read() as session:
        edition = office.edition(session)
        assert (edition.status, edition.finished_at) == (Status.SENT, LATER)
    assert finish() == []


def test_a_worker_that_was_taken_for_dead_cannot_touch_its_successors_rows(office: Office) -> None:
    """Its number is nobody else's, though SQLite would give it to the next one."""
    job = office.claim(office.one, limit=1)[0]
    assert office.begin(office.one, job)
    office.take_back(NOW + LATE)
    with office.database.write() as session:
        successor = workers.register(session, NOW + LATE)
        assert successor not in (office.one, office.two)
        assert not workers.beat(session, office.one, NOW + LATE)
    again = office.claim(successor, now=NOW + 2 * LATE)
    assert office.begin(successor, again[0])
    assert office.record(office.one, again[0]) is None
    with office.database.write() as session:
        workers.sign_off(session, office.one)
    assert office.row(again[0].email).worker_id == successor
