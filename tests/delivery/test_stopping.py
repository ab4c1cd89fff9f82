"""Too many bad addresses: when an edition is stopped, and that it is, by one worker or several."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from digest.audience.suppressing import Suppressions
from digest.db import Database
from digest.delivery import claiming, holding, ledger, stopping, workers
from digest.delivery.claiming import Job
from digest.delivery.models import Delivery, Mailing, State
from digest.delivery.stopping import NEVER, Count, Limit, too_many
from digest.editions import freezing
from digest.editions.models import Edition, Status
from tests.support.postgres import PostgresServer
from tests.support.tables import NOW, add_edition, add_subscriber, open_tables

TENTH = Limit(0.1, 50)


@pytest.mark.parametrize(
    ("count", "passed", "limit", "stops"),
    [
        (Count(49, 49), Count(), TENTH, False),
        (Count(50, 5), Count(), TENTH, False),
        (Count(50, 6), Count(), TENTH, True),
        (Count(1000, 100), Count(), TENTH, False),
        (Count(1000, 101), Count(), TENTH, True),
        (Count(0, 0), Count(), Limit(0.1, 1), False),
        (Count(1, 1), Count(), Limit(0.1, 1), True),
        (Count(1000, 1000), Count(), NEVER, False),
        (Count(1000, 1000), Count(), Limit(1.0, 50), False),
        # After a person's word only what came later counts, and not before as many more were tried.
        (Count(60, 7), Count(50, 6), TENTH, False),
        (Count(100, 11), Count(50, 6), TENTH, False),
        (Count(100, 12), Count(50, 6), TENTH, True),
        (Count(399, 200), Count(200, 21), TENTH, False),
        (Count(400, 200), Count(200, 21), TENTH, True),
    ],
)
def test_the_rule(count: Count, passed: Count, limit: Limit, stops: bool) -> None:
    """More than the share, of enough of them."""
    assert too_many(count, passed, limit) is stops


READERS = [f"r{number}@example.org" for number in range(6)]
HALF = Limit(0.5, 2)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A write unit over an edition that is being sent to six readers."""
    with database.write() as session:
        for email in READERS:
            add_subscriber(session, email)
        ledger.fan_out(session, add_edition(session), NOW)
        yield session


def edition(session: Session) -> Edition:
    """The edition's row as it is stored."""
    return session.scalars(select(Edition).execution_options(populate_existing=True)).one()


def mailing(session: Session) -> int:
    """The edition's mailing."""
    return session.scalars(select(Mailing.id)).one()


def set_states(session: Session, *states: State) -> None:
    """Give the first deliveries these states."""
    rows = session.scalars(select(Delivery).order_by(Delivery.subscriber_id)).all()
    for row, state in zip(rows, states, strict=False):
        row.state, row.due_at = state, None
    session.flush()


def test_the_ledger_decides(session: Session) -> None:
    """Whatever a worker believes; once only, and a person's resume is remembered."""
    row = mailing(session)
    set_states(session, State.SENT, State.FAILED)
    assert stopping.pause_if_failing(session, row, HALF, NOW)[0] is None
    set_states(session, State.FAILED, State.FAILED)
    why, found = stopping.pause_if_failing(session, row, HALF, NOW)
    assert found == stopping.Tallied(Count(2, 2), Count(), due=4)
    assert why is not None
    assert "edition 2026-W47 is paused: 2 of the first 2 addresses were refused for good" in why
    assert (edition(session).paused_at, edition(session).status) == (NOW, Status.SENDING)
    assert stopping.pause_if_failing(session, row, HALF, NOW)[0] is None


def test_what_has_nothing_left_is_not_stopped(session: Session) -> None:
    """It would only be one more thing to do for somebody."""
    set_states(session, *[State.FAILED] * 6)
    assert stopping.pause_if_failing(session, mailing(session), HALF, NOW)[0] is None


def pause(session: Session) -> None:
    """Pause it."""
    edition(session).paused_at = NOW


def cancel(session: Session) -> None:
    """Cancel it."""
    freezing.cancel(edition(session), "wrong prices", NOW)


def claim(session: Session, worker: int, suppressions: Suppressions, limit: int) -> list[Job]:
    """Take what is due."""
    return claiming.claim(session, worker, claiming.Rules(suppressions), NOW, limit).jobs


def begin(session: Session, worker: int, suppressions: Suppressions, job: Job) -> list[bool]:
    """Commit to sending."""
    hashed = suppressions.hash(job.canonical)
    return ledger.begin(session.connection(), worker, [(job, hashed)], NOW)


@pytest.mark.parametrize("stop", [pause, cancel])
def test_a_stopped_edition_is_given_back(
    session: Session, suppressions: Suppressions, stop: Callable[[Session], None]
) -> None:
    """What one worker holds of it and is not sending, and nobody claims it or waits for it."""
    one, two = workers.register(session, NOW), workers.register(session, NOW)
    first = claim(session, one, suppressions, 3)
    others = claim(session, two, suppressions, 2)
    assert begin(session, one, suppressions, first[0]) == [True]
    assert not holding.give_back(session, one, first[0].mailing_id)
    stop(session)
    session.flush()
    assert begin(session, two, suppressions, others[0]) == [False]
    assert holding.give_back(session, one, first[0].mailing_id)
    rows = select(Delivery.worker_id, Delivery.state).order_by(Delivery.subscriber_id)
    assert [tuple(row) for row in session.execute(rows)] == [
        (one, State.SENDING),
        *[(None, State.PENDING)] * 3,
        (two, State.PENDING),
        (None, State.PENDING),
    ]
    assert claim(session, one, suppressions, 9) == []
    assert claiming.next_due(session) is None


def test_the_rest_is_dropped_step_by_step(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for what is in flight; what comes back from there is dropped by the next run."""
    monkeypatch.setattr(holding, "AT_ONCE", 2)
    set_states(session, State.SENDING, State.UNKNOWN, State.SENT)
    assert holding.still_owing(session) == []
    cancel(session)
    assert [holding.drop_some(session, edition(session), NOW) for _ in range(3)] == [2, 2, None]
    query = select(Delivery).order_by(Delivery.subscriber_id).execution_options(populate_existing=True)
    details = [(row.state, row.detail) for row in session.scalars(query)]
    assert details == [
        (State.SENDING, None),
        (State.DROPPED, "the edition was cancelled; an earlier try may have arrived"),
        (State.SENT, None),
        *[(State.DROPPED, "the edition was cancelled")] * 3,
    ]
    assert holding.still_owing(session) == []
    later = {"state": State.DEFERRED, "due_at": NOW}
    session.execute(update(Delivery).where(Delivery.state == State.SENDING).values(later))
    assert [one.key for one in holding.still_owing(session)] == ["2026-W47"]


def test_rows_being_written_are_not_waited_for(postgres_server: PostgresServer) -> None:
    """A worker's transaction holds one: a cancellation takes the others and has to come again."""
    with postgres_server.database() as url, open_tables(url) as database:
        with database.write() as session:
            for email in READERS:
                add_subscriber(session, email)
            ledger.fan_out(session, add_edition(session), NOW)
            cancel(session)
        with database.write() as worker, database.write() as other:
            worker.execute(update(Delivery).where(Delivery.subscriber_id == 1).values(tries=1))
            assert [holding.drop_some(other, edition(other), NOW) for _ in range(2)] == [5, 0]
        with database.write() as session:
            assert [holding.drop_some(session, edition(session), NOW) for _ in range(2)] == [1, None]
