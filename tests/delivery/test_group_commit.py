"""Group commits: everybody's write, a few transactions, and no success that is not on disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from digest.audience.models import Suppression
from digest.db import Database
from digest.delivery.group_commit import GroupCommit
from tests.support.tables import NOW

SELDOM = 60.0


def nothing(session: Session) -> None:
    """An idle writer's task."""


def adding(name: str) -> Callable[[Session], str]:
    """A small write."""

    def add(session: Session) -> str:
        session.add(Suppression(address_hash=name, reason="x", at=NOW))
        session.flush()
        return name

    return add


def stored(database: Database) -> list[str]:
    """What is on disk."""
    with database.read() as session:
        return list(session.scalars(select(Suppression.address_hash).order_by(Suppression.address_hash)))


def test_many_threads_share_few_transactions(database: Database) -> None:
    """Each gets its own result, and all is stored."""
    flushes: list[int] = []
    with (
        GroupCommit(database, lambda session: flushes.append(1), SELDOM) as commits,
        ThreadPoolExecutor(16) as pool,
    ):
        names = [f"{number:03}" for number in range(160)]
        assert list(pool.map(lambda name: commits.do(adding(name)), names)) == names
    assert stored(database) == names
    assert len(flushes) < 161


def test_a_result_means_that_it_is_on_disk(database: Database) -> None:
    """Another connection sees it as soon as `do` returns."""
    with GroupCommit(database, nothing, SELDOM) as commits:
        for number in range(10):
            commits.do(adding(str(number)))
            assert len(stored(database)) == number + 1


def test_one_failure_is_its_callers_alone(database: Database) -> None:
    """Whoever shared the flush is written all the same; the next flush is a new one."""
    inside, go = threading.Event(), threading.Event()

    def slow(session: Session) -> None:
        inside.set()
        go.wait(10)

    def fail(session: Session) -> None:
        raise KeyError("x")

    with GroupCommit(database, nothing, SELDOM) as commits, ThreadPoolExecutor(8) as pool:
        first = pool.submit(commits.do, slow)
        assert inside.wait(10)
        # These gather while the first is being written, and so share the next flush.
        together = [pool.submit(commits.do, one) for one in (adding("a"), fail, adding("b"))]
        while commits._requests.qsize() < 3:
            time.sleep(0.01)
        go.set()
        assert first.result(10) is None
        assert [type(one.exception(10)) for one in together] == [type(None), KeyError, type(None)]
        assert stored(database) == ["a", "b"]
        assert commits.do(adding("c")) == "c"
    assert stored(database) == ["a", "b", "c"]


def test_a_closed_writer_says_so(database: Database) -> None:
    """Instead of leaving its caller waiting for ever."""
    with GroupCommit(database, nothing, SELDOM) as commits:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        commits.do(adding("a"))


def test_a_failure_at_the_commit_reaches_the_caller(database: Database) -> None:
    """Such as a constraint that is checked then."""
    with GroupCommit(database, nothing, SELDOM) as commits:
        commits.do(adding("a"))
        with pytest.raises(Exception, match=r"(?i)unique"):
            commits.do(lambda session: session.add(Suppression(address_hash="a", reason="x", at=NOW)))
        assert commits.do(lambda session: session.scalar(select(func.count()).select_from(Suppression))) == 1


def test_the_heart_beats_while_nothing_happens(database: Database) -> None:
    """At least as often as asked, and with every flush."""
    beats: list[float] = []
    with GroupCommit(database, lambda session: beats.append(time.monotonic()), 0.02):
        time.sleep(0.5)
    assert len(beats) >= 4


def test_the_heartbeat_is_stored(database: Database) -> None:
    """It has a transaction of its own when nobody else writes."""
    names = iter("abcdefghijklmnopqrstuvwxyz" * 100)

    def beat(session: Session) -> None:
        name = next(names)
        if not session.get(Suppression, name):
            adding(name)(session)

    with GroupCommit(database, beat, 0.02):
        time.sleep(0.3)
    assert stored(database)[:1] == ["a"]


def test_one_threads_writes_keep_their_order(database: Database) -> None:
    """And all that was asked before the end is done."""
    order: list[int] = []
    with GroupCommit(database, nothing, SELDOM) as commits, ThreadPoolExecutor(1) as pool:
        for number in range(50):
            pool.submit(commits.do, lambda session, number=number: order.append(number))
    assert order == list(range(50))


def test_a_writer_that_ends_tells_everybody(database: Database) -> None:
    """Those who wait in the flush, those behind it, and whoever comes later: nobody waits for ever."""
    inside, go = threading.Event(), threading.Event()

    def end(session: Session) -> None:
        inside.set()
        go.wait(10)
        raise SystemExit("out of memory")

    with GroupCommit(database, nothing, SELDOM) as commits, ThreadPoolExecutor(8) as pool:
        first: Future[object] = pool.submit(commits.do, end)
        assert inside.wait(10)
        behind: list[Future[object]] = [pool.submit(commits.do, adding(name)) for name in "ab"]
        while commits._requests.qsize() < 2:
            time.sleep(0.01)
        go.set()
        for waiting in (first, *behind):
            with pytest.raises(RuntimeError, match=r"writer has ended.*out of memory"):
                waiting.result(10)
        with pytest.raises(RuntimeError, match=r"writer has ended.*out of memory"):
            commits.do(adding("c"))
    assert stored(database) == []


def test_a_pause_that_no_clock_can_hold_is_told(database: Database) -> None:
    """The writer cannot even begin to wait."""
    with (
        GroupCommit(database, nothing, 1e30) as commits,
        pytest.raises(RuntimeError, match=r"writer has ended.*OverflowError"),
    ):
        commits.do(adding("a"))
