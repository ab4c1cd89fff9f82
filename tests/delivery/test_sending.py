"""The engine against a real server that misbehaves: everybody once, and the ledger says how it went."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from digest.audience.models import Standing, Subscriber
from digest.audience.suppressing import Suppressions
from digest.clock import SettableClock
from digest.db import Database
from digest.delivery import ledger, workers
from digest.delivery.messages import Messages, Sender
from digest.delivery.models import Attempt, Delivery, State, Worker
from digest.delivery.notices import owe_notice
from digest.delivery.retrying import Policy
from digest.delivery.sending import Engine, Tally
from digest.delivery.smtp import Relay, RelayUnreachable, Timeouts
from digest.errors import RelayRefused
from digest.rendering.renderer import Renderer
from digest.tokens import Keyring
from tests.faults.smtp_server import Fault, FaultyServer, Script
from tests.support.stories import BRANDING
from tests.support.tables import NOW, add_edition, add_subscriber

QUICK = Timeouts(greeting=5, command=5, data=5, block=5, final=5)
MINUTE = timedelta(minutes=1)
POLICY = Policy((5 * MINUTE,), timedelta(days=2), resend_unknown=True, resend_after=MINUTE)


class Post:
    """A mailing to a few readers, a server, and the engine between them."""

    def __init__(self, database: Database, suppressions: Suppressions, server: FaultyServer) -> None:
        """The clock stands still until a test moves it."""
        self.database, self.suppressions, self.server = database, suppressions, server
        self.clock = SettableClock(NOW)

    def engine(self, **changes: Any) -> Engine:
        """An engine with one connection, unless changed."""
        sender = Sender("Weekly <digest@example.org>", "Weekly", None, None)
        messages = Messages(
            self.database,
            Renderer(BRANDING),
            Keyring({1: b"k" * 32}, 1),
            sender,
            BRANDING.base_url,
            lambda mailing: "m0123456789abcdef",
        )
        relay = Relay(host=self.server.host, port=self.server.port, security="none", timeouts=QUICK)
        engine = Engine(
            database=self.database,
            clock=self.clock,
            messages=messages,
            relay=relay,
            suppressions=self.suppressions,
            policy=POLICY,
            connections=1,
            batch=10,
            lease=MINUTE,
        )
        return replace(engine, **changes)

    def owe(self, *emails: str) -> None:
        """Fan an edition out to these readers."""
        with self.database.write() as session:
            for email in emails:
                add_subscriber(session, email)
            ledger.fan_out(session, add_edition(session), self.clock.now())

    def states(self) -> dict[str, str]:
        """Every delivery's state by address."""
        query = select(Subscriber.email, Delivery.state).join(Subscriber).order_by(Subscriber.id)
        with self.database.read() as session:
            return {email: state.value for email, state in session.execute(query)}

    def row(self, email: str) -> Delivery:
        """Their delivery."""
        with self.database.read() as session:
            return session.scalars(select(Delivery).join(Subscriber).where(Subscriber.email == email)).one()

    def nothing_is_held(self) -> bool:
        """Whether no claim and no worker is left."""
        with self.database.read() as session:
            held = session.scalars(select(Delivery).where(Delivery.worker_id.is_not(None))).all()
            return not held and not session.scalars(select(Worker)).all()


@pytest.fixture
def post_office(database: Database, suppressions: Suppressions) -> Any:
    """Opens for one script."""

    @contextmanager
    def opened(script: Script | None = None) -> Iterator[Post]:
        with FaultyServer(script) as server:
            yield Post(database, suppressions, server)

    return opened


def message_ids(server: FaultyServer) -> list[str]:
    """The Message-ID of each mail received."""
    return [
        re.findall(rb"(?im)^message-id: *\r?\n? *(\S+)", mail.data)[0].decode() for mail in server.received
    ]


def crowd(number: int) -> list[str]:
    """So many readers."""
    return [f"r{index:03}@example.org" for index in range(number)]


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
        assert 5 <= len(sent) <= 10
        assert set(post.states().values()) == {"sent", "pending"}
        assert post.nothing_is_held()
        post.engine(connections=3).run()
        assert sorted(post.server.recipients) == crowd(200)


def test_a_stop_does_not_wait_for_the_pace(post_office: Any) -> None:
    """One mail in five seconds is no reason to hang about for five seconds."""
    stop = threading.Event()
    with post_office() as post:
        post.owe(*crowd(3))
        began = time.monotonic()
        threading.Timer(0.5, stop.set).start()
        post.engine(per_second=0.2).run(stop)
        assert time.monotonic() - began < 3
        assert set(post.states().values()) <= {"sent", "pending"}
        assert post.nothing_is_held()


def test_a_worker_given_up_by_the_others_stops(post_office: Any) -> None:
    """It notices at its next write and leaves the rows to them."""

    def bury(tally: Tally) -> None:
        with post.database.write() as session:
            in_an_hour = datetime.now(UTC) + timedelta(hours=1)
            workers.take_back(session, in_an_hour, NOW, MINUTE, POLICY)

    with post_office() as post:
        post.owe(*crowd(12))
        tally = post.engine(connections=2, batch=1).run(on_progress=bury)
        assert tally.stopped is not None
        assert "given up" in str(tally.stopped)
        assert "sending" not in post.states().values()
        post.clock.advance(MINUTE)
        post.engine().run()
        # Whatever was on its way just then may have come twice.
        assert set(post.server.recipients) == set(crowd(12))
        assert len(post.server.recipients) <= 14
        assert set(post.states().values()) == {"sent"}


def test_nobody_who_left_meanwhile_is_mailed(post_office: Any) -> None:
    """Somebody who leaves while the run goes on, after their row was claimed."""

    def leave(tally: Tally) -> None:
        with post.database.write() as session:
            session.execute(
                update(Subscriber)
                .where(Subscriber.email == crowd(10)[9])
                .values(status=Standing.UNSUBSCRIBED)
            )

    with post_office() as post:
        post.owe(*crowd(10))
        post.engine().run(on_progress=leave)
        assert post.server.recipients == crowd(9)
        assert post.states()[crowd(10)[9]] == "dropped"


@pytest.mark.parametrize("notice", ["confirm", "welcome", "already-subscribed", "goodbye"])
def test_notices_are_sent(post_office: Any, notice: str) -> None:
    """Each under its own id; the welcome alone is list mail."""
    with post_office() as post:
        with post.database.write() as session:
            reader = add_subscriber(session, ANN, Standing.PENDING)
            owe_notice(session, notice, reader, NOW)
        assert post.engine().run().tries == {State.SENT: 1}
        head = post.server.received[0].data.partition(b"\r\n\r\n")[0].lower()
        assert (b"list-unsubscribe:" in head) is (notice == "welcome")
        assert b"auto-submitted:" in head


def test_an_address_that_smtp_cannot_carry_fails_alone(post_office: Any) -> None:
    """Such as one that an older version let in."""
    with post_office() as post:
        post.owe(ANN, BOB)
        with post.database.write() as session:
            session.execute(
                update(Subscriber).where(Subscriber.email == ANN).values(email='"a b"@example.org')
            )
        post.engine().run()
        assert list(post.states().values()) == ["failed", "sent"]
