"""The engine against a real server that misbehaves: everybody once, and the ledger says how it went."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from digest.audience.models import Standing, Subscriber
from digest.delivery import workers
from digest.delivery.models import Attempt, State, Worker
from digest.delivery.notices import owe_notice
from digest.delivery.pacing import Pacing, Rate
from digest.delivery.sending import Tally
from digest.errors import RelayRefused, RelayUnreachable
from tests.faults.smtp_server import Fault, Script
from tests.support.offices import MINUTE, POLICY
from tests.support.posts import crowd, message_ids
from tests.support.tables import NOW, add_subscriber


def test_everybody_gets_one(post_office: Any) -> None:
    """Over several connections and batches; each with their own link and Message-ID."""
    with post_office() as post:
        post.owe(*crowd(60))
        tally = post.engine(connections=4, batch=7).run()
        assert (tally.tries, tally.stopped) == ({State.SENT: 60}, None)
        assert sorted(post.server.recipients) == crowd(60)
        assert len(set(message_ids(post.server))) == 60
        assert (
            len(set(re.findall(rb"/unsubscribe/\S{20}", b"".join(m.data for m in post.server.received))))
            == 60
        )
        assert set(post.states().values()) == {"sent"}
        assert post.nothing_is_held()
        assert post.engine().run().tries == {}


def test_two_engines_share_the_work(post_office: Any) -> None:
    """At the same time, everybody once."""
    with post_office() as post:
        post.owe(*crowd(60))
        threads = [threading.Thread(target=post.engine(connections=2, batch=5).run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        post.engine().run()
        assert sorted(post.server.recipients) == crowd(60)
        assert post.nothing_is_held()


ANN, BOB = "ann@example.org", "bob@example.org"
ONE = [
    (Script(), "sent", 250, None),
    (Script(recipients={ANN: Fault("550 5.1.1 no such user")}), "failed", 550, None),
    (Script(recipients={ANN: Fault("450 4.2.0 greylisted")}), "deferred", 450, NOW + 5 * MINUTE),
    (Script(recipients_at_dot={ANN: Fault("452 4.2.2 full")}), "deferred", 452, NOW + 5 * MINUTE),
    (Script(recipients_at_dot={ANN: Fault("554 5.6.0 bad content")}), "failed", 554, None),
    (
        Script(recipients_at_dot={ANN: Fault("554 5.7.1 we do not like you")}),
        "deferred",
        554,
        NOW + 5 * MINUTE,
    ),
    (Script(recipients_at_dot={ANN: Fault(drop="before")}), "unknown", None, NOW + MINUTE),
    (Script(recipients_at_dot={ANN: Fault(drop="after")}), "unknown", None, NOW + MINUTE),
    (Script(recipients={ANN: Fault(drop="before")}), "deferred", None, NOW + 5 * MINUTE),
]


@pytest.mark.parametrize(("script", "state", "code", "due"), ONE)
def test_each_outcome_reaches_the_ledger(
    post_office: Any, script: Script, state: str, code: Any, due: Any
) -> None:
    """One reader's trouble is theirs; the other is served, and the attempts are kept."""
    with post_office(script) as post:
        post.owe(ANN, BOB)
        tally = post.engine().run()
        assert tally.stopped is None
        assert post.states() == {ANN: state, BOB: "sent"}
        row = post.row(ANN)
        assert row.due_at == due
        assert row.gone is (code == 550)
        with post.database.read() as session:
            attempts = session.scalars(
                select(Attempt).where(Attempt.subscriber_id == row.subscriber_id).order_by(Attempt.id)
            ).all()
        assert [one.number for one in attempts] == list(range(1, row.tries + 1))
        assert (attempts[-1].result, attempts[-1].code) == (state, code)
        assert post.nothing_is_held()


LADDER = replace(POLICY, retry_after=(5 * MINUTE, 60 * MINUTE, 480 * MINUTE))
GREYLISTED = "450 4.2.0 greylisted"


def test_lost_connections_are_no_deferrals(post_office: Any) -> None:
    """Three are lost, and then a server says not now: its first word, after which the wait is the first."""
    hangs_up = {"mail": Fault(drop="before", times=3)}
    with post_office(Script(faults=hangs_up, recipients={ANN: Fault(GREYLISTED)})) as post:
        post.owe(ANN)
        post.engine(policy=LADDER).run()
        row = post.row(ANN)
        assert (row.state, row.tries, row.due_at) == (State.DEFERRED, 4, NOW + 5 * MINUTE)


