"""Several deliveries in one step of the ledger: each has its own answer, as if it had been alone."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from digest.audience import joining
from digest.audience.models import Standing
from digest.delivery import workers
from digest.delivery.ledger import Done, Overtaken
from digest.delivery.models import Attempt, Delivery, State
from digest.delivery.notices import owe_notice
from digest.delivery.replies import Meaning, Outcome
from digest.delivery.retrying import RECONNECTS
from tests.support.offices import HOLD, MINUTE, READERS, SENT, Office
from tests.support.tables import NOW, add_subscriber

SILENCE = Outcome(Meaning.UNKNOWN, None, None, "silence")
GREYLISTED = Outcome(Meaning.LATER, 450, "4.2.0", "greylisted: 100 % of %s, :name and ?")
HUNG_UP = Outcome(Meaning.CONNECTION, None, None, "hung up")
GONE = Outcome(Meaning.READER, 550, "5.1.1", "x" * 900, gone=True)


def attempts(office: Office) -> list[tuple[int, int, str]]:
    """Whose, which, and how it went."""
    query = select(Attempt.subscriber_id, Attempt.number, Attempt.result).order_by(Attempt.id)
    with office.database.read() as session:
        return [(whose, number, result) for whose, number, result in session.execute(query)]


def test_nothing_asked_is_nothing_done(office: Office) -> None:
    """A moment in which nobody begins, or nobody is done."""
    assert office.begin_all(office.one, []) == []
    assert office.record_all(office.one, []) == []


def test_all_begin_at_once(office: Office) -> None:
    """And say so in the ledger."""
    jobs = office.claim(office.one)
    assert office.begin_all(office.one, jobs) == [True] * 5
    for email in READERS:
        row = office.row(email)
        assert (row.state, row.tries, row.first_tried_at, row.changed_at) == (State.SENDING, 1, NOW, NOW)
        assert (row.worker_id, row.due_at) == (office.one, NOW)


def test_only_who_left_is_refused(office: Office) -> None:
    """The others go; the row of who left is free, so that the next claim drops it."""
    jobs = office.claim(office.one)
    with office.database.write() as session:
        joining.leave(session, office.reader(session, READERS[1]), source="link", now=NOW)
        office.reader(session, READERS[3]).paused_until = NOW + MINUTE
    assert office.begin_all(office.one, jobs) == [True, False, True, False, True]
    assert office.counts() == {"sending": 3, "pending": 2}
    assert [office.row(READERS[number]).worker_id for number in (1, 3)] == [None, None]
    assert [office.row(READERS[number]).tries for number in (1, 3)] == [0, 0]
    assert office.claim(office.two) == []
    assert office.counts() == {"sending": 3, "dropped": 2}


def test_a_notice_goes_beside_an_edition_that_stopped(office: Office) -> None:
    """Whatever its reader's standing."""
    with office.database.write() as session:
        reader = add_subscriber(session, "new@example.org", Standing.PENDING)
        owe_notice(session, "confirm", reader, NOW)
    jobs = office.claim(office.one, limit=3)
    with office.database.write() as session:
        office.edition(session).paused_at = NOW
    assert [job.notice for job in jobs] == ["confirm", None, None]
    assert office.begin_all(office.one, jobs) == [True, False, False]


def test_what_is_not_ours_is_not_begun(office: Office) -> None:
    """And stays with whose it is."""
    ours, theirs = office.claim(office.one, limit=2), office.claim(office.two, limit=2)
    assert office.begin_all(office.one, [ours[0], theirs[0], ours[1]]) == [True, False, True]
    row = office.row(theirs[0].email)
    assert (row.state, row.worker_id) == (State.PENDING, office.two)
    assert office.begin_all(office.two, theirs) == [True, True]


def test_beginning_may_be_asked_again(office: Office) -> None:
    """Where nobody knows whether the commit came through: the same answers, and one try."""
    jobs = office.claim(office.one)
    with office.database.write() as session:
        joining.leave(session, office.reader(session, READERS[4]), source="link", now=NOW)
    once = office.begin_all(office.one, jobs)
    assert once == [True] * 4 + [False]
    assert office.begin_all(office.one, jobs) == once
    assert office.begin_all(office.one, jobs[:1]) == [True]
    assert [office.row(email).tries for email in READERS] == [1, 1, 1, 1, 0]
    # With some that are new, as where another connection joined the second asking.
    others = office.claim(office.one, now=NOW + MINUTE)
    assert others == []


