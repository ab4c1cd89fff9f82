"""When too many of an edition's addresses do not exist, it is paused: a bad list ruins a sender's name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from digest.delivery.holding import goes_on
from digest.delivery.models import WAITING, Delivery, Mailing, State
from digest.editions.models import Edition

FINISHED = (State.SENT, State.FAILED)


@dataclass(frozen=True, slots=True)
class Limit:
    """More than this share (1.0 is all) of at least so many finished deliveries may not fail."""

    share: float = 1.0
    at_least: int = 1


NEVER = Limit()


@dataclass(frozen=True, slots=True)
class Count:
    """Finished deliveries of one mailing, sent or failed for good, and how many of them failed."""

    tries: int = 0
    failures: int = 0

    def after(self, state: State) -> Count:
        """One more delivery came to `state`."""
        return Count(self.tries + (state in FINISHED), self.failures + (state is State.FAILED))


@dataclass(frozen=True, slots=True)
class Tallied:
    """A mailing at one moment: what is finished, what of that a person let pass, and how many are due."""

    count: Count
    passed: Count
    due: int

    def after(self, state: State) -> Tallied:
        """One more delivery came to `state`."""
        return Tallied(self.count.after(state), self.passed, max(0, self.due - 1))


def too_many(count: Count, passed: Count, limit: Limit) -> bool:
    """Whether so many failures stop a mailing.

    What a person let `passed` is left out, and nothing is judged before as many more were tried: whoever
    insists is asked ever more seldom.
    """
    tries, failures = count.tries - passed.tries, count.failures - passed.failures
    return tries >= max(limit.at_least, passed.tries) and failures > limit.share * tries


def tally(session: Session, mailing_id: int, now: datetime) -> Tallied:
    """An edition's mailing as the ledger has it: one look through its rows."""
    due = func.count().filter(Delivery.due_at <= now)
    query = select(Delivery.state, func.count(), due).where(Delivery.mailing_id == mailing_id)
    found = {
        state: (number, ready) for state, number, ready in session.execute(query.group_by(Delivery.state))
    }
    sent, failed = (found.get(state, (0, 0))[0] for state in FINISHED)
    ready = sum(found.get(state, (0, 0))[1] for state in WAITING)
    return Tallied(Count(sent + failed, failed), _passed(session, mailing_id), ready)


def _passed(session: Session, mailing_id: int) -> Count:
    query = select(Edition.counted_tries, Edition.counted_failures).join(Mailing)
    tries, failures = session.execute(query.where(Mailing.id == mailing_id)).one()
    return Count(tries or 0, failures or 0)


def pause_if_failing(
    session: Session, mailing_id: int, limit: Limit, now: datetime
) -> tuple[str | None, Tallied]:
    """Pause its edition if the ledger agrees that too many failed; a sentence if so, and what was counted.

    The ledger is asked since several workers may send at once, each knowing its own tries only. An edition
    that has nothing left to send is not worth stopping.
    """
    found = tally(session, mailing_id, now)
    if not too_many(found.count, found.passed, limit) or not _owes_more(session, mailing_id):
        return None, found
    key = session.scalars(select(Edition.key).join(Mailing).where(Mailing.id == mailing_id)).one()
    why = _sentence(found.count, found.passed, limit)
    result = session.execute(
        update(Edition)
        .where(Edition.key == key, goes_on())
        .values(paused_at=now, paused_because=why)
        .execution_options(synchronize_session=False)
    )
    ways = f"(digest resume {key} goes on all the same, digest edition cancel {key} ends it)"
    did = getattr(result, "rowcount", 0) == 1
    return f"edition {key} is paused: {why} {ways}" if did else None, found


def _owes_more(session: Session, mailing_id: int) -> bool:
    query = select(Delivery.mailing_id).where(Delivery.mailing_id == mailing_id, Delivery.state.in_(WAITING))
    return session.execute(query.limit(1)).first() is not None


def _sentence(count: Count, passed: Count, limit: Limit) -> str:
    tries, failures = count.tries - passed.tries, count.failures - passed.failures
    which = "next" if passed.tries else "first"
    share = f"{limit.share * 100:g} %"
    return f"{failures} of the {which} {tries} addresses were refused for good, more than {share}"
