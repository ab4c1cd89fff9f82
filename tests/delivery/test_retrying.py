"""What an outcome means for a delivery."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from digest.delivery import retrying
from digest.delivery.models import State
from digest.delivery.replies import Meaning, Outcome
from digest.delivery.retrying import MOST_DOUBTS, RECONNECTS, NextStep, Past, Policy, next_step, spread
from tests.support.tables import NOW

MINUTE = timedelta(minutes=1)
LADDER = (5 * MINUTE, 30 * MINUTE)
DAYS = timedelta(days=2)
RESEND = Policy(LADDER, DAYS, resend_unknown=True, resend_after=MINUTE)
HOLD = Policy(LADDER, DAYS, resend_unknown=False, resend_after=MINUTE)
NO_LADDER = Policy((), DAYS, resend_unknown=True, resend_after=MINUTE)

NEW = Past()
THRICE = Past(lost=RECONNECTS)

TABLE = [
    (Meaning.SENT, NEW, 0, RESEND, NextStep(State.SENT)),
    (Meaning.READER, NEW, 0, RESEND, NextStep(State.FAILED)),
    (Meaning.MESSAGE, NEW, 0, RESEND, NextStep(State.FAILED)),
    (Meaning.LATER, NEW, 0, RESEND, NextStep(State.DEFERRED, NOW + 4 * MINUTE)),
    (Meaning.LATER, Past(deferred=1), 0, RESEND, NextStep(State.DEFERRED, NOW + 30 * MINUTE)),
    (Meaning.LATER, Past(deferred=8), 0, RESEND, NextStep(State.DEFERRED, NOW + 30 * MINUTE)),
    (Meaning.LATER, THRICE, 0, RESEND, NextStep(State.DEFERRED, NOW + 4 * MINUTE)),
    (Meaning.LATER, NEW, 0, NO_LADDER, NextStep(State.DEFERRED, NOW + 48 * MINUTE)),
    (Meaning.LATER, Past(deferred=8), 0, NO_LADDER, NextStep(State.DEFERRED, NOW + 48 * MINUTE)),
    (Meaning.US, NEW, 0, RESEND, NextStep(State.DEFERRED, NOW + 4 * MINUTE)),
    (Meaning.US, Past(1, 1), 0, RESEND, NextStep(State.DEFERRED, NOW + 30 * MINUTE)),
    (Meaning.CONNECTION, NEW, 0, RESEND, NextStep(State.PENDING, NOW)),
    (Meaning.CONNECTION, Past(RECONNECTS - 1, 8), 0, RESEND, NextStep(State.PENDING, NOW)),
    (Meaning.CONNECTION, THRICE, 0, RESEND, NextStep(State.DEFERRED, NOW + 4 * MINUTE)),
    (Meaning.CONNECTION, Past(RECONNECTS, 1), 0, RESEND, NextStep(State.DEFERRED, NOW + 30 * MINUTE)),
    (Meaning.UNKNOWN, NEW, 0, RESEND, NextStep(State.UNKNOWN, NOW + MINUTE)),
    (Meaning.UNKNOWN, THRICE, MOST_DOUBTS - 1, RESEND, NextStep(State.UNKNOWN)),
    (Meaning.UNKNOWN, NEW, 0, HOLD, NextStep(State.UNKNOWN)),
]


@pytest.mark.parametrize(("meaning", "past", "doubts", "policy", "step"), TABLE)
def test_each_outcome_has_its_step(
    meaning: Meaning, past: Past, doubts: int, policy: Policy, step: NextStep
) -> None:
    """The next state, and when it is due where it will be tried again."""
    outcome = Outcome(meaning, None, None, "")
    found = next_step(outcome, past=past, doubts=doubts, first_tried_at=NOW, now=NOW, policy=policy, chance=0)
    assert found == step


@pytest.mark.parametrize("chance", [0, 0.5, 1])
@pytest.mark.parametrize(
    ("age", "state"),
    [(DAYS - 30 * MINUTE, State.DEFERRED), (DAYS - 29 * MINUTE, State.FAILED), (2 * DAYS, State.FAILED)],
)
def test_the_ladder_ends_at_its_deadline(age: timedelta, state: State, chance: float) -> None:
    """A retry that would come after it is not waited for, and none comes after it by chance."""
    outcome = Outcome(Meaning.LATER, 450, None, "later")
    begun = NOW - age
    past = Past(deferred=6)
    step = next_step(
        outcome, past=past, doubts=0, first_tried_at=begun, now=NOW, policy=RESEND, chance=chance
    )
    assert step.state is state
    assert (step.due_at is None) is (state is State.FAILED)
    assert step.due_at is None or step.due_at <= begun + DAYS


@pytest.mark.parametrize(
    ("wait", "shortest", "longest"),
    [
        (timedelta(0), timedelta(0), timedelta(0)),
        (timedelta(seconds=1), timedelta(seconds=0.8), timedelta(seconds=1.2)),
        (5 * MINUTE, 4 * MINUTE, 6 * MINUTE),
        (30 * MINUTE, 30 * MINUTE, 36 * MINUTE),
        (35 * MINUTE, 30 * MINUTE, 42 * MINUTE),
        (480 * MINUTE, 384 * MINUTE, 576 * MINUTE),
    ],
)
def test_a_wait_is_a_fifth_shorter_or_longer(
    wait: timedelta, shortest: timedelta, longest: timedelta
) -> None:
    """But half an hour is asked for by RFC 5321, and stays half an hour at least."""
    assert (spread(wait, 0), spread(wait, 1)) == (shortest, longest)


@pytest.mark.parametrize("deferred", [0, 1])
def test_what_was_put_off_together_does_not_come_back_together(
    deferred: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand that one server put off in one second: no second gets many of them."""
    monkeypatch.setattr(retrying, "random", random.Random(4).random)
    outcome = Outcome(Meaning.LATER, 450, "4.2.0", "greylisted")
    past = Past(deferred=deferred)
    dues = [
        next_step(outcome, past=past, doubts=0, first_tried_at=NOW, now=NOW, policy=RESEND).due_at
        for _ in range(1000)
    ]
    seconds = [due.replace(microsecond=0) for due in dues if due]
    assert len(seconds) == 1000
    assert max(seconds.count(second) for second in seconds) <= 20
