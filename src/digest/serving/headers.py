"""Headers that every response has, whoever made it."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send


class Sender:
    """`send`, adding the headers that a response does not set itself."""

    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        """`started` tells whether an answer has begun."""
        self._send = send
        self._headers = headers
        self.started = False

    async def __call__(self, message: Message) -> None:
        """Send one message."""
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
        await self._send(message)