def test_deferrals_are_no_lost_connections(post_office: Any) -> None:
    """Three times a server says not now, and then one connection is lost: it is tried again at once."""
    script = Script(
        faults={"mail": Fault(drop="before", skip=3, times=1)},
        recipients={ANN: Fault(GREYLISTED, times=3)},
    )
    with post_office(script) as post:
        post.owe(ANN)
        for wait in LADDER.retry_after:
            post.engine(policy=LADDER).run()
            assert post.row(ANN).due_at == post.clock.now() + wait
            post.clock.advance(wait)
        post.engine(policy=LADDER).run()
        row = post.row(ANN)
        assert (row.state, row.tries) == (State.SENT, 5)


def test_a_closed_connection_is_opened_again(post_office: Any) -> None:
    """421 after every few messages costs nobody anything."""
    with post_office(Script(messages_per_connection=3)) as post:
        post.owe(*crowd(10))
        assert post.engine().run().tries[State.SENT] == 10
        assert sorted(post.server.recipients) == crowd(10)
        assert post.server.connections >= 4


def test_silence_after_the_dot_is_resent_under_the_same_message_id(post_office: Any) -> None:
    """After the delay, not before; then nobody holds anything in doubt any more."""
    with post_office(Script(faults={"dot": Fault(drop="after", times=1)})) as post:
        post.owe(ANN)
        post.engine().run()
        assert post.states() == {ANN: "unknown"}
        post.engine().run()
        assert len(post.server.received) == 1
        post.clock.advance(MINUTE)
        post.engine().run()
        assert post.states() == {ANN: "sent"}
        assert len(post.server.received) == 2
        assert len(set(message_ids(post.server))) == 1


def test_silence_after_the_dot_may_be_held(post_office: Any) -> None:
    """For a person, as the setting says."""
    with post_office(Script(faults={"dot": Fault(drop="after", times=1)})) as post:
        post.owe(ANN)
        engine = post.engine(policy=replace(POLICY, resend_unknown=False))
        engine.run()
        post.clock.advance(timedelta(days=1))
        engine.run()
        assert post.states() == {ANN: "unknown"}
        assert post.row(ANN).due_at is None
        assert len(post.server.received) == 1


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (Script(faults={"connect": Fault("554 5.7.1 go away")}), RelayRefused),
        (Script(faults={"connect": Fault("421 4.3.2 not now", close=True)}), RelayUnreachable),
        (Script(faults={"mail": Fault("550 5.7.1 not you")}), RelayRefused),
    ],
)
def test_a_relay_that_refuses_us_stops_the_run(
    post_office: Any, script: Script, error: type[Exception]
) -> None:
    """No reader is to blame, nothing is lost, and the tally says why."""
    with post_office(script) as post:
        post.owe(*crowd(30))
        tally = post.engine(connections=3).run()
        assert isinstance(tally.stopped, error)
        assert not post.server.received
        assert set(post.states().values()) <= {"pending", "deferred"}
        assert list(post.states().values()).count("deferred") <= 6
        assert post.nothing_is_held()


def test_a_stop_ends_it_quickly_with_everything_recorded(post_office: Any) -> None:
    """What was sent says so, the rest is free, and nothing is in doubt."""
    stop = threading.Event()

    def after_five(tally: Tally) -> None:
        if tally.tries[State.SENT] >= 5:
            stop.set()

    with post_office(Script(delay=0.02)) as post:
        post.owe(*crowd(200))
        post.engine(connections=3, batch=50).run(stop, after_five)
        sent = [email for email, state in post.states().items() if state == "sent"]
        assert sorted(post.server.recipients) == sent
        assert 5 <= len(sent) < 60
        assert set(post.states().values()) == {"sent", "pending"}
        assert post.nothing_is_held()
        post.engine(connections=3).run()
        assert sorted(post.server.recipients) == crowd(200)


