"""An SMTP session for tests that wait for each answer: its event loop runs only while something is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from digest.delivery import smtp
from digest.delivery.replies import Outcome
from digest.delivery.smtp import Relay

Result = TypeVar("Result")


class Session:
    """`digest.delivery.smtp.Session`, without the awaiting."""

    def __init__(self, relay: Relay) -> None:
        """Nothing is connected yet."""
        self._session = smtp.Session(relay)
        self._loop: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def usable(self) -> bool:
        """Whether another message can be sent without opening again."""
        return self._session.usable

    def open(self) -> None:
        """Connect; raises what the real one raises."""
        try:
            self._run(self._session.open())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Hang up, and give the event loop back."""
        self._run(self._session.close())
        if self._loop:
            self._loop.close()
            self._loop = None

    def send(self, sender: str, recipient: str, message: bytes) -> Outcome:
        """Hand over one message."""
        return self._run(self._session.send(sender, recipient, message))

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        return self._loop.run_until_complete(work)


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """What `work` returns, on an event loop of its own."""
    return asyncio.run(work)
