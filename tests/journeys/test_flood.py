"""Somebody uses our form to flood a person with mail: they get three, whatever is tried."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from starlette.testclient import TestClient

from digest.app import delivering
from digest.app.delivering import RunReport
from digest.web.application import create_application
from tests.faults.smtp_server import FaultyServer
from tests.support.newsrooms import SLOT, Newsroom, newsroom

WIDE = dict.fromkeys(("per_address", "per_mailbox", "per_domain", "per_client"), "9999 in 1 day")
BYSTANDER = "bob@example.net"


def spellings(victim: str) -> Iterator[str]:
    """Ever new ways to write one mailbox: letters of other size, tags, dots where they mean nothing."""
    local, _, domain = victim.partition("@")
    chance = random.Random(5)
    while True:
        dotted = "".join(letter + chance.choice(("", ".")) for letter in local[:-1]) + local[-1]
        spelt = dotted if domain == "gmail.com" else local
        tag = chance.choice(("", f"+{chance.randrange(10**9)}"))
        yield "".join(chance.choice((c.upper(), c)) for c in f"{spelt}{tag}@{domain}")


def test_a_thousand_posts_for_one_victim(database_url: str) -> None:
    """With every other limit wide open: what counts the mails holds alone."""
    posts = 1000 if database_url.startswith("sqlite") else 250  # more take long and show nothing else
    flood(database_url, "thevictim@gmail.com", posts, WIDE)


def test_the_limits_as_they_come(tmp_path: Path) -> None:
    """Posts that the limits turn away look and work like those that are heard."""
    flood(f"sqlite:///{tmp_path / 'digest.db'}", "victim@example.org", 200, {})


def flood(url: str, victim: str, posts: int, limits: dict[str, str]) -> None:
    """From as many clients, while a sender sends: three mails at most, and somebody else gets theirs."""
    signup = {"fill_time": "0 seconds", "in_all": "9999 in 1 day", **limits}
    groups: dict[str, dict[str, object]] = {
        "signup": {**signup},
        "web": {"trusted_proxies": ["127.0.0.1"]},
        "newsletter": {"postal_address": "1 Example Street, 10115 Berlin"},
    }
    with (
        FaultyServer() as server,
        newsroom(url, SLOT, smtp={"port": server.port}, **groups) as room,
        TestClient(create_application(room.app), client=("127.0.0.1", 50000)) as pages,
    ):
        answers = set()
        for number, email in zip(range(posts), spellings(victim), strict=False):
            answers.add(post(pages, email, f"198.{number % 250}.100.{number // 250}"))
            if number < 8 or number % 200 == 0:  # what waits to be sent must not be what holds back the rest
                deliver(room)
        assert len(answers) == 1
        post(pages, BYSTANDER, "192.0.2.1")
        deliver(room)
        mailed = [mail.recipient for mail in server.received]
        assert len(mailed) == 3 + 1
        assert mailed[-1] == BYSTANDER


def post(pages: TestClient, email: str, client: str) -> tuple[int, str]:
    """Fill the form in from somewhere; the answer."""
    answer = pages.post("/subscribe", data={"email": email}, headers={"X-Forwarded-For": client})
    return answer.status_code, answer.text


def deliver(room: Newsroom) -> None:
    """Send all that is owed."""
    assert delivering.deliver(room.app, RunReport()).stopped is None
