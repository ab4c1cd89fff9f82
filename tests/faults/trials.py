"""A trial: `digest run` against a relay with a fault, and once more ten hours later, when all is well."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

import trustme
from sqlalchemy import select, update

from digest.app.delivering import RunReport, deliver
from digest.app.parts import App
from digest.audience.models import Subscriber
from digest.config import Settings
from digest.db import Database
from digest.delivery import ledger
from digest.delivery.models import Attempt, Delivery
from digest.delivery.replies import Meaning, Reply, Stage, judge
from digest.delivery.smtp import Relay, Timeouts
from digest.editions.models import Edition
from digest.errors import RelayRefused
from tests.faults.smtp_server import FaultyServer, Script
from tests.support.clocks import SettableClock
from tests.support.tables import NOW, add_edition, add_subscriber, standings

ANN = "ann@example.org"
READERS = (ANN, "bob@example.org", "cleo@example.net", "dan@example.com")
LATER = timedelta(hours=10)  # longer than the longest wait of the retry ladder
QUICK = Timeouts(greeting=60, command=60, data=60, block=60, final=60)
ACCOUNT = {"digest": "secret"}
LONG_TEXT = f"{'x' * 70}\n" * 130_000  # nine megabytes, more than the sockets between us take in

BLAMED = {
    Meaning.READER: "the reader",
    Meaning.MESSAGE: "the message",
    Meaning.US: "us",
    Meaning.LATER: "nobody",
    Meaning.CONNECTION: "nobody",
    Meaning.UNKNOWN: "nobody",
}


@dataclass(frozen=True)
class Case:
    """A fault, and what else is unusual about the run that meets it.

    `stage` is where the reply comes that decides. We log in where the script knows an account, unless `login`
    says otherwise, and expect its `security`. `delivery` are settings. With `long` the mail has nine
    megabytes. After each of the `waits` there is one more run before the ledger is looked at.
    """

    script: Script = field(default_factory=Script)
    stage: Stage = Stage.RCPT
    login: bool = True
    security: Literal["none", "starttls", "tls"] | None = None
    timeouts: Timeouts = QUICK
    delivery: Mapping[str, object] = field(default_factory=dict)
    long: bool = False
    waits: Sequence[timedelta] = ()

    @property
    def healthy(self) -> Script:
        """The same relay without the fault."""
        users = ACCOUNT if self.script.users and self.login else None
        return Script(security=self.security or self.script.security, users=users)


@dataclass(frozen=True)
class Address:
    """Where a relay listens, and the authority that signed for it."""

    port: int
    ca_file: Path | None = None


@dataclass(frozen=True)
class Look:
    """What a run left: each reader's delivery, the unlucky one's tries, and how the run ended."""

    states: dict[str, str]
    standings: dict[str, str]
    attempts: list[Attempt]
    report: RunReport

    @property
    def unlucky(self) -> str:
        """Whom the fault has met: the first whose first try did not go through."""
        met = [attempt.subscriber_id for attempt in self.attempts if attempt.result != "sent"]
        return list(self.states)[met[0] - 1] if met else ANN

    @property
    def others(self) -> list[str]:
        """How everybody else's delivery stands."""
        return [state for email, state in self.states.items() if email != self.unlucky]


class Office:
    """A newsletter of which one edition is owed to four readers; its clock stands still between the runs."""

    def __init__(self, database: Database, authority: Path, case: Case) -> None:
        """Nothing is sent yet; `authority` is the one to trust where a relay has none of its own."""
        self.database, self.authority, self.case = database, authority, case
        self.clock = SettableClock(NOW)
        if case.long:
            with database.write() as session:
                session.execute(update(Edition).values(text=LONG_TEXT))

    def meet(self, address: Address) -> Look:
        """Run once, and after each wait of the case once more."""
        look = self.run(address, self.case.timeouts)
        for wait in self.case.waits:
            self.clock.advance(wait)
            look = self.run(address, self.case.timeouts)
        return look

    def run(self, address: Address, timeouts: Timeouts = QUICK) -> Look:
        """What `digest run` does for an edition on its way, with the relay there."""
        app = HastyApp(self._settings(address), self.clock, self.database, timeouts)
        return _look(self.database, deliver(app, RunReport()))

    def _settings(self, address: Address) -> Settings:
        case, account = self.case, {"username": "digest", "password": ACCOUNT["digest"]}
        security = case.security or case.script.security
        smtp = {
            "host": "127.0.0.1" if security == "none" else "localhost",
            "port": address.port,
            "security": security,
            "connections": 1,
            "ca_file": address.ca_file or self.authority,
            **(account if case.script.users is not None and case.login else {}),
        }
        keys = {"signing": {"1": "ab" * 32}, "suppression": "cd" * 32}
        delivery = {"linger": "0 seconds", **case.delivery}
        return Settings.model_validate({"keys": keys, "smtp": smtp, "delivery": delivery})


