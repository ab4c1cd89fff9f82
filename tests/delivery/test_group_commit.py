"""Group commits: everybody's write, a few transactions, and no success that is not on disk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from digest.audience.models import Suppression
from digest.db import Database
from digest.delivery import group_commit
from digest.delivery.group_commit import GroupCommit
from digest.delivery.patience import Patience
from tests.support.tables import NOW

Ask = Callable[[Connection], Any]
FOR_EVER = 3600.0  # seconds; pytest-timeout ends what waits so long


def add(connection: Connection, name: str) -> str:
    """A small write."""
    connection.execute(insert(Suppression).values(address_hash=name, reason="x", at=NOW))
    return name


def adding(name: str) -> Ask:
    """The same, to be asked for."""
    return lambda connection: add(connection, name)


def stored(database: Database) -> list[str]:
    """What is on disk."""
    with database.read() as session:
        return list(session.scalars(select(Suppression.address_hash).order_by(Suppression.address_hash)))


class Desk:
    """A writer, and the sizes of the flushes that it tried."""

    def __init__(self, database: Database, crowd: int = 0) -> None:
        """So many come at most."""
        self.flushes: list[int] = []
        patience = Patience(threading.Event(), timedelta(0))
        self.commits = GroupCommit[Ask, Any](database, self._write, patience, lambda: crowd)

    def _write(self, connection: Connection, asks: Sequence[Ask]) -> list[Any]:
        self.flushes.append(len(asks))
        return [ask(connection) for ask in asks]


def test_many_tasks_share_few_transactions(database: Database) -> None:
    """Each gets its own answer, and all is stored."""
    names = [f"{number:03}" for number in range(160)]
    desk = Desk(database, crowd=16)

    async def work(mine: list[str]) -> list[str]:
        return [await desk.commits.do(adding(name)) for name in mine]

    async def all_work() -> list[list[str]]:
        async with desk.commits:
            return await asyncio.gather(*(work(names[start::16]) for start in range(16)))

    assert asyncio.run(all_work()) == [names[start::16] for start in range(16)]
    assert stored(database) == names
    assert desk.flushes == [16] * 10


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last commit may have taken for ever, and who gathers waits as long."""
    monkeypatch.setattr(group_commit, "LONGEST_GATHERING", FOR_EVER)


def test_a_flush_waits_for_the_whole_crowd(database: Database, endless: None) -> None:
    """However long the last one took, it goes as soon as all are there."""
    desk = Desk(database, crowd=3)

    async def come() -> None:
        async with desk.commits:
            desk.commits._took = FOR_EVER
            waiting = []
            for name in "abc":
                assert desk.flushes == []
                waiting.append(asyncio.create_task(desk.commits.do(adding(name))))
                await asyncio.sleep(0.01)
            assert await asyncio.gather(*waiting) == ["a", "b", "c"]

    asyncio.run(come())
    assert desk.flushes == [3]


def test_a_flush_does_not_wait_for_those_who_do_not_come(database: Database) -> None:
    """No longer than the last one took, which at first is nothing."""
    desk = Desk(database, crowd=3)

    async def come() -> None:
        async with desk.commits:
            assert await desk.commits.do(adding("a")) == "a"
            assert await asyncio.gather(*map(desk.commits.do, map(adding, "bc"))) == ["b", "c"]

    asyncio.run(come())
    assert desk.flushes == [1, 2]


def test_nobody_waits_for_others_as_long_as_a_slow_commit_takes(database: Database) -> None:
    """Somebody may be busy with a slow mail server."""
    desk = Desk(database, crowd=3)

    async def come() -> None:
        async with desk.commits:
            desk.commits._took = FOR_EVER
            assert await desk.commits.do(adding("a")) == "a"

    asyncio.run(come())


def test_the_end_waits_for_nobody_and_leaves_nothing_out(database: Database, endless: None) -> None:
    """What was asked before is written at once, also where its asker has gone."""
    desk = Desk(database, crowd=9)

    async def come() -> None:
        async with desk.commits:
            desk.commits._took = FOR_EVER
            tasks = [asyncio.create_task(desk.commits.do(adding(name))) for name in "ab"]
            await asyncio.sleep(0.01)
            tasks[0].cancel()
        assert await tasks[1] == "b"

    asyncio.run(come())
    assert stored(database) == ["a", "b"]


