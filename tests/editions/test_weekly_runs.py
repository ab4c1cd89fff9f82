"""The weekly run, on both engines: thin and busy weeks, late, at the calendar's edges, several at once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from digest.app.delivering import RunReport
from digest.delivery.models import Delivery, Mailing
from digest.editions.models import Status
from digest.editions.planning import find_edition
from digest.errors import Conflict
from tests.faults.smtp_server import FaultyServer
from tests.support.newsrooms import DAY, HOUR, SLOT, Newsroom, newsroom
from tests.support.weeks import W46, W47, W48, WEEK, send


def test_a_thin_week_is_carried_over(database_url: str) -> None:
    """One of two: skipped, with its reason; with the second, a week later, both go out."""
    with newsroom(database_url, SLOT, schedule={"min_items": 2}) as room:
        room.join("a@example.org")
        one = room.publish_many(1)[0]
        report = room.run()
        skipped = "too little: 1 of at least 2; they wait for the next edition"
        assert (report.edition, report.status, report.reason) == (W47, "skipped", skipped)
        assert room.reasons(W47) == {one: "carried over: fewer than 2 this week; it waits"}
        room.clock.advance(WEEK)
        two = room.publish_many(1)[0]
        assert send(database_url, room, schedule={"min_items": 2}).status == "sent"
        assert room.reasons(W48) == {one: "carried over", two: "new this week"}
        assert room.edition(W48).window_start == SLOT


def test_a_busy_week_is_capped(database_url: str) -> None:
    """Five for three places: the rest goes out a week later."""
    with newsroom(database_url, SLOT, schedule={"max_items": 3}) as room:
        room.join("a@example.org")
        slugs = room.publish_many(5)
        send(database_url, room, schedule={"max_items": 3})
        room.clock.advance(WEEK)
        send(database_url, room, schedule={"max_items": 3})
        assert sorted(room.items(W47)) == slugs[:3]
        assert sorted(room.items(W48)) == slugs[3:]


@pytest.mark.parametrize(
    ("late", "key"),
    [
        (timedelta(), W47),
        (9 * HOUR, W47),
        (4 * DAY, W47),  # a Monday, in the next ISO week
        (9 * DAY, W48),
    ],
)
def test_a_late_run(late: timedelta, key: str, room: Newsroom, database_url: str) -> None:
    """However late: one edition, of the last slot, whose window starts where the last one ended."""
    room.join("a@example.org")
    room.clock.moment = SLOT - WEEK
    room.publish_many(1)
    assert send(database_url, room).edition == W46
    room.clock.moment = SLOT + late
    missed = [
        room.publish("Axolotl", "Newt", published_at=SLOT - 5 * DAY),
        room.publish("Frog", "Toad", published_at=SLOT + late - HOUR),
    ]
    report = send(database_url, room)
    assert (report.edition, report.status, report.sent) == (key, "sent", 1)
    assert room.statuses() == {W46: Status.SENT, key: Status.SENT}
    assert set(room.items(key)) == set(missed)
    edition = room.edition(key)
    assert (edition.window_start, edition.window_end) == (SLOT - WEEK, SLOT + late)


@pytest.mark.parametrize(
    ("zone", "before", "slot", "after"),
    [
        ("Europe/Berlin", "2026-03-22T01:30", "2026-03-29T01:30", "2026-04-05T00:30"),
        ("Europe/Berlin", "2026-10-18T00:30", "2026-10-25T00:30", "2026-11-01T01:30"),
        ("America/New_York", "2026-03-01T07:30", "2026-03-08T07:30", "2026-03-15T06:30"),
        ("America/New_York", "2026-10-25T06:30", "2026-11-01T07:30", "2026-11-08T07:30"),
    ],
)
def test_the_nights_when_clocks_change(
    zone: str, before: str, slot: str, after: str, database_url: str
) -> None:
    """A run every half hour around the change: one edition a week, none early, none twice."""
    settings: dict[str, object] = {"timezone": zone, "weekday": "sunday", "time": "02:30"}
    moments = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (before, slot, after)]
    with newsroom(database_url, moments[0], schedule=settings) as room:
        room.join("a@example.org")
        for number, moment in enumerate(moments, 1):
            room.clock.moment = moment - HOUR
            room.publish_many(1)
            for _ in range(6):
                room.run()
                due = number - (room.clock.now() < moment)
                assert list(room.statuses().values()) == [Status.SENDING] * due
                room.clock.advance(HOUR / 2)
        with room.app.database.read() as session:
            keys = [room.app.rhythm.key_of(moment) for moment in moments]
            assert all(find_edition(session, key) for key in keys)


@pytest.mark.parametrize("now", ["2020-12-31", "2026-12-31", "2027-01-07"])
def test_new_year(now: str, database_url: str) -> None:
    """Week 53 and week 1 are sent like any other, each once."""
    keys = {"2020-12-31": "2020-W53", "2026-12-31": "2026-W53", "2027-01-07": "2027-W01"}
    moment = datetime.fromisoformat(now).replace(hour=9, tzinfo=UTC)
    with newsroom(database_url, moment) as room:
        room.join("a@example.org")
        room.publish_many(1)
        for _ in range(3):
            assert send(database_url, room).edition == keys[now]
            room.clock.advance(DAY)
        assert room.statuses() == {keys[now]: Status.SENT}


def test_two_runs_at_once(room: Newsroom, database_url: str) -> None:
    """Two machines at the same second: one edition, one mailing, one mail each."""
    readers = [f"reader{number}@example.org" for number in range(12)]
    room.join(*readers)
    room.publish_many(3)
    room.clock.moment = SLOT
    reports: list[RunReport] = []
    start = threading.Barrier(3)
    with FaultyServer() as server:

        def run() -> None:
            with newsroom(database_url, SLOT, smtp={"port": server.port}) as own:
                start.wait(30)
                reports.append(own.run())

        threads = [threading.Thread(target=run) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sorted(server.recipients) == sorted(readers)
    assert [report.status for report in reports] == ["sent"] * 3
    assert sum(report.sent for report in reports) == len(readers)
    assert room.statuses() == {W47: Status.SENT}
    assert (room.count(Mailing), room.count(Delivery)) == (1, len(readers))


def test_two_editors_at_once(room: Newsroom) -> None:
    """Planning and approving together: one edition, approved by one of them."""
    room.publish_many(3)
    start = threading.Barrier(4)
    outcomes: list[str] = []

    def edit() -> None:
        start.wait(30)
        room.plan(W47)
        try:
            outcomes.append(room.approve(W47).status.value)
        except Conflict as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=edit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    refused = f"edition {W47} is approved; this needs one that is draft"
    assert sorted(outcomes) == ["approved", *[refused] * 3]
    assert len(room.items(W47)) == 3
