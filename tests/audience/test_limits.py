"""How often something may be asked: counted right, also by two at once and over the edge of a window."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from digest.audience.addresses import read_address
from digest.audience.likeness import mailbox_of
from digest.audience.limits import Allowances
from digest.audience.models import Allowance
from digest.config.signup import read_limit
from digest.db import Database
from tests.support.tables import NOW

ALLOWANCES = Allowances(b"s" * 32)
THREE = read_limit("3 in 1 hour")
HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)


def ask(database: Database, now: datetime = NOW, of: str = "ann", kind: str = "client") -> datetime | None:
    """Ask once; until when it was too often."""
    with database.write() as session:
        return ALLOWANCES.count(session, kind, of, THREE, now)


def take(database: Database, now: datetime = NOW, places: tuple[int, ...] = (0, 1, 2)) -> bool:
    """Take a place of Ann's."""
    with database.write() as session:
        return ALLOWANCES.take(session, "mail", "ann", now, places)


def test_a_window(database: Database) -> None:
    """Three in an hour from the first; then none until it is over, and insisting makes it no longer."""
    minutes = [timedelta(minutes=m) for m in (0, 10, 20, 30, 59)]
    assert [ask(database, NOW + m) for m in minutes] == [None, None, None, NOW + HOUR, NOW + HOUR]
    assert ask(database, NOW + HOUR - SECOND) == NOW + HOUR
    assert [ask(database, NOW + HOUR) for _ in range(4)] == [None, None, None, NOW + 2 * HOUR]


def test_others_have_their_own(database: Database) -> None:
    """Another client, and another kind of count for the same one."""
    for _ in range(4):
        ask(database)
    assert ask(database, of="bob") is None
    assert ask(database, kind="domain") is None


def test_a_clock_that_was_wrong(database: Database) -> None:
    """A row from the far future shuts nobody out."""
    for _ in range(4):
        ask(database, NOW + 365 * DAY)
    assert ask(database) is None


def test_rows_name_nobody(database: Database) -> None:
    """Neither the address nor a hash that anybody could compute without the key."""
    ask(database, of="ann@example.org")
    with database.read() as session:
        name = session.scalars(select(Allowance.name)).one()
    assert "ann" not in name
    assert (
        name
        == ALLOWANCES.name("client", "ann@example.org")
        != Allowances(b"x" * 32).name("client", "ann@example.org")
    )


def test_two_at_once(database: Database) -> None:
    """Twenty ask in parallel; three are let in."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(database), range(20)))
    assert answers.count(None) == 3


def test_two_at_once_take_no_place_twice(database: Database) -> None:
    """Twelve reach for three places; nobody has one that another has."""
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: take(database), range(12)))
    assert 1 <= answers.count(True) <= 3
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Allowance)) == answers.count(True)


def test_never_more_than_three_in_any_day(database: Database) -> None:
    """Whoever asks every hour for five days gets at most three within any 24 hours, and three in each."""
    granted = [NOW + n * HOUR for n in range(120) if take(database, NOW + n * HOUR)]
    for start in granted:
        assert sum(start <= moment < start + DAY for moment in granted) <= 3
    assert len(granted) == 15


def test_the_edge_of_a_window_lets_no_six_through(database: Database) -> None:
    """Two at the end of a day and three at the beginning of the next would be five within an hour."""
    hours = (0, 23, 23.5, 24, 24.5, 25)
    assert [take(database, NOW + h * HOUR) for h in hours] == [True, True, True, True, False, False]


def test_some_may_have_fewer_places(database: Database) -> None:
    """The last one only; and then it is gone for the others too."""
    assert [take(database, places=(2,)) for _ in range(2)] == [True, False]
    assert [take(database) for _ in range(3)] == [True, True, False]


def test_what_an_operator_sends_counts_too(database: Database) -> None:
    """It is not asked for, and leaves two of three; again on the same day, it is still one."""
    for hour in range(2):
        with database.write() as session:
            ALLOWANCES.use(session, "mail", ["ann", "bob", "ann"], NOW + hour * HOUR)
    assert [take(database, NOW + 2 * HOUR) for _ in range(3)] == [True, True, False]
    assert [take(database, NOW + DAY + HOUR) for _ in range(2)] == [True, False]


def test_what_is_undone_was_not_taken(database: Database) -> None:
    """A place of a transaction that is rolled back is free again."""
    with database.trial() as session:
        assert ALLOWANCES.take(session, "mail", "ann", NOW, (0,))
    assert take(database, places=(0,))


def test_old_rows_are_forgotten(database: Database) -> None:
    """Those that began before a moment; the others go on counting."""
    for n in range(5):
        ask(database, NOW, of=f"old{n}")
    for _ in range(3):
        ask(database, NOW + DAY)
    with database.write() as session:
        assert ALLOWANCES.forget(session, NOW + SECOND) == 5
        assert ALLOWANCES.forget(session, NOW + SECOND) == 0
    assert ask(database, NOW + DAY)


@pytest.mark.parametrize(
    ("typed", "mailbox"),
    [
        ("Ann@Example.org", "ann@example.org"),
        ("ann+news@example.org", "ann@example.org"),
        ("ann+a+b@example.org", "ann@example.org"),
        ("a.n.n@example.org", "a.n.n@example.org"),
        ("A.N.N+x@Gmail.com", "ann@gmail.com"),
        ("a.nn@googlemail.com", "ann@gmail.com"),
        ("+tag@example.org", "+tag@example.org"),
        ("ann@münchen.example", "ann@xn--mnchen-3ya.example"),
    ],
)
def test_one_mailbox(typed: str, mailbox: str) -> None:
    """However it is spelt."""
    assert mailbox_of(read_address(typed)) == mailbox
