"""What an outcome means for a delivery: its next state and when it is due again. Pure decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import random

from digest.delivery.models import State
from digest.delivery.replies import Meaning, Outcome

RECONNECTS = 3  # a lost connection is tried again at once this often before it waits on the ladder
AGAIN = (Meaning.CONNECTION, Meaning.LATER, Meaning.US)  # after these the earlier tries count
JITTER = 0.2  # of a wait, more or less: what one server deferred together does not come back together
PATIENCE = timedelta(minutes=30)  # RFC 5321 §4.5.4.1: the shortest wait once a server is known to be slow
MOST_DOUBTS = 3  # at its third doubt a row is held for a person: three copies are the most anybody can get


@dataclass(frozen=True, slots=True)
class Policy:
    """The retry settings."""

    retry_after: tuple[timedelta, ...]
    give_up_after: timedelta
    resend_unknown: bool
    resend_after: timedelta


@dataclass(frozen=True, slots=True)
class NextStep:
    """The next state and, where it will be tried again, the earliest moment for that."""

    state: State
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """How many earlier tries of a delivery were lost and made again at once, and how many were deferred."""

    lost: int = 0
    deferred: int = 0


def next_step(
    outcome: Outcome,
    *,
    past: Past,
    doubts: int,
    first_tried_at: datetime,
    now: datetime,
    policy: Policy,
    chance: float | None = None,
) -> NextStep:
    """Decide after a try of a delivery first tried at `first_tried_at`; `past` matters after AGAIN alone.

    `chance`, from 0 to 1, is where in its span the next try falls; without it, the dice decide.
    """
    match outcome.meaning:
        case Meaning.SENT:
            return NextStep(State.SENT)
        case Meaning.READER | Meaning.MESSAGE:
            return NextStep(State.FAILED)
        case Meaning.UNKNOWN:
            return doubt(doubts, now, policy)
        case Meaning.CONNECTION if past.lost < RECONNECTS:
            return NextStep(State.PENDING, now)
        case Meaning.CONNECTION | Meaning.LATER | Meaning.US:  # the wait is all that these cost anybody
            return _later(past.deferred, first_tried_at + policy.give_up_after, now, policy, chance)


def doubt(doubts: int, now: datetime, policy: Policy) -> NextStep:
    """A delivery that may or may not have arrived: tried again after a delay, or held for a person.

    `doubts` counts those before this one.
    """
    if policy.resend_unknown and doubts + 1 < MOST_DOUBTS:
        return NextStep(State.UNKNOWN, now + policy.resend_after)
    return NextStep(State.UNKNOWN)


def _later(
    deferred: int, deadline: datetime, now: datetime, policy: Policy, chance: float | None
) -> NextStep:
    ladder = policy.retry_after or (timedelta(hours=1),)
    wait = ladder[min(deferred, len(ladder) - 1)]
    if now + wait > deadline:  # whoever is given up does not owe that to the dice
        return NextStep(State.FAILED)
    if chance is None:
        chance = random()  # noqa: S311 - nobody gains by guessing it
    return NextStep(State.DEFERRED, min(now + spread(wait, chance), deadline))


def spread(wait: timedelta, chance: float) -> timedelta:
    """A wait, up to a fifth shorter or longer; half an hour or more stays at least half an hour."""
    shortest = wait * (1 - JITTER)
    if wait >= PATIENCE:
        shortest = max(shortest, PATIENCE)
    return shortest + (wait * (1 + JITTER) - shortest) * chance
