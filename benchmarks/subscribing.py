"""Whether the time of an answer tells who is on the list: the form posted for each kind of address, in turns.

A ratio near 1 says that an address cannot be told from one that nobody knows. What is left is the noise of
the machine, which "unknown, again" shows: it does the same as the first line. Run it with `make bench`, or
alone: `.venv/bin/python benchmarks/subscribing.py --rounds 300`.
"""

from __future__ import annotations

import argparse
import random
import warnings
from collections.abc import Callable
from statistics import median

from sqlalchemy import insert
from support.ledgers import databases
from support.mailings import NOW
from support.tables import table
from support.timing import stopwatch

from digest.app.parts import App
from digest.audience.addresses import read_address
from digest.audience.models import Standing, Subscriber
from digest.clock import SystemClock
from digest.config import Settings
from digest.db import Database
from digest.db.migrations import upgrade
from digest.logs import configure_logs
from digest.tokens import new_public_id
from digest.web.application import create_application

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it wishes for a successor of httpx
    from starlette.testclient import TestClient

UNKNOWN = "unknown"
KNOWN = {"pending": Standing.PENDING, "active": Standing.ACTIVE, "left": Standing.UNSUBSCRIBED}
REFUSED = {"bounced": Standing.BOUNCED, "complained": Standing.COMPLAINED}
KINDS = (UNKNOWN, "unknown, again", *KNOWN, *REFUSED, "suppressed", "a filled-in trap", "asked just now")
WIDE = "1000000 in 31 days"
WARM = 3


def main() -> None:
    """Measure both databases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="posts for each kind of address")
    rounds = parser.parse_args().rounds
    configure_logs()
    with databases() as kinds:
        for name, urls in kinds.items():
            with urls() as url:
                print(f"{name}: {rounds} posts for each kind of address\n", flush=True)
                _measure(url, rounds)


def _measure(url: str, rounds: int) -> None:
    database = Database(url)
    try:
        upgrade(database)
        app = App(_settings(url), SystemClock(NOW), database)
        _fill(app, rounds + WARM)
        with TestClient(create_application(app)) as pages:
            posts = {kind: stopwatch(_poster(pages, kind)) for kind in KINDS}
            times = _shuffled(posts, rounds)
    finally:
        database.close()
    usual = median(times[UNKNOWN])
    rows = [(kind, f"{median(ms):.2f}", f"{median(ms) / usual:.3f}") for kind, ms in times.items()]
    print(table(("address", "median ms", "ratio"), rows), end="\n\n", flush=True)


def _shuffled(posts: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """The milliseconds of each kind, which take turns in ever another order: one may slow down the next."""
    times: dict[str, list[float]] = {kind: [] for kind in posts}
    chance = random.Random(7)
    for number in range(rounds + WARM):
        for kind in chance.sample(list(posts), len(posts)):
            passed = posts[kind]()
            if number >= WARM:
                times[kind].append(passed)
    return times


def _settings(url: str) -> Settings:
    limits = dict.fromkeys(("per_client", "in_all", "per_address", "per_mailbox", "per_domain"), WIDE)
    keys = {"signing": {"1": "ab" * 32}, "suppression": "cd" * 32}
    signup = {**limits, "fill_time": "0 seconds"}
    return Settings.model_validate({"keys": keys, "database": {"url": url}, "signup": signup})


def _address(kind: str, number: int) -> str:
    return f"reader{number}@{kind.replace(', ', '-').replace(' ', '-')}.example.org"


def _fill(app: App, number: int) -> None:
    """So many people of each kind that has a row or a suppression."""
    people = [
        {
            "public_id": new_public_id(),
            "email": _address(kind, n),
            "canonical": _address(kind, n),
            "status": standing,
            "created_at": NOW,
            "departures": 0,
        }
        for kind, standing in (KNOWN | REFUSED).items()
        for n in range(number)
    ]
    with app.database.write() as session:
        session.execute(insert(Subscriber), people)
        for n in range(number):
            address = read_address(_address("suppressed", n))
            app.suppressions.suppress(session, address, "complaint", "benchmark", NOW)


def _poster(pages: TestClient, kind: str) -> Callable[[], None]:
    """Posts the form for the next address of its kind, each time for another, unless that is the point."""
    number = 0

    def post() -> None:
        nonlocal number
        fields = {"email": _address(kind, 0 if kind == "asked just now" else number)}
        if kind == "a filled-in trap":
            fields["website"] = "https://spam.example"
        answer = pages.post("/subscribe", data=fields)
        assert answer.status_code == 200, answer.text
        assert "Look in your inbox" in answer.text
        number += 1

    return post


if __name__ == "__main__":
    main()
