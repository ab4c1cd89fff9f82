"""Many threads, one writer: whatever gathers while one commit runs goes into the next."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from digest.db import Database

Result = TypeVar("Result")
Request = tuple[Callable[[Session], Any], "Future[Any]"]


class GroupCommit:
    """Runs small writes from any thread in shared transactions, and returns when theirs is on disk.

    There is no timer: a flush takes what has gathered during the one before. When a flush fails, nothing of
    it is stored; its requests are then tried one by one, so that only the one at fault gets the exception.
    """

    def __init__(self, database: Database, idle: Callable[[Session], None], every: float) -> None:
        """`idle` is also run inside a transaction, at least each `every` seconds (the heartbeat)."""
        self._database = database
        self._idle = idle
        self._every = every
        self._requests: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._door = threading.Lock()  # nothing comes in behind the one who closed it
        self._closed = ""  # why nothing is taken any more
        self._thread = threading.Thread(target=self._work, name="ledger", daemon=True)

    def __enter__(self) -> GroupCommit:
        """Start the writer."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Finish what was asked and stop."""
        self._close("has been closed")
        self._requests.put(None)
        self._thread.join()

    def do(self, action: Callable[[Session], Result]) -> Result:
        """Run `action` in a transaction and return its result once that is committed."""
        future: Future[Result] = Future()
        with self._door:
            if self._closed:
                raise RuntimeError(f"the ledger's writer {self._closed}")
            self._requests.put((action, future))
        return future.result()

    def _close(self, why: str) -> None:
        with self._door:
            self._closed = self._closed or why

    def _work(self) -> None:
        batch: list[Request] = []
        try:
            ended = False
            while not ended:
                batch, ended = self._gather()
                self._flush(batch)
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
            self._close(f"has ended: {error!r}")
            self._disappoint(batch, error)

    def _disappoint(self, batch: list[Request], error: BaseException) -> None:
        """Tell everybody who still waits: those of the last batch, and those behind it."""
        with suppress(queue.Empty):
            while True:
                request = self._requests.get_nowait()
                batch += [request] if request else []
        for _, future in batch:
            if not future.done():
                failure = RuntimeError(f"the ledger's writer has ended: {error!r}")
                failure.__cause__ = error
                future.set_exception(failure)

    def _gather(self) -> tuple[list[Request], bool]:
        batch: list[Request] = []
        try:
            request = self._requests.get(timeout=self._every)
            while request is not None:
                batch.append(request)
                request = self._requests.get_nowait()
        except queue.Empty:
            return batch, False
        return batch, True

    def _flush(self, batch: list[Request]) -> None:
        try:
            results = self._write(batch)
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the callers
            self._flush_failed(batch, error)
        else:
            for (_, future), result in zip(batch, results, strict=True):
                future.set_result(result)

    def _write(self, batch: list[Request]) -> list[Any]:
        with self._database.write() as session:
            self._idle(session)
            return [action(session) for action, _ in batch]

    def _flush_failed(self, batch: list[Request], error: Exception) -> None:
        if len(batch) > 1:
            for request in batch:
                self._flush([request])
        elif batch:
            batch[0][1].set_exception(error)
