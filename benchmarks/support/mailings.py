"""A mailing of one edition to many readers, in a SQLite ledger on disk, and the engine to send it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, insert, select
from support.weeks import BRAND, KEY

from digest.audience.models import Standing, Subscriber
from digest.audience.suppressing import Suppressions
from digest.clock import SystemClock
from digest.db import Database
from digest.db.migrations import upgrade
from digest.delivery import claiming, ledger, workers
from digest.delivery.messages import Messages, Sender
from digest.delivery.models import Attempt, Delivery, State
from digest.delivery.retrying import Policy
from digest.delivery.sending import Engine
from digest.delivery.signing import Signer
from digest.delivery.smtp import Relay
from digest.editions.models import Edition, Status
from digest.rendering.rendered import Rendered
from digest.rendering.renderer import Renderer
from digest.tokens import Keyring

NOW = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
_SENDER = Sender("Weekly Verdicts <verdicts@example.org>", BRAND.name, "editors@example.org", None)
POLICY = Policy((5 * MINUTE,), timedelta(days=2), resend_unknown=True, resend_after=MINUTE)


@contextmanager
def mailing(mail: Rendered, readers: int) -> Iterator[Database]:
    """A new ledger in which `mail` is owed to so many readers."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder, 'digest.db')}")
        try:
            upgrade(database)
            with database.write() as session:
                session.execute(insert(Subscriber), [_reader(number) for number in range(readers)])
                edition = ready_edition(mail)
                session.add(edition)
                session.flush()
                ledger.fan_out(session, edition, NOW)
            yield database
        finally:
            database.close()


def messages(database: Database, signer: Signer | None = None) -> Messages:
    """What makes the messages of a mailing."""
    keyring = Keyring({1: bytes(range(64))}, 1)
    return Messages(
        database, Renderer(BRAND), keyring, _SENDER, BRAND.base_url, lambda mailing: mailing, signer
    )


def engine(database: Database, port: int, connections: int, signer: Signer | None = None) -> Engine:
    """The engine as `digest run` has it, on a relay at this port."""
    return Engine(
        database=database,
        clock=SystemClock(NOW),
        messages=messages(database, signer),
        relay=Relay(host="127.0.0.1", port=port, security="none"),
        suppressions=Suppressions(b"s" * 32),
        policy=POLICY,
        connections=connections,
        batch=200,
        lease=MINUTE,
    )


def jobs(database: Database, readers: int) -> list[claiming.Job]:
    """All deliveries at once, claimed by nobody."""
    with database.trial() as session:
        worker = workers.register(session, NOW)
        return claiming.claim(session, worker, claiming.Rules(Suppressions(b"s" * 32)), NOW, readers).jobs


def everybody_once(database: Database, readers: int) -> bool:
    """Whether the ledger says that each was accepted, at the first try."""
    with database.read() as session:
        sent = session.scalar(select(func.count()).where(Delivery.state == State.SENT, Delivery.tries == 1))
        tries = session.scalar(select(func.count()).select_from(Attempt))
    return sent == tries == readers


def _reader(number: int) -> dict[str, object]:
    address = f"reader.{number:07}@mail.example.org"
    return {
        "public_id": f"{number:024x}",
        "email": address,
        "canonical": address,
        "status": Standing.ACTIVE,
        "created_at": NOW,
        "confirmed_at": NOW,
        "departures": 0,
    }


def ready_edition(mail: Rendered) -> Edition:
    """An approved edition that consists of this mail."""
    return Edition(
        key=KEY,
        status=Status.APPROVED,
        slot=NOW,
        window_start=NOW - timedelta(days=7),
        window_end=NOW,
        subject=mail.subject,
        created_at=NOW,
        html=mail.html,
        text=mail.text,
        marker=mail.marker,
    )
