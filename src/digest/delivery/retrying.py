"""What an outcome means for a delivery: its next state and when it is due again. Pure decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.delivery.models import State
from digest.delivery.replies import Meaning, Outcome

RECONNECTS = 3  # a lost connection is tried again at once this often before it waits on the ladder
MOST_DOUBTS = 3  # at its third doubt a row is held for a person: three copies are the most anybody can get


@dataclass(frozen=True, slots=True)
class Policy:
    """The retry settings."""

    retry_after: tuple[timedelta, ...]
    give_up_after: timedelta
    resend_unknown: bool
    resend_after: timedelta


@dataclass(frozen=True, slots=True)
class Step:
    """The next state and, where it will be tried again, the earliest moment for that."""

    state: State
    due_at: datetime | None = None


def next_step(
    outcome: Outcome, *, tries: int, doubts: int, first_tried_at: datetime, now: datetime, policy: Policy
) -> Step:
    """Decide after the `tries`th try of a delivery first tried at `first_tried_at`."""
    match outcome.meaning:
        case Meaning.SENT:
            return Step(State.SENT)
        case Meaning.READER | Meaning.MESSAGE:
            return Step(State.FAILED)
        case Meaning.UNKNOWN:
            return doubt(doubts, now, policy)
        case Meaning.CONNECTION if tries <= RECONNECTS:
            return Step(State.PENDING, now)
        case _:  # LATER, US, a connection lost too often: a refusal of us costs nobody more than the wait
            return _later(tries, first_tried_at, now, policy)


def doubt(doubts: int, now: datetime, policy: Policy) -> Step:
    """A delivery that may or may not have arrived: tried again after a delay, or held for a person.

    `doubts` counts those before this one.
    """
    if policy.resend_unknown and doubts + 1 < MOST_DOUBTS:
        return Step(State.UNKNOWN, now + policy.resend_after)
    return Step(State.UNKNOWN)


def _later(tries: int, first_tried_at: datetime, now: datetime, policy: Policy) -> Step:
    rung = min(tries, len(policy.retry_after)) - 1
    due = now + (policy.retry_after[rung] if policy.retry_after else timedelta(hours=1))
    return Step(State.FAILED) if due - first_tried_at > policy.give_up_after else Step(State.DEFERRED, due)
