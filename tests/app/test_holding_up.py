"""An edition on its way is paused, resumed, cancelled or stops itself: real mail, from another thread."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update

from digest.app import editors, pausing, subscribing, weekly
from digest.app import standing as app_standing
from digest.app.delivering import RunReport
from digest.delivery import ledger
from digest.delivery.models import Delivery, State
from digest.editions.models import Status
from digest.editions.planning import get_edition
from digest.errors import Conflict
from tests.faults.smtp_server import Fault, FaultyServer, Script
from tests.support.newsrooms import SLOT, Newsroom, newsroom

W47 = "2026-W47"
READERS = [f"r{number:03}@example.org" for number in range(500)]
CONNECTIONS = 4


@contextmanager
def office(url: str, script: Script | None = None, **groups: Any) -> Iterator[tuple[Newsroom, FaultyServer]]:
    """An edition that is due, for 500 readers, and a server that takes its mail."""
    with (
        FaultyServer(script or Script(delay=0.01)) as server,
        newsroom(url, SLOT, smtp={"port": server.port, "connections": CONNECTIONS}, **groups) as room,
    ):
        room.publish_many(1)
        room.join(*READERS)
        yield room, server


def while_running(
    room: Newsroom, server: FaultyServer, act: Callable[[], object], go: threading.Event
) -> tuple[RunReport, datetime]:
    """Run, and act once a hundred mails have come; the report, and when the act was done.

    `go` is set then, for the mails that were held until then.
    """
    reports: list[RunReport] = []
    run = threading.Thread(target=lambda: reports.append(room.run()))
    run.start()
    deadline = time.monotonic() + 60
    while len(server.received) < 100:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    act()
    done = datetime.now(UTC)
    go.set()
    run.join(60)
    assert not run.is_alive()
    return reports[0], done


def held(readers: Sequence[str], go: threading.Event) -> dict[str, Fault]:
    """Their mails, which nobody takes before `go`; to be acted out at the dot."""
    return dict.fromkeys(readers, Fault(until=go))


def other(url: str, act: Callable[[Newsroom], object]) -> Callable[[], None]:
    """The act on a database connection of its own, as another process has it."""

    def do() -> None:
        with newsroom(url, SLOT) as own:
            act(own)

    return do


def attention(room: Newsroom) -> str:
    """What `digest status` wants from a person."""
    return "\n".join(app_standing.status(room.app)["needs_attention"])


def taken_after(server: FaultyServer, done: datetime) -> int:
    """How many mails the server took after that."""
    return sum(mail.accepted_at > done for mail in server.received)


def counts(room: Newsroom) -> dict[str, int]:
    """Deliveries by state, without the empty ones."""
    with room.app.database.read() as session:
        return {state: number for state, number in ledger.counts(session).items() if number}


def begin(room: Newsroom) -> None:
    """An edition on its way to one reader, with a relay that nobody answers at."""
    room.clock.moment = SLOT
    room.publish_many(1)
    room.join("ann@example.org")
    room.plan(W47)
    room.approve(W47)
    with room.app.database.write() as session:
        ledger.fan_out(session, get_edition(session, W47), SLOT)


def test_a_pause_stops_it_and_resuming_serves_everybody_once(database_url: str) -> None:
    """Nothing is in doubt, and in between nothing is sent, whoever runs."""
    go = threading.Event()
    with office(database_url, Script(recipients_at_dot=held(READERS[100:], go))) as (room, server):
        pause = other(database_url, lambda own: pausing.pause(own.app, W47, "wrong prices?"))
        report, done = while_running(room, server, pause, go)
        mailed = len(server.received)
        assert 100 <= mailed < 500
        assert taken_after(server, done) <= CONNECTIONS  # those in flight
        assert (report.status, report.exit_code) == ("sending", 0)
        assert report.reason is not None
        assert "wrong prices?" in report.reason
        assert counts(room) == {"sent": mailed, "pending": 500 - mailed}
        assert f"edition {W47} is paused since" in attention(room)
        assert f"wrong prices? (digest resume {W47}" in attention(room)
        with pytest.raises(Conflict, match=f"wrong prices.*digest resume {W47}"):
            weekly.send_edition(room.app, W47)
        assert room.run().sent == 0
        pausing.resume(room.app, W47)
        assert (room.run().status, attention(room).count("paused")) == ("sent", 0)
        assert Counter(server.recipients) == Counter(READERS)
        assert counts(room) == {"sent": 500}


def test_a_run_that_goes_on_meanwhile_heeds_the_resume(database_url: str) -> None:
    """Paused and resumed under its feet, twice: everybody once."""
    once, again = threading.Event(), threading.Event()
    mails = held(READERS[100:300], once) | held(READERS[300:], again)
    with office(database_url, Script(delay=0.01, recipients_at_dot=mails)) as (room, server):

        def back_and_forth() -> None:
            for go in (once, again):
                pausing.pause(room.app, W47, "a moment")
                go.set()
                time.sleep(0.1)
                pausing.resume(room.app, W47)

        while_running(room, server, back_and_forth, again)
        assert room.run().status == "sent"
        assert Counter(server.recipients) == Counter(READERS)


def test_cancelling_stops_it_for_good(database_url: str) -> None:
    """Whoever was mailed is recorded as mailed, everybody else as dropped."""
    go = threading.Event()
    with office(database_url, Script(recipients_at_dot=held(READERS[100:], go))) as (room, server):
        cancel = other(database_url, lambda own: editors.cancel(own.app, W47, "wrong prices"))
        report, done = while_running(room, server, cancel, go)
        assert taken_after(server, done) <= CONNECTIONS  # those in flight
        assert (report.status, report.exit_code) == ("cancelled", 0)
        room.run()
        mailed = len(server.received)
        assert 100 <= mailed < 500
        assert counts(room) == {"sent": mailed, "dropped": 500 - mailed}
        assert max(Counter(server.recipients).values()) == 1


def test_a_paused_edition_may_be_cancelled(room: Newsroom) -> None:
    """And is then no longer called paused."""
    begin(room)
    pausing.pause(room.app, W47, "wrong prices?")
    assert editors.cancel(room.app, W47, "wrong prices").paused_at is None
    assert counts(room) == {"dropped": 1}
    assert "paused" not in attention(room)


def test_notices_go_on_while_an_edition_is_paused(database_url: str) -> None:
    """Somebody who subscribes is asked to confirm."""
    with FaultyServer() as server, newsroom(database_url, SLOT, smtp={"port": server.port}) as room:
        begin(room)
        pausing.pause(room.app, W47, "wrong prices?")
        subscribing.subscribe(room.app, "new@example.org", source="test")
        assert room.run().sent == 1
        assert server.recipients == ["new@example.org"]
        assert room.statuses()[W47] is Status.SENDING


def test_a_paused_edition_with_nothing_left_is_not_finished(room: Newsroom) -> None:
    """Not before somebody says so."""
    begin(room)
    with room.app.database.write() as session:
        session.execute(update(Delivery).values(state=State.SENT, due_at=None))
    pausing.pause(room.app, W47, "wrong prices?")
    assert room.run().status == "sending"
    pausing.resume(room.app, W47)
    assert room.run().status == "sent"


@pytest.mark.parametrize("act", ["pause", "resume"])
@pytest.mark.parametrize("status", [Status.DRAFT, Status.APPROVED, Status.SKIPPED, Status.CANCELLED])
def test_only_what_is_being_sent_can_be_paused(room: Newsroom, act: str, status: Status) -> None:
    """Or resumed."""
    room.publish_many(1)
    room.plan(W47)
    if status is not Status.DRAFT:
        {Status.APPROVED: room.approve, Status.SKIPPED: room.skip, Status.CANCELLED: room.cancel}[status](W47)
    before = room.rows()
    with pytest.raises(Conflict, match=f"is {status.value}"):
        pausing.pause(room.app, W47, "?") if act == "pause" else pausing.resume(room.app, W47)
    assert room.rows() == before


def test_pausing_twice_and_resuming_twice_are_told(room: Newsroom) -> None:
    """The first reason stays."""
    begin(room)
    with pytest.raises(Conflict, match="is not paused"):
        pausing.resume(room.app, W47)
    with pytest.raises(Conflict, match="needs a reason"):
        pausing.pause(room.app, W47, " ")
    pausing.pause(room.app, W47, "the first")
    with pytest.raises(Conflict, match=r"paused since .*the first"):
        pausing.pause(room.app, W47, "the second")
    assert room.edition(W47).paused_because == "the first"


# --- too many bad addresses ---


BAD = {reader: Fault("550 5.1.1 no such user") for reader in READERS[::5]}


def test_too_many_bad_addresses_pause_it(database_url: str) -> None:
    """With the numbers; it stops before everybody is tried, and goes on when a person says so."""
    with office(database_url, Script(recipients=BAD)) as (room, server):
        report = room.run()
        tried = len(server.received) + report.bounced
        assert 50 <= tried <= 60
        assert (report.status, report.exit_code) == ("sending", 1)
        assert f"edition {W47} is paused: " in str(report.stopped)
        assert "addresses were refused for good, more than 10 %" in str(report.stopped)
        assert "more than 10 %" in attention(room)
        assert (room.run().sent, room.run().exit_code) == (0, 0)
        rounds = 0
        while room.edition(W47).paused_at:
            rounds += 1
            pausing.resume(room.app, W47)
            room.run()
        # It is judged anew at about 100, 200 and 400 tries, each time twice as far on.
        assert 2 <= rounds <= 4
        assert room.statuses()[W47] is Status.SENT
        assert Counter(server.recipients) == Counter(set(READERS) - set(BAD))


def test_a_list_with_a_few_bad_addresses_goes_through(database_url: str) -> None:
    """Fewer than the share."""
    few = {reader: Fault("550 5.1.1 no such user") for reader in READERS[9::20]}
    with office(database_url, Script(recipients=few)) as (room, _):
        assert (room.run().status, room.edition(W47).paused_at) == ("sent", None)
        assert counts(room) == {"sent": 475, "failed": 25}


def test_the_share_may_be_all(database_url: str) -> None:
    """Then nothing stops it."""
    all_bad = dict.fromkeys(READERS, Fault("550 5.1.1 no such user"))
    with office(database_url, Script(recipients=all_bad), delivery={"stop_after_bounces": 1}) as (room, _):
        assert room.run().bounced == 500
        assert room.statuses()[W47] is Status.SENT


def test_what_earlier_runs_counted_counts(database_url: str) -> None:
    """A run that ends and is called again does not begin from nothing: 40 tried, then 10 more."""
    bad = {reader: Fault("550 5.1.1 no such user") for reader in READERS[:8]}
    stop = threading.Event()
    # Held once 32 good ones have come, so that the stop is seen before the next ten have gone.
    script = Script(recipients=bad, delay=0.01, faults={"dot": Fault(skip=32, until=stop)})
    with office(database_url, script) as (room, server):
        weekly.run(room.app, stop, lambda tally: stop.set() if tally.tries.total() >= 40 else None)
        assert room.edition(W47).paused_at is None
        assert room.run().exit_code == 1
        assert len(server.received) < 60
