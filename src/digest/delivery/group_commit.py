"""Many tasks, one writer: whatever gathers while one commit runs goes into the next."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, repeat
from types import TracebackType
from typing import Generic, Self, TypeVar

from sqlalchemy import Connection

from digest.db import Database
from digest.db.away import is_away
from digest.delivery.patience import PAUSES, Patience

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")
Request = tuple[Ask, "asyncio.Future[Answer]"]

LONGEST_GATHERING = 0.05  # seconds


class GroupCommit(Generic[Ask, Answer]):
    """Writes what many tasks ask in shared transactions, and answers each when that is on disk.

    A flush takes what has gathered, and waits for more about as long as the commit before it took, since a
    commit costs much the same whatever is in it. When a flush fails, nothing of it is stored; its requests
    are then tried one by one, so that only the one at fault gets the exception. Where the database itself is
    away or full, all wait and nobody is told, until it is back or their patience ends.
    """

    def __init__(
        self,
        database: Database,
        write: Callable[[Connection, Sequence[Ask]], list[Answer]],
        patience: Patience,
        crowd: Callable[[], int] = lambda: 0,
    ) -> None:
        """`write` answers in the order of what it is asked; no more than a `crowd` ask at once."""
        self._database = database
        self._write = write
        self._patience = patience
        self._crowd = crowd
        self._requests: list[Request[Ask, Answer]] = []
        self._flusher: asyncio.Task[None] | None = None
        self._gathering: asyncio.Future[None] | None = None
        self._connection: Connection | None = None
        self._closed = ""  # why nothing is taken any more
        self._took = 0.0  # seconds of the last commit
        self._thread = ThreadPoolExecutor(1, "ledger")

    async def __aenter__(self) -> Self:
        """Ready at once."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish what was asked."""
        self._enough()
        if self._flusher:
            await self._flusher
        self._closed = self._closed or "has been closed"
        self._thread.shutdown()
        if self._connection is not None:
            self._connection.close()

    async def do(self, ask: Ask) -> Answer:
        """What `write` answers to `ask`, once that is committed."""
        if self._closed:
            raise RuntimeError(f"the ledger's writer {self._closed}")
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._requests.append((ask, future))
        if self._flusher is None:
            self._flusher = asyncio.create_task(self._flush_all())
        elif len(self._requests) >= self._crowd():
            self._enough()
        return await future

    async def _flush_all(self) -> None:
        batch: list[Request[Ask, Answer]] = []
        try:
            while self._requests:
                await self._gather()
                batch, self._requests = self._requests, []
                await self._flush(batch)
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
            self._closed = f"has ended: {error!r}"
            _disappoint([*batch, *self._requests], RuntimeError(f"the ledger's writer {self._closed}"))
        self._flusher = None

    async def _gather(self) -> None:
        """Let others join, unless all are here."""
        if len(self._requests) >= self._crowd():
            return
        loop = asyncio.get_running_loop()
        self._gathering = loop.create_future()
        timer = loop.call_later(min(self._took, LONGEST_GATHERING), self._enough)
        await self._gathering
        timer.cancel()
        self._gathering = None

    def _enough(self) -> None:
        if self._gathering is not None and not self._gathering.done():
            self._gathering.set_result(None)

    async def _flush(self, batch: Sequence[Request[Ask, Answer]]) -> None:
        try:
            answers = await self._stored([ask for ask, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to those who asked
            await self._flush_failed(batch, error)
        else:
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)

    async def _flush_failed(self, batch: Sequence[Request[Ask, Answer]], error: Exception) -> None:
        if len(batch) > 1 and not is_away(error):
            for request in batch:
                await self._flush([request])
            return
        _disappoint(batch, error)

    async def _stored(self, asks: Sequence[Ask]) -> list[Answer]:
        """What came of it, however long the database is away."""
        for pause in chain(PAUSES, repeat(PAUSES[-1])):
            try:
                answers = await self._committed(asks)
            except Exception as error:
                if not self._patience.worth_waiting(error):
                    raise
                await asyncio.sleep(pause)
            else:
                self._patience.worked()
                return answers
        raise AssertionError("unreachable")

    async def _committed(self, asks: Sequence[Ask]) -> list[Answer]:
        began = time.monotonic()
        loop = asyncio.get_running_loop()
        answers = await loop.run_in_executor(self._thread, self._transaction, asks)
        self._took = time.monotonic() - began
        return answers

    def _transaction(self, asks: Sequence[Ask]) -> list[Answer]:
        if self._connection is None:
            self._connection = self._database.writer()
        try:
            with self._connection.begin():
                return self._write(self._connection, asks)
        except BaseException:
            # Whatever state it is in, the next one starts afresh.
            self._drop_connection()
            raise

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()


def _disappoint(batch: Sequence[Request[Ask, Answer]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