def test_an_answer_means_that_it_is_on_disk(database: Database) -> None:
    """Another connection sees it as soon as `do` returns."""
    desk = Desk(database)

    async def work() -> None:
        async with desk.commits:
            for number in range(10):
                await desk.commits.do(adding(str(number)))
                assert len(stored(database)) == number + 1

    asyncio.run(work())


def test_the_loop_goes_on_while_a_commit_runs(database: Database) -> None:
    """The writer has a thread of its own."""
    inside, go = threading.Event(), threading.Event()
    desk = Desk(database)

    def slow(connection: Connection) -> str:
        inside.set()
        return "done" if go.wait(60) else "nobody came"

    async def work() -> None:
        async with desk.commits:
            waiting = asyncio.create_task(desk.commits.do(slow))
            assert await asyncio.to_thread(inside.wait, 60)
            go.set()
            assert await waiting == "done"

    asyncio.run(work())


def test_one_failure_is_its_askers_alone(database: Database) -> None:
    """Whoever shared the flush is written all the same; the next flush is a new one."""
    desk = Desk(database, crowd=3)

    def fail(connection: Connection) -> None:
        add(connection, "half done")
        raise KeyError("x")

    async def work() -> list[Any]:
        async with desk.commits:
            asks = (adding("a"), fail, adding("b"))
            found = await asyncio.gather(*map(desk.commits.do, asks), return_exceptions=True)
            assert await desk.commits.do(adding("c")) == "c"
            return found

    first, second, third = asyncio.run(work())
    assert (first, type(second), third) == ("a", KeyError, "b")
    assert stored(database) == ["a", "b", "c"]
    assert desk.flushes == [3, 1, 1, 1, 1]


def test_a_closed_writer_says_so(database: Database) -> None:
    """Instead of leaving its asker waiting for ever."""
    desk = Desk(database)

    async def work() -> None:
        async with desk.commits:
            pass
        with pytest.raises(RuntimeError, match="closed"):
            await desk.commits.do(adding("a"))

    asyncio.run(work())


def test_a_row_that_is_there_already_is_told_to_its_asker(database: Database) -> None:
    """It is no trouble of the database's, so nobody tries again."""
    desk = Desk(database)

    async def work() -> None:
        async with desk.commits:
            await desk.commits.do(adding("a"))
            with pytest.raises(IntegrityError):
                await desk.commits.do(adding("a"))
            count = select(func.count()).select_from(Suppression)
            assert await desk.commits.do(lambda connection: connection.scalar(count)) == 1

    asyncio.run(work())
    assert desk.flushes == [1, 1, 1]


def test_writes_keep_their_order(database: Database) -> None:
    """Within a flush and from one to the next, and all that was asked before the end is done."""
    desk, order = Desk(database, crowd=7), list[int]()

    def noting(number: int) -> Ask:
        return lambda connection: order.append(number)

    async def work() -> None:
        async with desk.commits:
            tasks = [asyncio.create_task(desk.commits.do(noting(number))) for number in range(50)]
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)

    asyncio.run(work())
    assert order == list(range(50))


def test_a_writer_that_ends_tells_everybody(database: Database) -> None:
    """Those who wait in the flush, those behind it, and whoever comes later: nobody waits for ever."""
    desk = Desk(database)
    inside, go = threading.Event(), threading.Event()

    def end(connection: Connection) -> None:
        inside.set()
        go.wait(60)
        raise SystemExit("out of memory")

    async def work() -> list[Any]:
        async with desk.commits:
            first = asyncio.create_task(desk.commits.do(end))
            assert await asyncio.to_thread(inside.wait, 60)
            behind = [asyncio.create_task(desk.commits.do(adding(name))) for name in "ab"]
            await asyncio.sleep(0)
            go.set()
            told = await asyncio.gather(first, *behind, return_exceptions=True)
            return [*told, *await asyncio.gather(desk.commits.do(adding("c")), return_exceptions=True)]

    for error in asyncio.run(work()):
        with pytest.raises(RuntimeError, match=r"writer has ended.*out of memory"):
            raise error
    assert stored(database) == []
