"""Readers who leave while the edition is on its way to everybody."""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from functools import partial
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, text

from digest.app.parts import open_app
from digest.audience.models import Subscriber
from digest.clock import iso
from digest.config import load_settings
from digest.db import Database
from digest.demo.outbox import leaving_link
from digest.tokens import Purpose
from tests.faults.smtp_server import Fault, FaultyServer, Received, Script
from tests.journeys.installation import Installation, filled, installed, many_readers, slot_just_passed

READERS = many_readers(400)
LEAVING = 200
BROWSERS = 4
CONNECTIONS = 4
SOME = 150  # mails that race the departures; fewer than those who stay, so that the others wait for the end
WHERE_IT_STANDS = text("""
    SELECT deliveries.state FROM deliveries
    JOIN mailings ON mailings.id = deliveries.mailing_id AND mailings.edition_id IS NOT NULL
    JOIN subscribers ON subscribers.id = deliveries.subscriber_id WHERE subscribers.email = :email
""")
NOW = datetime(2026, 11, 19, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Departure:
    """When a reader's POST had been answered, and where their delivery stood right after that."""

    email: str
    answered_at: datetime
    state: str


def test_whoever_left_is_not_mailed(tmp_path: Path, database_url: str) -> None:
    """200 random readers leave by their own links during a run to 400; `complaints` says what is allowed.

    All others get it once, and a link that was used is the one in the mail, where there was a mail.
    """
    dice = random.Random(seed := random.randrange(10**6))
    everybody_left = threading.Event()
    faults = {"data": Fault(delay=0.03), "dot": Fault(skip=SOME, until=everybody_left)}
    with FaultyServer(Script(faults=faults)) as server:
        settings = slot_just_passed() | {"SMTP__CONNECTIONS": str(CONNECTIONS)}
        made = installed(tmp_path, database_url, server.port, **settings)
        links = _links(filled(made, READERS, iso(datetime.now(UTC)) or ""))
        leaving = dice.sample(READERS, LEAVING)
        with made.serving(), made.start("run") as run:
            _wait_for_mails(server, run)
            departures = _leave(made, [(email, links[email]) for email in leaving])
            assert run.poll() is None, "the run was over before everybody had left"
            everybody_left.set()
            assert run.wait(120) in {0, 75}
    mails = [mail for mail in server.received if _unsubscribe_link(mail)]
    assert complaints(departures, mails, CONNECTIONS) == []
    mailed = Counter(mail.recipient for mail in mails)
    spared = set(READERS) - set(mailed)
    print(f"seed {seed}: {len(spared)} spared; found at {Counter(left.state for left in departures)}")
    assert 20 <= len(spared) < LEAVING
    assert spared <= set(leaving)
    assert set(mailed.values()) == {1}
    assert all(_unsubscribe_link(mail) == links[mail.recipient] for mail in mails)
    assert set(made.statuses().items()) >= {(email, "unsubscribed") for email in leaving}


def complaints(departures: Sequence[Departure], mails: Sequence[Received], connections: int) -> list[str]:
    """What must not have happened; empty when it did not.

    In flight is what stood at sending when the POST was answered; a connection has at most one such mail. So

    1. whose delivery stood elsewhere, and was not sent by then, is never mailed;
    2. at the moment of any answer, no more of those who have left by then are mailed later than there are
       connections.
    """
    accepted = {mail.recipient: mail.accepted_at for mail in mails}
    found = [
        f"{left.email} was at {left.state} when they left, and got it"
        for left in departures
        if left.state not in {"sending", "sent"} and left.email in accepted
    ]
    after = [(left.answered_at, accepted[left.email]) for left in departures if left.email in accepted]
    for moment in (left.answered_at for left in departures):
        late = sum(left <= moment < got for left, got in after)
        found += [f"{late} who had left at {moment} were mailed later"] if late > connections else []
    return found


def _departed(seconds: int, state: str) -> Departure:
    return Departure(f"reader{seconds}@example.org", NOW + timedelta(seconds=seconds), state)


def _accepted(reader: int, seconds: int) -> Received:
    return Received(f"reader{reader}@example.org", "", b"", NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("states", "accepted", "number"),
    [
        (["pending", "dropped"], [], 0),
        (["sent", "sending", "sending"], [0, 5, 3], 0),
        (["pending"], [1], 1),
        (["dropped"], [1], 1),
        (["sending", "sending", "sending"], [9, 9, 9], 1),
        (["sent", "sent", "sent", "sent"], [9, 9, 9, 9], 2),
    ],
)
def test_what_is_complained_of(states: list[str], accepted: list[int], number: int) -> None:
    """The n-th reader left after n seconds; of two connections, a third late mail is one too many."""
    departures = [_departed(second, state) for second, state in enumerate(states)]
    mails = [_accepted(reader, second) for reader, second in enumerate(accepted)]
    assert len(complaints(departures, mails, connections=2)) == number


def _links(made: Installation) -> dict[str, str]:
    """Everybody's own unsubscribe link."""
    settings = load_settings(made.folder / "digest.toml", made.environment)
    with open_app(settings) as app, app.database.read() as session:
        tokens = {
            reader.email: app.keyring.issue(Purpose.UNSUBSCRIBE, reader.public_id, app.clock.now())
            for reader in session.scalars(select(Subscriber))
        }
    return {email: f"{settings.web.base_url}/unsubscribe/{token}" for email, token in tokens.items()}


def _wait_for_mails(server: FaultyServer, run: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while len(server.received) < 20:
        assert run.poll() is None, "the run ended early"
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _leave(made: Installation, links: Sequence[tuple[str, str]]) -> list[Departure]:
    """Several mail programs at once, each with one reader after the other."""
    database = Database(made.settings["DATABASE__URL"])
    try:
        with httpx.Client(trust_env=False) as browser, ThreadPoolExecutor(BROWSERS) as pool:
            return list(pool.map(partial(_depart, browser, database), links))
    finally:
        database.close()


def _depart(browser: httpx.Client, database: Database, reader: tuple[str, str]) -> Departure:
    email, link = reader
    assert browser.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    answered_at = datetime.now(UTC)
    with database.read() as session:
        state = session.execute(WHERE_IT_STANDS, {"email": email}).scalar_one()
    return Departure(email, answered_at, state)


def _unsubscribe_link(mail: Received) -> str:
    """The link in its header; empty in a goodbye, which is owed to whoever left."""
    return leaving_link(message_from_bytes(mail.data, policy=policy.SMTP))
