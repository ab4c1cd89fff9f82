"""What a crash run has shown, held against the promises: values and pure decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tests.journeys.installation import many_readers

COLUMNS = ("workers", "kills", "while sending", "accepted", "accepted twice", "in doubt", "lost")


@dataclass(frozen=True, slots=True)
class Plan:
    """`kills` SIGKILLs among `workers` senders at once; the same seed draws the same chances."""

    kills: int
    readers: int
    workers: int
    seed: int
    connections: int = 4


@dataclass(frozen=True, slots=True)
class Findings:
    """What was seen. `accepted` comes from the server's log, `doubts` and `deliveries` from the ledger.

    `hits` are the kills that left rows at sending, `caught` those rows as seen with every sender dead
    (all of them where there is one sender), `most_in_flight` the most rows one sender ever had there.
    `midway` is how many mails had been accepted when the last kill came, `mishap` tells of senders that
    ended otherwise than they should.
    """

    plan: Plan
    kills: int
    hits: int
    midway: int
    accepted: Counter[str]
    doubts: Counter[str]
    caught: Counter[str]
    most_in_flight: int
    mishap: str
    mailings: int
    deliveries: dict[str, int]

    @property
    def lost(self) -> set[str]:
        """Readers whose mail the server never accepted."""
        return set(many_readers(self.plan.readers)) - set(self.accepted)

    @property
    def twice(self) -> set[str]:
        """Readers whose mail it accepted more than once."""
        return {email for email, number in self.accepted.items() if number > 1}

    def row(self) -> tuple[int, ...]:
        """The figures for COLUMNS."""
        accepted, twice, doubts = len(self.accepted), len(self.twice), self.doubts.total()
        return self.plan.workers, self.kills, self.hits, accepted, twice, doubts, len(self.lost)


def broken(found: Findings) -> list[str]:
    """The promises that did not hold, each as a sentence; empty when all did."""
    plan = found.plan
    unforeseen = {email: n for email, n in found.accepted.items() if n > 1 + found.doubts[email]}
    hidden, invented = found.caught - found.doubts, found.doubts - found.caught
    checks = {
        f"senders {found.mishap}": bool(found.mishap),
        f"lost: {_some(found.lost)}": bool(found.lost),
        f"accepted more often than they were in doubt: {_some(unforeseen)}": bool(unforeseen),
        f"in flight at a kill, but never in doubt: {_some(hidden)}": bool(hidden),
        f"in doubt, but in flight at no kill: {_some(invented)}": plan.workers == 1 and bool(invented),
        f"{found.most_in_flight} rows of one sender at sending, with {plan.connections} connections": (
            found.most_in_flight > plan.connections
        ),
        f"{found.doubts.total()} in doubt after {found.kills} kills": (
            found.doubts.total() > found.kills * plan.connections
        ),
        f"{found.mailings} mailings of one edition": found.mailings != 1,
        f"the ledger ends at {found.deliveries}": found.deliveries != {"sent": plan.readers},
        f"nothing was shown: {found.kills} kills, {found.midway} mails accepted by the last of them": (
            found.kills < plan.kills or not 0 < found.midway < found.accepted.total()
        ),
    }
    return [sentence for sentence, is_broken in checks.items() if is_broken]


def _some(emails: Iterable[str]) -> str:
    return ", ".join(sorted(emails)[:5])
