"""An edition, a mail server that may misbehave, and the engine between them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from digest.audience.models import Subscriber
from digest.audience.suppressing import Suppressions
from digest.db import Database
from digest.delivery import ledger
from digest.delivery.greeting import Relay, Timeouts
from digest.delivery.messages import Messages, Sender
from digest.delivery.models import Delivery, Worker
from digest.delivery.sending import Engine
from digest.rendering.renderer import Renderer
from digest.tokens import Keyring
from tests.faults.smtp_server import FaultyServer
from tests.support.clocks import SettableClock
from tests.support.offices import MINUTE, POLICY
from tests.support.stories import BRANDING
from tests.support.tables import NOW, add_edition, add_subscriber

QUICK = Timeouts(greeting=60, command=60, data=60, block=60, final=60)


class Post:
    """A mailing to a few readers, a server, and the engine between them."""

    def __init__(self, database: Database, suppressions: Suppressions, server: FaultyServer) -> None:
        """The clock stands still until a test moves it."""
        self.database, self.suppressions, self.server = database, suppressions, server
        self.clock = SettableClock(NOW)

    def engine(self, **changes: Any) -> Engine:
        """An engine with one connection, unless changed."""
        sender = Sender("Weekly <digest@example.org>", "Weekly", None, None)
        messages = Messages(
            self.database,
            Renderer(BRANDING),
            Keyring({1: b"k" * 32}, 1),
            sender,
            BRANDING.base_url,
            lambda mailing: "m0123456789abcdef",
        )
        relay = Relay(host=self.server.host, port=self.server.port, security="none", timeouts=QUICK)
        engine = Engine(
            database=self.database,
            clock=self.clock,
            messages=messages,
            relay=relay,
            suppressions=self.suppressions,
            policy=POLICY,
            connections=1,
            batch=10,
            lease=MINUTE,
        )
        return replace(engine, **changes)

    def owe(self, *emails: str) -> None:
        """Fan an edition out to these readers."""
        with self.database.write() as session:
            for email in emails:
                add_subscriber(session, email)
            ledger.fan_out(session, add_edition(session), self.clock.now())

    def states(self) -> dict[str, str]:
        """Every delivery's state by address."""
        query = select(Subscriber.email, Delivery.state).join(Subscriber).order_by(Subscriber.id)
        with self.database.read() as session:
            return {email: state.value for email, state in session.execute(query)}

    def row(self, email: str) -> Delivery:
        """Their delivery."""
        with self.database.read() as session:
            return session.scalars(select(Delivery).join(Subscriber).where(Subscriber.email == email)).one()

    def nothing_is_held(self) -> bool:
        """Whether no claim and no worker is left."""
        with self.database.read() as session:
            held = session.scalars(select(Delivery).where(Delivery.worker_id.is_not(None))).all()
            return not held and not session.scalars(select(Worker)).all()


def message_ids(server: FaultyServer) -> list[str]:
    """The Message-ID of each mail received."""
    return [
        re.findall(rb"(?im)^message-id: *\r?\n? *(\S+)", mail.data)[0].decode() for mail in server.received
    ]


def crowd(number: int) -> list[str]:
    """So many readers."""
    return [f"r{index:03}@example.org" for index in range(number)]