def test_each_outcome_leads_to_its_own_state(office: Office) -> None:
    """In the order in which they were asked."""
    jobs = office.claim(office.one)
    office.begin_all(office.one, jobs)
    outcomes = [SENT, GONE, GREYLISTED, SILENCE, SENT]
    states = office.record_all(
        office.one, [Done(job, outcome) for job, outcome in zip(jobs, outcomes, strict=True)][::-1]
    )
    assert states[::-1] == [State.SENT, State.FAILED, State.DEFERRED, State.UNKNOWN, State.SENT]
    rows = [office.row(email) for email in READERS]
    assert [row.state for row in rows] == states[::-1]
    assert [row.due_at for row in rows] == [None, None, NOW + 5 * MINUTE, NOW + MINUTE, None]
    assert [row.gone for row in rows] == [False, True, False, False, False]
    assert [row.doubts for row in rows] == [0, 0, 0, 1, 0]
    assert [row.detail for row in rows] == [
        "queued",
        "x" * 500,
        GREYLISTED.text,
        "silence",
        "queued",
    ]
    assert {row.worker_id for row in rows} == {None}
    assert sorted(attempts(office)) == [(number, 1, row.state.value) for number, row in enumerate(rows, 1)]


def test_one_policy_for_all(office: Office) -> None:
    """Two in doubt are both held where the setting says so."""
    jobs = office.claim(office.one, limit=2)
    office.begin_all(office.one, jobs)
    office.record_all(office.one, [Done(job, SILENCE) for job in jobs], HOLD)
    assert [office.row(job.email).due_at for job in jobs] == [None, None]


def test_where_some_are_not_ours_nothing_is_written(office: Office) -> None:
    """Asked one by one, each is told."""
    jobs = office.claim(office.one, limit=3)
    office.begin_all(office.one, jobs)
    with office.database.write() as session:
        session.execute(
            update(Delivery)
            .where(Delivery.subscriber_id == jobs[1].subscriber_id)
            .values(worker_id=office.two)
        )
    done = [Done(job, SENT) for job in jobs]
    with pytest.raises(Overtaken):
        office.record_all(office.one, done)
    assert office.counts() == {"sending": 3, "pending": 2}
    assert attempts(office) == []
    assert [office.record_all(office.one, [one]) for one in done] == [[State.SENT], [None], [State.SENT]]
    assert [subscriber for subscriber, *_ in attempts(office)] == [
        jobs[0].subscriber_id,
        jobs[2].subscriber_id,
    ]
    assert office.row(jobs[1].email).state is State.SENDING


def test_recording_again_writes_nothing(office: Office) -> None:
    """Where nobody knows whether the commit came through: it did, and one attempt is on record."""
    jobs = office.claim(office.one, limit=2)
    office.begin_all(office.one, jobs)
    done = [Done(job, SENT) for job in jobs]
    assert office.record_all(office.one, done) == [State.SENT] * 2
    with pytest.raises(Overtaken):
        office.record_all(office.one, done)
    assert [office.record_all(office.one, [one]) for one in done] == [[State.SENT], [State.SENT]]
    assert len(attempts(office)) == 2


def test_a_lost_try_that_is_recorded_again_is_counted_once(office: Office) -> None:
    """The third is made again at once, also where nobody heard of the commit that said so."""
    for _ in range(RECONNECTS):
        (job,) = office.claim(office.one, limit=1)
        office.begin(office.one, job)
        again = [office.record(office.one, job, HUNG_UP) for _ in range(2)]
        assert again == [State.PENDING] * 2
    (job,) = office.claim(office.one, limit=1)
    office.begin(office.one, job)
    assert [office.record(office.one, job, HUNG_UP) for _ in range(2)] == [State.DEFERRED] * 2
    assert [result for *_, result in attempts(office)] == ["pending"] * RECONNECTS + ["deferred"]
    assert office.row(READERS[0]).due_at == NOW + 5 * MINUTE


def test_who_was_buried_begins_and_records_nothing(office: Office) -> None:
    """Also when it comes with several, and also when the other has begun them meanwhile."""
    begun, waiting = office.claim(office.one, limit=2), office.claim(office.one, limit=2)
    office.begin_all(office.one, begun)
    with office.database.write() as session:
        workers.beat(session, office.two, NOW + 2 * MINUTE)
    assert office.take_back(NOW + 2 * MINUTE) == 2
    theirs = office.claim(office.two, limit=2)
    assert [job.email for job in theirs] == [job.email for job in waiting]
    assert office.begin_all(office.two, theirs) == [True, True]
    assert office.begin_all(office.one, waiting) == [False, False]
    assert [office.record_all(office.one, [Done(job, SENT)]) for job in begun] == [[None], [None]]
    assert office.counts() == {"unknown": 2, "sending": 2, "pending": 1}
    assert office.record_all(office.two, [Done(job, SENT) for job in theirs]) == [State.SENT] * 2