def test_a_stop_does_not_wait_for_the_pace(post_office: Any) -> None:
    """One mail in six minutes, for which a run has the patience, is no reason to hang about for so long."""
    stop = threading.Event()

    def after_one(tally: Tally) -> None:
        if tally.tries[State.SENT]:
            stop.set()

    with post_office() as post:
        post.owe(*crowd(3))
        began = time.monotonic()
        post.engine(pacing=Pacing(Rate(per_hour=10))).run(stop, after_one)
        assert stop.is_set(), "it ended by itself"
        assert time.monotonic() - began < 60
        assert list(post.states().values()) == ["sent", "pending", "pending"]
        assert post.nothing_is_held()


def test_the_heart_beats_while_nothing_else_is_written(post_office: Any) -> None:
    """A relay that takes its time costs nobody the lease."""
    seen: set[datetime] = set()
    enough = threading.Event()

    def look(tally: Tally) -> None:
        with post.database.read() as session:
            seen.update(session.scalars(select(Worker.seen_at)))
        if len(seen) >= 4:  # registered, claimed, and then every 0.2 seconds
            enough.set()

    with post_office(Script(faults={"dot": Fault(until=enough)})) as post:
        post.owe(ANN)
        tally = post.engine(lease=timedelta(seconds=0.8)).run(on_progress=look)
        assert (tally.stopped, tally.tries) == (None, {State.SENT: 1})


def test_a_worker_given_up_by_the_others_stops(post_office: Any) -> None:
    """It notices at its next write and leaves the rows to them; what was on its way comes twice."""
    buried, doubts = threading.Event(), list[int]()

    def bury(tally: Tally) -> None:
        if buried.is_set() or "sending" not in post.states().values():
            return
        with post.database.write() as session:
            in_an_hour = datetime.now(UTC) + timedelta(hours=1)
            doubts.append(workers.take_back(session, in_an_hour, NOW, MINUTE, POLICY))
        buried.set()

    with post_office(Script(faults={"dot": Fault(until=buried)})) as post:
        post.owe(*crowd(12))
        tally = post.engine(connections=2, batch=1).run(on_progress=bury)
        assert tally.stopped is not None
        assert "given up" in str(tally.stopped)
        assert "sending" not in post.states().values()
        assert len(post.server.received) == sum(doubts) > 0
        post.clock.advance(MINUTE)
        post.engine().run()
        assert set(post.server.recipients) == set(crowd(12))
        assert len(post.server.recipients) == 12 + sum(doubts)
        assert set(post.states().values()) == {"sent"}


def test_nobody_who_left_meanwhile_is_mailed(post_office: Any) -> None:
    """Somebody who leaves while the run goes on, after their row was claimed."""
    last, left = crowd(10)[9], threading.Event()

    def leave(tally: Tally) -> None:
        if left.is_set() or post.row(last).worker_id is None:
            return
        with post.database.write() as session:
            session.execute(
                update(Subscriber).where(Subscriber.email == last).values(status=Standing.UNSUBSCRIBED)
            )
        left.set()

    with post_office(Script(faults={"dot": Fault(until=left)})) as post:
        post.owe(*crowd(10))
        post.engine().run(on_progress=leave)
        assert left.is_set()
        assert post.server.recipients == crowd(9)
        assert post.states()[last] == "dropped"


@pytest.mark.parametrize(
    ("notice", "standing"),
    [
        ("confirm", Standing.PENDING),
        ("welcome", Standing.ACTIVE),
        ("already-subscribed", Standing.ACTIVE),
        ("goodbye", Standing.UNSUBSCRIBED),
    ],
)
def test_notices_are_sent(post_office: Any, notice: str, standing: Standing) -> None:
    """Each under its own id; list mail is what goes to somebody on the list."""
    with post_office() as post:
        with post.database.write() as session:
            reader = add_subscriber(session, ANN, standing)
            reader.requested_at = NOW
            owe_notice(session, notice, reader, NOW)
        assert post.engine().run().tries == {State.SENT: 1}
        head = post.server.received[0].data.partition(b"\r\n\r\n")[0].lower()
        assert (b"list-unsubscribe:" in head) is (standing is Standing.ACTIVE)
        assert b"auto-submitted:" in head


def test_an_address_that_smtp_cannot_carry_fails_alone(post_office: Any) -> None:
    """Such as one that an older version let in."""
    with post_office() as post:
        post.owe(ANN, BOB)
        with post.database.write() as session:
            session.execute(update(Subscriber).where(Subscriber.email == ANN).values(email="ü@example.org"))
        post.engine().run()
        assert list(post.states().values()) == ["failed", "sent"]
