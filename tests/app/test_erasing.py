"""Erasing a person: nothing stays but the keyed hash, whatever had been written about them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select

from digest.app import subscribing, weekly
from digest.app.delivering import RunReport
from digest.app.erasing import erase, erase_address
from digest.audience import joining
from digest.audience.addresses import read_address
from digest.audience.consent import record
from digest.audience.models import Standing, Suppression
from digest.delivery.models import Attempt, Delivery, State
from digest.delivery.notices import owe_notice
from digest.errors import InvalidToken
from digest.tokens import Purpose
from tests.faults.smtp_server import Fault, FaultyServer, Script
from tests.support.dumps import dumped
from tests.support.newsrooms import Newsroom, newsroom
from tests.support.tables import standings

ANN = "ann@example.org"
# No shorter: "ann" stands in many a word and host name.
NAMES = ("ann@example", "Ann@example", "Ann Example", "ann.new@", "ann.old@")


@contextmanager
def sending(url: str, script: Script | None = None) -> Iterator[tuple[Newsroom, FaultyServer]]:
    """A newsroom in front of a real mail server, with an edition to send and three readers."""
    with FaultyServer(script) as server, newsroom(url, smtp={"port": server.port}) as room:
        room.publish("Claude", "Axolotl")
        room.join(ANN, "bob@example.org", "cat@example.org")
        room.clock.advance(timedelta(days=2, hours=1))
        yield room, server


def the_id(room: Newsroom, email: str = ANN) -> int:
    """Of a subscriber."""
    with room.app.database.read() as session:
        return joining.get(session, read_address(email)).id


def the_public_id(room: Newsroom, email: str = ANN) -> str:
    """What links say of them."""
    with room.app.database.read() as session:
        return joining.get(session, read_address(email)).public_id


def reason(room: Newsroom, email: str = ANN) -> str | None:
    """Why an address is suppressed."""
    with room.app.database.read() as session:
        return room.app.suppressions.reason(session, read_address(email).canonical)


def on_the_wire(room: Newsroom, subscriber: int) -> bool:
    """Whether their mail is being sent at this moment."""
    with room.app.database.read() as session:
        query = select(Delivery.state).where(Delivery.subscriber_id == subscriber)
        return session.scalar(query) is State.SENDING


def test_no_table_holds_the_person(database_url: str) -> None:
    """Not the address, not the name, not what a server said about them; the others are all there."""
    with sending(database_url) as (room, _):
        with room.app.database.write() as session:
            ann = joining.get(session, read_address(ANN))
            ann.name = "Ann Example"
            record(session, ann, "reason", "the form", room.clock.now(), note="Ann Example is tired")
            public_id = ann.public_id
            owe_notice(session, "welcome", ann, room.clock.now())
        room.run()
        with room.app.database.write() as session:
            session.scalars(select(Attempt).where(Attempt.subscriber_id == the_id(room))).first().reply = ANN  # type: ignore[union-attr]
            ann = joining.get(session, read_address(ANN))
            ann.next_email = "ann.new@example.org"
            owe_notice(session, "address-changed", ann, room.clock.now(), to="ann.old@example.org")
        for word in ("ann@example", "Ann Example", "ann.new@", "ann.old@", public_id):
            assert word in dumped(room.app.database)
        erase(room.app, the_public_id(room), source="the preferences page")
        held = dumped(room.app.database)
        assert not [word for word in (*NAMES, public_id) if word in held]
        assert standings(room.app.database) == {"bob@example.org": "active", "cat@example.org": "active"}
        assert reason(room) == "erased"
        assert room.count(Delivery) == room.count(Attempt) == 2


def test_doing_it_twice_is_fine(room: Newsroom) -> None:
    """And so is erasing whom nobody knows."""
    room.join(ANN)
    link = the_public_id(room)
    erase(room.app, link, source="a test")
    erase(room.app, link, source="a test")
    assert erase_address(room.app, ANN, source="a test") is False
    assert room.count(Suppression) == 1


def test_an_address_that_is_only_suppressed(room: Newsroom) -> None:
    """There is nothing more to forget, and the reason of its suppression stays."""
    with room.app.database.write() as session:
        for why in ("complaint", "bounce", "operator", "unsubscribe", "moved"):
            address = read_address(f"{why}@example.org")
            room.app.suppressions.suppress(session, address, why, "a test", room.clock.now())
    for why in ("complaint", "bounce", "operator", "unsubscribe", "moved"):
        assert erase_address(room.app, f"{why}@example.org", source="a test") is False
    found = {why: reason(room, f"{why}@example.org") for why in ("complaint", "bounce", "operator")}
    assert found == {"complaint": "complaint", "bounce": "bounce", "operator": "operator"}
    assert reason(room, "unsubscribe@example.org") == reason(room, "moved@example.org") == "erased"


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (Standing.COMPLAINED, "complaint"),
        (Standing.BOUNCED, "bounce"),
        (Standing.UNSUBSCRIBED, "erased"),
        (Standing.PENDING, "erased"),
    ],
)
def test_erasing_opens_no_door(room: Newsroom, status: Standing, why: str) -> None:
    """Who bounced or complained stays suppressed for it, even where only their standing said so."""
    room.join(ANN)
    with room.app.database.write() as session:
        joining.get(session, read_address(ANN)).status = status
    erase(room.app, the_public_id(room), source="a test")
    assert reason(room) == why


def test_no_import_brings_them_back_and_they_may_come_back_themselves(room: Newsroom) -> None:
    """By their own new confirmation, under a new identity; links of before belong to nobody."""
    room.join(ANN)
    with room.app.database.read() as session:
        old = joining.get(session, read_address(ANN)).public_id
    erase(room.app, the_public_id(room), source="a test")
    assert subscribing.add_with_consent(room.app, ANN, consent="an old list") is False
    assert standings(room.app.database) == {}
    subscribing.subscribe(room.app, ANN, source="the form")
    with room.app.database.read() as session:
        ann = joining.get(session, read_address(ANN))
        with pytest.raises(InvalidToken):
            joining.by_public_id(session, old)
    token = room.app.keyring.issue(Purpose.CONFIRM, ann.public_id, room.clock.now(), ann.departures)
    subscribing.confirm(room.app, token, source="the link")
    assert standings(room.app.database) == {ANN: "active"}
    assert reason(room) is None


def test_an_address_somebody_else_asked_to_be_changed_to(room: Newsroom) -> None:
    """Their wish is void, and nothing more goes there; they themselves stay."""
    room.join("bob@example.org")
    with room.app.database.write() as session:
        bob = joining.get(session, read_address("bob@example.org"))
        bob.next_email, bob.changes = "Ann@example.org", 1
        owe_notice(session, "change-address", bob, room.clock.now(), to="Ann@example.org")
        owe_notice(session, "welcome", bob, room.clock.now())
    assert erase_address(room.app, ANN, source="a test") is False
    assert not [name for name in NAMES if name in dumped(room.app.database)]
    with room.app.database.read() as session:
        bob = joining.get(session, read_address("bob@example.org"))
        assert (bob.next_email, bob.changes) == (None, 2)
        assert session.scalars(select(Delivery.subscriber_id)).all() == [bob.id]


def test_somebody_erased_while_their_mail_is_on_the_wire(database_url: str) -> None:
    """The mail may arrive, nothing of it is written down, and the rest of the run goes on as it should."""
    go = threading.Event()
    held = Script(recipients_at_dot={ANN: Fault(until=go)})
    with sending(database_url, held) as (room, server):
        reports: list[RunReport] = []
        run = threading.Thread(target=lambda: reports.append(weekly.run(room.app)))
        run.start()
        number = the_id(room)
        while not on_the_wire(room, number):
            assert run.is_alive()
        erase(room.app, the_public_id(room), source="a test")
        assert ANN not in server.recipients
        go.set()
        run.join(60)
        (report,) = reports
        assert report.stopped is None
        assert report.status == "sent"
        assert sorted(server.recipients) == [ANN, "bob@example.org", "cat@example.org"]
        assert "ann@" not in dumped(room.app.database)
        assert room.count(Attempt) == room.count(Delivery) == 2
        assert report.deliveries["sent"] == 2


def test_the_button_pressed_twice_erases_nobody_else(room: Newsroom) -> None:
    """The row id of whom it was for may be a stranger's by then."""
    room.join(ANN)
    before, link = the_id(room), the_public_id(room)
    erase(room.app, link, source="a test")
    room.join("bob@example.org")
    if room.app.database.engine.dialect.name == "sqlite":
        assert the_id(room, "bob@example.org") == before
    erase(room.app, link, source="a test")
    assert standings(room.app.database) == {"bob@example.org": "active"}
    assert reason(room, "bob@example.org") is None


