"""What an outcome means for a delivery."""

from __future__ import annotations

from datetime import timedelta

import pytest

from digest.delivery.models import State
from digest.delivery.replies import Meaning, Outcome
from digest.delivery.retrying import MOST_DOUBTS, RECONNECTS, Policy, Step, next_step
from tests.support.tables import NOW

MINUTE = timedelta(minutes=1)
LADDER = (5 * MINUTE, 30 * MINUTE)
DAYS = timedelta(days=2)
RESEND = Policy(LADDER, DAYS, resend_unknown=True, resend_after=MINUTE)
HOLD = Policy(LADDER, DAYS, resend_unknown=False, resend_after=MINUTE)
NO_LADDER = Policy((), DAYS, resend_unknown=True, resend_after=MINUTE)

TABLE = [
    (Meaning.SENT, 1, 0, RESEND, Step(State.SENT)),
    (Meaning.READER, 1, 0, RESEND, Step(State.FAILED)),
    (Meaning.MESSAGE, 1, 0, RESEND, Step(State.FAILED)),
    (Meaning.LATER, 1, 0, RESEND, Step(State.DEFERRED, NOW + 5 * MINUTE)),
    (Meaning.LATER, 2, 0, RESEND, Step(State.DEFERRED, NOW + 30 * MINUTE)),
    (Meaning.LATER, 9, 0, RESEND, Step(State.DEFERRED, NOW + 30 * MINUTE)),
    (Meaning.LATER, 1, 0, NO_LADDER, Step(State.DEFERRED, NOW + 60 * MINUTE)),
    (Meaning.US, 1, 0, RESEND, Step(State.DEFERRED, NOW + 5 * MINUTE)),
    (Meaning.CONNECTION, 1, 0, RESEND, Step(State.PENDING, NOW)),
    (Meaning.CONNECTION, RECONNECTS, 0, RESEND, Step(State.PENDING, NOW)),
    (Meaning.CONNECTION, RECONNECTS + 1, 0, RESEND, Step(State.DEFERRED, NOW + 30 * MINUTE)),
    (Meaning.UNKNOWN, 1, 0, RESEND, Step(State.UNKNOWN, NOW + MINUTE)),
    (Meaning.UNKNOWN, 9, MOST_DOUBTS - 1, RESEND, Step(State.UNKNOWN)),
    (Meaning.UNKNOWN, 1, 0, HOLD, Step(State.UNKNOWN)),
]


@pytest.mark.parametrize(("meaning", "tries", "doubts", "policy", "step"), TABLE)
def test_each_outcome_has_its_step(
    meaning: Meaning, tries: int, doubts: int, policy: Policy, step: Step
) -> None:
    """The next state, and when it is due where it will be tried again."""
    outcome = Outcome(meaning, None, None, "")
    assert next_step(outcome, tries=tries, doubts=doubts, first_tried_at=NOW, now=NOW, policy=policy) == step


@pytest.mark.parametrize(
    ("age", "state"),
    [(DAYS - 30 * MINUTE, State.DEFERRED), (DAYS - 29 * MINUTE, State.FAILED), (2 * DAYS, State.FAILED)],
)
def test_the_ladder_ends_at_its_deadline(age: timedelta, state: State) -> None:
    """A retry that would come after it is not waited for."""
    outcome = Outcome(Meaning.LATER, 450, None, "later")
    step = next_step(outcome, tries=7, doubts=0, first_tried_at=NOW - age, now=NOW, policy=RESEND)
    assert step.state is state
    assert (step.due_at is None) is (state is State.FAILED)
