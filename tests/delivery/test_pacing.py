"""The pace: who may go when, by a clock that the test sets, in a database that several share."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from digest.config import Settings
from digest.db import Database
from digest.delivery.models import Pace
from digest.delivery.pacing import (
    ALL,
    HORIZON,
    UNLIMITED,
    Pacing,
    Rate,
    Turn,
    Wanted,
    forget_destinations,
    make_pacing,
    reserve,
)
from tests.support.tables import NOW

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
ANYWHERE = Wanted("example.org")
GMAIL, GOOGLEMAIL, OTHER = Wanted("gmail.com"), Wanted("googlemail.com"), Wanted("example.net")
NOTICE = Wanted("example.org", notice=True)
GROUPS = {"gmail.com": "google", "googlemail.com": "google"}


def ask(
    database: Database, pacing: Pacing, wanted: Sequence[Wanted], now: datetime = NOW
) -> list[tuple[bool, float]]:
    """Each turn: whether it is granted, and the wait in seconds."""
    with database.write() as session:
        return [(turn.granted, turn.wait.total_seconds()) for turn in reserve(session, pacing, wanted, now)]


def rows(database: Database) -> dict[str, Pace]:
    """What the database keeps."""
    with database.read() as session:
        return {row.name: row for row in session.scalars(select(Pace))}


@pytest.mark.parametrize(
    ("rate", "slot"),
    [
        (Rate(), timedelta()),
        (Rate(per_second=10), SECOND / 10),
        (Rate(per_second=10_000), timedelta(microseconds=100)),
        (Rate(per_second=3), timedelta(microseconds=333_334)),
        (Rate(per_second=0.001), 1000 * SECOND),
        (Rate(per_hour=100), 36 * SECOND),
        (Rate(per_second=10, per_hour=7200), SECOND / 2),
        (Rate(per_second=1, per_hour=7200), SECOND),
    ],
)
def test_a_rate_is_the_time_that_one_mail_takes(rate: Rate, slot: timedelta) -> None:
    """The slower of the two counts, and it is never rounded to faster."""
    assert rate.slot == slot


def test_without_limits_nobody_asks_the_database(database: Database) -> None:
    """Neither where there are none, nor where none holds for those who want to go."""
    assert UNLIMITED.unlimited
    assert ask(database, UNLIMITED, [GMAIL, NOTICE]) == [(True, 0), (True, 0)]
    assert ask(database, Pacing(destinations={"google": Rate(1)}), [OTHER]) == [(True, 0)]
    assert rows(database) == {}


def test_slots_follow_one_another_up_to_the_horizon(database: Database) -> None:
    """Whoever comes behind it hears when the pace is free again."""
    turns = ask(database, Pacing(Rate(per_second=2)), [ANYWHERE] * 5)
    assert turns == [(True, 0), (True, 0.5), (True, 1), (False, 1.5), (False, 1.5)]
    assert ask(database, Pacing(Rate(per_second=2)), [ANYWHERE], NOW + 1.5 * SECOND) == [(True, 0)]


def test_what_was_not_used_is_gone(database: Database) -> None:
    """After a long silence there is no burst."""
    pacing = Pacing(Rate(per_second=1))
    assert ask(database, pacing, [ANYWHERE]) == [(True, 0)]
    assert ask(database, pacing, [ANYWHERE] * 3, NOW + HOUR) == [(True, 0), (True, 1), (False, 2)]


def test_a_slow_pace_grants_one_at_a_time(database: Database) -> None:
    """Slower than one for each horizon."""
    pacing = Pacing(Rate(per_hour=100))
    assert ask(database, pacing, [ANYWHERE] * 2) == [(True, 0), (False, 36)]
    assert ask(database, pacing, [ANYWHERE], NOW + 30 * SECOND) == [(False, 6)]
    assert ask(database, pacing, [ANYWHERE] * 2, NOW + 36 * SECOND) == [(True, 0), (False, 36)]


def test_a_slot_is_used_up_whatever_happens(database: Database) -> None:
    """Another start finds it taken; but what was never committed was never taken."""
    pacing = Pacing(Rate(per_second=1))
    with database.trial() as session:
        reserve(session, pacing, [ANYWHERE], NOW)
    assert ask(database, pacing, [ANYWHERE]) == [(True, 0)]
    again = Database(database.url)
    assert ask(again, pacing, [ANYWHERE]) == [(True, 1)]
    again.close()


def test_a_slow_destination_lets_others_pass(database: Database) -> None:
    """Its own wait one after the other, and use up nothing of the whole pace."""
    pacing = Pacing(Rate(per_second=10), {"google": Rate(per_hour=1800)}, GROUPS)
    turns = ask(database, pacing, [GMAIL, GOOGLEMAIL, OTHER, GMAIL, GMAIL, OTHER])
    assert turns == [(True, 0), (False, 2), (True, 0.1), (False, 4), (False, 6), (True, 0.2)]
    assert ask(database, pacing, [GMAIL, GMAIL], NOW + 2 * SECOND) == [(True, 0), (False, 2)]


def test_a_destination_takes_its_turn_within_the_horizon(database: Database) -> None:
    """It waits for its own slot and holds up nobody behind it."""
    pacing = Pacing(Rate(per_second=10), {"google": Rate(per_second=2)}, GROUPS)
    turns = ask(database, pacing, [GMAIL, GMAIL, GMAIL, OTHER, GMAIL])
    assert turns == [(True, 0), (True, 0.5), (True, 1), (True, 0.3), (False, 1.5)]


def test_behind_the_end_of_the_whole_pace_nothing_goes(database: Database) -> None:
    """Also where its destination would be free."""
    pacing = Pacing(Rate(per_second=1), {"google": Rate(per_second=5)}, GROUPS)
    assert ask(database, pacing, [OTHER, OTHER, GMAIL, NOTICE]) == [
        (True, 0),
        (True, 1),
        (False, 2),
        (False, 2),
    ]


def test_each_other_domain_for_itself(database: Database) -> None:
    """A star is for each that is not named; a domain's own pace goes before its group's."""
    pacing = Pacing(
        destinations={"*": Rate(per_hour=3600), "googlemail.com": Rate(per_hour=7200)}, groups=GROUPS
    )
    wanted = [Wanted(name) for name in ("a.example", "b.example", "gmail.com", "googlemail.com")]
    assert ask(database, pacing, wanted * 2) == [(True, 0)] * 4 + [(True, 1)] * 3 + [(True, 0.5)]
    assert sorted(rows(database)) == ["to a.example", "to b.example", "to google", "to googlemail.com"]


def test_the_warm_up_lets_so_many_go_each_day(database: Database) -> None:
    """Days on which nothing was sent do not count; notices do, and are never held."""
    pacing = Pacing(warm_up=(2, 3))
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    left = (midnight - NOW).total_seconds()
    turns = ask(database, pacing, [ANYWHERE, NOTICE, ANYWHERE, NOTICE])
    assert turns == [(True, 0), (True, 0), (False, left), (True, 0)]
    assert ask(database, pacing, [ANYWHERE], midnight - SECOND) == [(False, 1)]
    second_day = midnight + 4 * DAY
    assert [granted for granted, _ in ask(database, pacing, [ANYWHERE] * 4, second_day)] == [True] * 3 + [
        False
    ]
    assert ask(database, pacing, [ANYWHERE] * 9, second_day + DAY) == [(True, 0)] * 9
    assert (rows(database)[ALL].day, rows(database)[ALL].used) == (date(2026, 11, 25), 9)
    assert rows(database)[ALL].days == 3


def test_a_notice_passes_a_day_that_is_full(database: Database) -> None:
    """Within the whole pace."""
    pacing = Pacing(Rate(per_second=1), warm_up=(1,))
    granted = [granted for granted, _ in ask(database, pacing, [ANYWHERE, ANYWHERE, NOTICE, NOTICE])]
    assert granted == [True, False, True, False]


def test_a_clock_that_goes_ahead_starts_no_day_twice(database: Database) -> None:
    """Two machines around midnight: the later day holds for both."""
    pacing = Pacing(warm_up=(1, 1, 1))
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    assert ask(database, pacing, [ANYWHERE], midnight - DAY) == [(True, 0)]
    assert ask(database, pacing, [ANYWHERE], midnight + SECOND) == [(True, 0)]
    assert ask(database, pacing, [ANYWHERE], midnight - SECOND) == [(False, DAY.total_seconds() + 1)]
    assert rows(database)[ALL].days == 2


@pytest.mark.parametrize("before", [Pacing(Rate(per_second=1)), Pacing(Rate(per_second=1), warm_up=(1, 9))])
def test_a_clock_that_was_wrong_holds_nothing_for_years(database: Database, before: Pacing) -> None:
    """What it reserved in the future is no reason to wait until then."""
    ask(database, before, [ANYWHERE], NOW + 1000 * DAY)
    ((granted, wait),) = ask(database, before, [ANYWHERE])
    assert (granted, wait) == (False, 2)
    assert ask(database, before, [ANYWHERE], NOW + 2 * SECOND) == [(True, 0)]


def test_a_faster_pace_holds_at_once(database: Database) -> None:
    """Though the slower one had reserved a long slot."""
    ask(database, Pacing(Rate(per_second=0.001)), [ANYWHERE])
    ((_, wait),) = ask(database, Pacing(Rate(per_second=10)), [ANYWHERE])
    assert wait == pytest.approx(1.1)


def test_two_clocks_a_little_apart_keep_the_pace(database: Database) -> None:
    """Half a minute: the one behind waits, and takes nothing that the other has."""
    pacing = Pacing(Rate(per_second=1))
    assert ask(database, pacing, [ANYWHERE], NOW + 30 * SECOND) == [(True, 0)]
    assert ask(database, pacing, [ANYWHERE]) == [(False, 31)]
    assert ask(database, pacing, [ANYWHERE], NOW + 30 * SECOND) == [(True, 1)]


def test_several_workers_together_keep_the_pace(database: Database) -> None:
    """Four at once, each many times, on rows that nobody has made yet: no slot is given twice.

    All ask at the same moment of a clock that stands, so that the horizon's slots are all there is.
    """
    pacing = Pacing(
        Rate(per_second=100),
        {"google": Rate(per_second=25), "*": Rate(per_second=5)},
        GROUPS,
        warm_up=(80,),
    )
    domains = [GMAIL, OTHER, GOOGLEMAIL, ANYWHERE, Wanted("a.example"), Wanted("b.example")]
    granted: list[tuple[str, timedelta]] = []
    failures: list[Exception] = []
    start = threading.Barrier(4)

    def work(number: int) -> None:
        # Each asks in another order, so that rows locked in the order of asking would lock in a circle.
        wanted = domains[number:] + domains[:number]
        start.wait()
        try:
            for _ in range(25):
                with database.write() as session:
                    turns = reserve(session, pacing, wanted, NOW)
                pairs = zip(wanted, turns, strict=True)
                granted.extend((one.domain, turn.wait) for one, turn in pairs if turn.granted)
        except Exception as error:  # noqa: BLE001 - told below, where pytest hears it
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    for name, slot in (("google", SECOND / 25), ("example.net", SECOND / 5), ("b.example", SECOND / 5)):
        waits = sorted(wait for domain, wait in granted if GROUPS.get(domain, domain) == name)
        assert HORIZON / slot <= len(waits) <= HORIZON / slot + 1
        assert all(after - before >= slot for before, after in pairwise(waits))
    assert rows(database)[ALL].used == len(granted) >= 45


def test_the_whole_pace_holds_among_several_workers(database: Database) -> None:
    """Each slot once."""
    pacing = Pacing(Rate(per_second=40))
    turns: list[Turn] = []

    def work() -> None:
        for _ in range(20):
            with database.write() as session:
                turns.extend(reserve(session, pacing, [ANYWHERE] * 3, NOW))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(turns) == 240
    waits = sorted(turn.wait for turn in turns if turn.granted)
    assert waits == [SECOND / 40 * number for number in range(41)]
    assert waits[-1] == HORIZON


def test_many_destinations_at_once(database: Database) -> None:
    """More than one statement could carry."""
    pacing = Pacing(destinations={"*": Rate(per_hour=1)})
    wanted = [Wanted(f"d{number}.example") for number in range(7000)]
    assert ask(database, pacing, wanted) == [(True, 0)] * 7000
    assert {granted for granted, _ in ask(database, pacing, wanted)} == {False}


def test_old_destinations_are_forgotten(database: Database) -> None:
    """After a day without mail; the days of the warm-up are not."""
    pacing = Pacing(destinations={"*": Rate(per_second=1)}, warm_up=(5,))
    ask(database, pacing, [OTHER], NOW)
    ask(database, pacing, [ANYWHERE], NOW + DAY)
    with database.write() as session:
        forget_destinations(session, NOW + DAY + HOUR)
    assert sorted(rows(database)) == [ALL, "to example.org"]
    with database.write() as session:
        forget_destinations(session, NOW + 9 * DAY)
    assert (list(rows(database)), rows(database)[ALL].days) == ([ALL], 2)


def test_the_settings_make_the_pace() -> None:
    """Total, destinations, groups and warm-up."""
    settings = Settings.model_validate(
        {
            "smtp": {
                "per_second": 10,
                "per_hour": 9000,
                "warm_up": [200, 500],
                "destinations": {
                    "google": {"per_second": 5, "domains": ["Example.com"]},
                    "example.net": {"per_hour": 100},
                    "*": {"per_second": 2},
                },
            }
        }
    )
    pacing = make_pacing(settings.smtp)
    assert (pacing.total, pacing.warm_up, pacing.unlimited) == (Rate(10, 9000), (200, 500), False)
    assert pacing.towards("example.com") == pacing.towards("gmail.com") == ("google", Rate(5))
    assert pacing.towards("example.net") == ("example.net", Rate(None, 100))
    assert pacing.towards("hotmail.com") == ("microsoft", Rate(2))
    assert pacing.towards("example.org") == ("example.org", Rate(2))
    assert make_pacing(Settings().smtp).unlimited
