"""Many threads, one writer: whatever gathers while one commit runs goes into the next."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from digest.db import Database

Result = TypeVar("Result")
Request = tuple[Callable[[Session], Any], "Future[Any]"]


class GroupCommit:
    """Runs small writes from any thread in shared transactions, and returns when theirs is on disk.

    There is no timer: a flush takes what has gathered during the one before. When a flush fails, every
    caller in it gets the exception and nothing of it is stored.
    """

    def __init__(self, database: Database, idle: Callable[[Session], None], every: float) -> None:
        """`idle` is also run inside a transaction, at least each `every` seconds (the heartbeat)."""
        self._database = database
        self._idle = idle
        self._every = every
        self._requests: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="ledger", daemon=True)

    def __enter__(self) -> GroupCommit:
        """Start the writer."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Finish what was asked and stop."""
        self._requests.put(None)
        self._thread.join()

    def do(self, action: Callable[[Session], Result]) -> Result:
        """Run `action` in a transaction and return its result once that is committed."""
        future: Future[Result] = Future()
        self._requests.put((action, future))
        return future.result()

    def _work(self) -> None:
        while True:
            batch, ended = self._gather()
            self._flush(batch)
            if ended:
                return

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
        results: list[tuple[Future[Any], Any]] = []
        try:
            with self._database.write() as session:
                self._idle(session)
                results.extend((future, action(session)) for action, future in batch)
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the callers
            for _, future in batch:
                future.set_exception(error)
            return
        for future, result in results:
            future.set_result(result)