def test_a_stranger_never_inherits_a_delivery(room: Newsroom) -> None:
    """SQLite gives ids out again; the ledger's key, mailing and subscriber, is new all the same."""
    room.join(ANN)
    with room.app.database.write() as session:
        owe_notice(session, "welcome", joining.get(session, read_address(ANN)), room.clock.now())
        before = session.execute(select(Delivery.mailing_id, Delivery.subscriber_id)).one()
    erase(room.app, the_public_id(room), source="a test")
    subscribing.subscribe(room.app, "bob@example.org", source="the form")
    with room.app.database.read() as session:
        after = session.execute(select(Delivery.mailing_id, Delivery.subscriber_id)).one()
    assert tuple(after) != tuple(before)
    assert after.mailing_id > before.mailing_id


def test_the_log_names_nobody(room: Newsroom, capsys: pytest.CaptureFixture[str]) -> None:
    """That somebody was erased, by what, and not who."""
    room.join(ANN)
    public_id = the_public_id(room)
    erase(room.app, public_id, source="the preferences page")
    said = capsys.readouterr()
    assert "the preferences page" in said.out + said.err
    assert not [word for word in ("ann@", "a…@", public_id) if word in said.out + said.err]


def test_nothing_is_half_erased(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """When something fails on the way, everything is as it was."""
    room.join(ANN)
    before = dumped(room.app.database)

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("digest.audience.erasing.delete_subscriber", fail)
    with pytest.raises(OSError, match="full"):
        erase(room.app, the_public_id(room), source="a test")
    assert dumped(room.app.database) == before
    assert ANN in before
