"""Housekeeping: what is kept only for a while goes, once a day, and nobody who was ever on the list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from digest.app import housekeeping, subscribing
from digest.app.housekeeping import Kept, keep_house, purge, to_purge
from digest.audience import joining, purging
from digest.audience.addresses import read_address
from digest.audience.models import Allowance, Consent, Standing, Subscriber, Suppression
from digest.clock import SystemClock
from digest.delivery.models import Attempt, Delivery, Mailing
from tests.support.newsrooms import DAY, HOUR, Newsroom
from tests.support.tables import standings

OLD, NEW = "old@example.org", "new@example.org"
MONTH = timedelta(days=30)


def ask(room: Newsroom, *emails: str) -> None:
    """They ask for the newsletter, and do not confirm."""
    for email in emails:
        subscribing.subscribe(room.app, email, source="the form")


def test_who_never_confirmed_is_forgotten(room: Newsroom) -> None:
    """With their history and the notice they were owed; their addresses are not suppressed."""
    ask(room, OLD)
    room.clock.advance(MONTH)
    ask(room, NEW)
    assert to_purge(room.app) == 0
    room.clock.advance(timedelta(seconds=1))
    assert to_purge(room.app) == 1
    assert purge(room.app) == 1
    assert standings(room.app.database) == {NEW: "pending"}
    assert room.count(Consent) == room.count(Delivery) == room.count(Mailing) == 1
    assert room.count(Attempt) == room.count(Suppression) == 0
    assert subscribing.add_with_consent(room.app, OLD, consent="a fair")


def test_the_last_request_counts(room: Newsroom) -> None:
    """Whoever asked again lately has a link that works."""
    ask(room, OLD)
    room.clock.advance(MONTH)
    ask(room, OLD)
    room.clock.advance(2 * DAY)
    assert purge(room.app) == 0
    assert standings(room.app.database) == {OLD: "pending"}


@pytest.mark.parametrize("status", [one for one in Standing if one is not Standing.PENDING])
def test_whoever_was_on_the_list_stays(room: Newsroom, status: Standing) -> None:
    """That they left must be known for ever."""
    room.join(OLD)
    with room.app.database.write() as session:
        joining.get(session, read_address(OLD)).status = status
    room.clock.advance(12 * MONTH)
    assert to_purge(room.app) == purge(room.app) == 0


@pytest.mark.parametrize("column", ["confirmed_at", "left_at"])
def test_whoever_confirmed_or_left_once_stays(room: Newsroom, column: str) -> None:
    """Whatever they stand at since."""
    ask(room, OLD)
    with room.app.database.write() as session:
        session.execute(update(Subscriber).values({column: room.clock.now()}))
    room.clock.advance(12 * MONTH)
    assert purge(room.app) == 0


def test_once_a_day_with_the_weekly_run(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """And again the day after; a clock that was ahead holds nothing up."""
    done: list[Kept | None] = []
    monkeypatch.setattr("digest.app.housekeeping.keep_house", lambda app: done.append(keep_house(app)))
    for span in (DAY, timedelta(), 23 * HOUR, HOUR, -12 * HOUR):
        room.clock.advance(span)
        room.run()
    assert [one is not None for one in done] == [True, False, False, True, True]


def test_a_run_under_another_clock_forgets_nothing(room: Newsroom) -> None:
    """What `--now` would find old is not: rows are lost in earnest."""
    ask(room, OLD)
    room.app.clock = SystemClock(room.clock.now() + 2 * MONTH)
    assert to_purge(room.app) == 1
    assert room.run().exit_code == 0
    assert standings(room.app.database) == {OLD: "pending"}


def test_a_database_that_is_away_fails_no_run(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong with us does."""
    errors: list[Exception] = [OperationalError("", None, OSError("gone"), connection_invalidated=True)]
    errors += [PoolTimeout("every connection is taken")]
    errors += [ProgrammingError("", None, ValueError("no such table"))]

    def fail(*_: object) -> None:
        raise errors.pop(0)

    monkeypatch.setattr("digest.app.housekeeping.keep_house", fail)
    assert [room.run().exit_code, room.run().exit_code] == [0, 0]
    with pytest.raises(ProgrammingError):
        room.run()


def test_who_asks_again_while_they_are_looked_for_stays(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are looked for in one unit and deleted in another, with the question asked again."""
    look = purging.some_unconfirmed
    meanwhile = [lambda: ask(room, OLD)]

    def some(session: Session, before: datetime, most: int) -> Sequence[int]:
        found = look(session, before, most)
        while meanwhile:
            meanwhile.pop()()
        return found

    ask(room, OLD, NEW)
    room.clock.advance(2 * MONTH)
    monkeypatch.setattr(purging, "some_unconfirmed", some)
    monkeypatch.setattr(housekeeping, "AT_ONCE", 1)
    assert purge(room.app) == 1
    assert standings(room.app.database) == {OLD: "pending"}


def test_more_than_one_run_does_is_done_by_the_next(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """In batches, each in a transaction of its own, and not counted as done before all of it is."""
    monkeypatch.setattr(housekeeping, "AT_ONCE", 2)
    ask(room, *(f"r{number}@example.org" for number in range(7)))
    room.clock.advance(2 * MONTH)
    kept = [keep_house(room.app, batches=2) for _ in range(4)]
    assert [one and (one.purged, one.all_done) for one in kept] == [(4, False), (3, False), (0, True), None]


def test_where_consent_came_from_is_forgotten(room: Newsroom) -> None:
    """But for the entry itself; and counts of what was asked long ago."""
    with room.app.database.write() as session:
        room.join(OLD)
    with room.app.database.write() as session:
        ann = joining.get(session, read_address(OLD))
        for ago in (31, 29):
            at = room.clock.now() - timedelta(days=ago)
            session.add(Consent(subscriber_id=ann.id, at=at, event="confirmed", source="x", client="hash"))
            session.add(Allowance(name=f"x:{ago}", since=at, used=1))
    kept = keep_house(room.app)
    assert kept
    assert (kept.clients, kept.allowances) == (1, 2)
    with room.app.database.read() as session:
        assert session.scalars(select(Consent.client).order_by(Consent.at)).all() == [None, "hash"]
        assert session.scalars(select(Allowance.name)).all() == [housekeeping.DONE]
        assert session.scalar(select(func.count()).select_from(Consent)) == 2
