"""The short form of `make crash`, and proof that its judgement can tell a broken promise."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.faults.crash_findings import COLUMNS, Findings, Plan, broken
from tests.faults.crashing import crash_runs, moments_of, most_mails, rounds_of

KILLS = {1: 5, 3: 6}
READERS = 300
PLAN = Plan(kills=2, readers=3, workers=1, seed=0)
EVERYBODY = ("reader000@example.org", "reader001@example.org", "reader002@example.org")
GOOD = Findings(
    plan=PLAN,
    kills=2,
    hits=1,
    midway=2,
    accepted=Counter([*EVERYBODY, EVERYBODY[0]]),
    doubts=Counter(EVERYBODY[:2]),
    caught=Counter(EVERYBODY[:2]),
    most_in_flight=2,
    mishap="",
    mailings=1,
    deliveries={"sent": 3},
)
FLAWS: dict[str, dict[str, Any]] = {
    "lost: reader002": {"accepted": Counter([*EVERYBODY[:2], EVERYBODY[0]])},
    "accepted more often": {"accepted": Counter([*EVERYBODY, EVERYBODY[2]])},
    "but never in doubt": {"caught": Counter(EVERYBODY[:3])},
    "in flight at no kill": {"caught": Counter(EVERYBODY[:1])},
    "5 rows of one sender": {"most_in_flight": 5},
    "9 in doubt after 2 kills": {"doubts": Counter(dict.fromkeys(EVERYBODY, 3))},
    "senders ended with [1]": {"mishap": "ended with [1]: database is locked"},
    "2 mailings": {"mailings": 2},
    "the ledger ends at {'sent': 2, 'unknown': 1}": {"deliveries": {"sent": 2, "unknown": 1}},
    "1 kills": {"kills": 1},
    "0 mails accepted by the last": {"midway": 0},
}


@pytest.mark.parametrize("workers", KILLS)
def test_whatever_is_killed_everybody_gets_it(tmp_path: Path, database_url: str, workers: int) -> None:
    """Nobody is left out, and twice gets it at most who was in doubt: one reader per connection and kill."""
    plan = Plan(kills=KILLS[workers], readers=READERS, workers=workers, seed=random.randrange(10**6))
    found = crash_runs(tmp_path, database_url, plan)
    print(f"seed {plan.seed}: {dict(zip(COLUMNS, found.row(), strict=True))}")
    assert broken(found) == []


@pytest.mark.parametrize(("sentence", "flaw"), FLAWS.items(), ids=FLAWS)
def test_a_broken_promise_is_named(sentence: str, flaw: dict[str, Any]) -> None:
    """The findings of a good run give no cause for complaint, and each flaw in them does."""
    assert broken(GOOD) == []
    assert any(sentence in found for found in broken(replace(GOOD, **flaw)))


def test_the_kills_cover_the_whole_life() -> None:
    """As many as planned, all senders at the end, at moments from the first to the last of a round."""
    for seed in range(50):
        chance = random.Random(seed)
        rounds = rounds_of(Plan(kills=20, readers=100, workers=3, seed=seed), chance)
        assert sum(rounds) == 20
        assert rounds[-1] == 3
        moments = sorted(moments_of(len(rounds), chance))
        assert all(number <= moment * len(rounds) < number + 1 for number, moment in enumerate(moments))


def test_the_edition_outlasts_the_kills() -> None:
    """Even if every round lets through the most it may, something is left for the last one."""
    left = 300
    for rounds in range(100, 0, -1):
        assert left >= 1
        left -= most_mails(left, rounds)