class Trials:
    """One office after another, all in one database, which saves compiling each statement anew."""

    def __init__(self, database: Database, file: Path) -> None:
        """`database` is that SQLite file, with its tables and nothing else; the office is furnished once."""
        self.database, self.file = database, file
        with database.write() as session:
            for reader in READERS:
                add_subscriber(session, reader)
            ledger.fan_out(session, add_edition(session), NOW)
        self._copy(file, self._furnished)
        # With this one file to read, a connection need not wait for the system's hundreds of authorities.
        self.authority = file.with_name("authority.pem")
        trustme.CA().cert_pem.write_to_path(str(self.authority))

    def office(self, case: Case) -> Office:
        """A fresh one."""
        self._copy(self._furnished, self.file)
        return Office(self.database, self.authority, case)

    @property
    def _furnished(self) -> Path:
        return self.file.with_name("furnished.db")

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
            read.backup(written)


@dataclass
class HastyApp(App):
    """The application as it is, but with less patience."""

    timeouts: Timeouts

    @property
    def relay(self) -> Relay:
        """With the trial's own timeouts."""
        return replace(super().relay, timeouts=self.timeouts)


def try_out(office: Office, phrase: str) -> dict[str, str]:
    """What became of it, in the words of the page's columns; `phrase` is to be in the run's last words."""
    case = office.case
    with FaultyServer(case.script) as server:
        look = office.meet(_address(server))
        # Most of these rows end as if nothing had been wrong.
        assert not case.script.falls_silent or look.report.stopped or server.connections > 1
    return told(office, look, server.recipients, phrase)


def told(office: Office, look: Look, taken: list[str], phrase: str) -> dict[str, str]:
    """The same for a run that is over, which looked so; `taken` are the mails that went through in it."""
    blamed = _blamed(look, office.case.stage)
    return {
        "the mail": look.states[look.unlucky],
        "blamed": blamed,
        "the others": _others(look),
        "exit code": _ending(look.report, phrase),
        "in the end": _later(office, look, taken),
    }


def _look(database: Database, report: RunReport) -> Look:
    query = select(Subscriber.email, Delivery.state).join(Subscriber).order_by(Subscriber.id)
    with database.read() as session:
        states = {email: state.value for email, state in session.execute(query)}
        attempts = list(session.scalars(select(Attempt).order_by(Attempt.id)))
    return Look(states, standings(database), attempts, report)


def _blamed(look: Look, stage: Stage) -> str:
    if isinstance(look.report.stopped, RelayRefused):
        return "us"
    numbers = {email: number for number, email in enumerate(look.states, start=1)}
    tries = [one for one in look.attempts if one.subscriber_id == numbers[look.unlucky]]
    last = next((one for one in reversed(tries) if one.result != "sent"), None)
    if last is None:
        return "nobody"
    if last.code is None:  # refused by ourselves, before a word of it was said; or no reply came
        return "the message" if (last.number, last.result) == (1, "failed") else "nobody"
    meaning = judge(stage, Reply(last.code, last.reply or "")).meaning
    bounced = ", bounced" if look.standings[look.unlucky] == "bounced" else ""
    return BLAMED[meaning] + bounced


def _others(look: Look) -> str:
    states = set(look.others)
    if states == {"sent"}:
        return "sent"
    if states <= {"pending", "deferred"}:
        return "waiting"
    if states == {look.states[look.unlucky]}:
        return "the same"
    return "sent or waiting" if states <= {"sent", "pending", "deferred"} else ", ".join(sorted(states))


def _ending(report: RunReport, phrase: str) -> str:
    if not report.stopped:
        return str(report.exit_code)
    said = str(report.stopped)
    return f"{report.exit_code} “{phrase if phrase and phrase in said else said}”"


def _later(office: Office, before: Look, taken: list[str]) -> str:
    """The unlucky one's state and copies in the end; nobody else may have got a second one."""
    office.clock.advance(LATER)
    with FaultyServer(office.case.healthy) as server:
        look = office.run(_address(server))
    everything = taken + server.recipients
    copies = everything.count(before.unlucky)
    assert look.report.exit_code == 0
    for email in set(READERS) - {before.unlucky}:
        own = everything.count(email)
        assert (look.states[email], own) == ("sent", 1) or look.states[email] == look.states[before.unlucky]
    state = look.states[before.unlucky]
    assert copies > 0 or state != "sent"
    return {2: f"{state} twice", 3: f"{state}, three copies"}.get(copies, state)


def _address(server: FaultyServer) -> Address:
    return Address(server.port, server.ca_file if server.script.security != "none" else None)
