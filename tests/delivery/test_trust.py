"""Which relay does its work, and when one that lets us in is given up all the same."""

from __future__ import annotations

from typing import Any

import pytest

from digest.delivery.greeting import Relay
from digest.delivery.models import State
from digest.delivery.replies import Meaning, Outcome, Stage
from digest.delivery.trust import DOUBTS, REFUSALS, TROUBLES, Trust
from tests.faults.smtp_server import Fault, FaultyServer, Script
from tests.support.offices import MINUTE
from tests.support.posts import QUICK, crowd


def verdicts(trust: Trust, *meanings: Meaning, stage: Stage = Stage.MAIL) -> list[bool]:
    """Whether the relay is given up after each of these."""
    return [trust.after(stage, Outcome(meaning, None, None, "words")) is not None for meaning in meanings]


@pytest.mark.parametrize(
    ("meaning", "several", "most"),
    [
        (Meaning.US, False, REFUSALS),
        (Meaning.UNKNOWN, False, DOUBTS * 2 + 1),
        (Meaning.CONNECTION, True, TROUBLES * 2 + 1),
        (Meaning.LATER, True, TROUBLES * 2 + 1),
    ],
)
def test_so_many_in_a_row_are_too_many(meaning: Meaning, several: bool, most: int) -> None:
    """With two connections; then it counts from nothing again."""
    trust = Trust(2, several)
    assert verdicts(trust, *[meaning] * most) == [False] * (most - 1) + [True]
    assert verdicts(trust, meaning) == [False]


@pytest.mark.parametrize("meaning", [Meaning.US, Meaning.UNKNOWN, Meaning.CONNECTION])
def test_a_mail_that_goes_makes_good_for_what_was(meaning: Meaning) -> None:
    """However often something went wrong before."""
    trust = Trust(1, several=True)
    assert verdicts(trust, *[meaning, Meaning.SENT, meaning, Meaning.SENT] * 20) == [False] * 80


def test_a_reader_that_is_to_come_later_speaks_for_nothing() -> None:
    """Greylisting is said of a recipient, not at MAIL."""
    assert not any(verdicts(Trust(1, several=True), *[Meaning.LATER] * 50, stage=Stage.RCPT))


def test_the_only_relay_is_kept_while_it_loses_connections() -> None:
    """Each reader waits on the ladder instead."""
    assert not any(verdicts(Trust(1, several=False), *[Meaning.CONNECTION] * 50))


@pytest.mark.parametrize(
    "fault",
    [Fault(drop="before"), Fault("451 4.3.0 come back later"), Fault("421 4.3.2 closing", close=True)],
)
def test_a_relay_that_takes_nothing_is_left_for_the_fallback(post_office: Any, fault: Fault) -> None:
    """It lets us in, and then hangs up or puts us off at every MAIL."""
    with post_office(Script(faults={"mail": fault})) as post, FaultyServer() as second:
        post.owe(*crowd(20))
        fallback = Relay(host=second.host, port=second.port, security="none", timeouts=QUICK)
        tally = post.engine(fallbacks=(fallback,)).run()
        assert tally.stopped is None
        assert tally.tries[State.SENT] >= 20 - TROUBLES - 1
        assert second.received
        assert post.nothing_is_held()


def test_a_relay_that_answers_nothing_is_stopped_in_time(post_office: Any) -> None:
    """It takes each mail and hangs up: a few are in doubt, not everybody."""
    with post_office(Script(faults={"dot": Fault(drop="after")})) as post:
        post.owe(*crowd(40))
        tally = post.engine().run()
        assert "does not answer" in str(tally.stopped)
        assert len(post.server.received) == tally.tries[State.UNKNOWN] == DOUBTS + 1
        assert list(post.states().values()).count("pending") == 40 - DOUBTS - 1
        assert post.nothing_is_held()


def test_what_was_learnt_of_a_relay_is_remembered_by_the_engine(post_office: Any) -> None:
    """A mail in doubt is tried again over the other one, not where it was lost."""
    with post_office(Script(faults={"dot": Fault(drop="after")})) as post, FaultyServer() as second:
        post.owe(*crowd(9))
        fallback = Relay(host=second.host, port=second.port, security="none", timeouts=QUICK)
        engine = post.engine(fallbacks=(fallback,))
        assert engine.run().tries == {State.UNKNOWN: DOUBTS + 1, State.SENT: 9 - DOUBTS - 1}
        post.clock.advance(MINUTE)
        assert engine.run().tries == {State.SENT: DOUBTS + 1}
        assert len(post.server.received) == DOUBTS + 1
        assert sorted(second.recipients) == crowd(9)
