"""Runs the web application on a port, in the main thread or any other, until it is told to stop."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

from digest.app.parts import App
from digest.serving.server import BACKLOG, Server, listen
from digest.web.application import create_application
from digest.web.connections import Connection

ACCEPTED_AT_ONCE = 16  # each takes a descriptor before its connection can be counted
KEEP_ALIVE_SECONDS = 5
HEAD_LIMIT = 16 * 1024


def serve(
    app: App,
    host: str,
    port: int,
    ready: Callable[[int], None] | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Answer readers until `stop` is set or, in the main thread, SIGINT or SIGTERM comes.

    Port 0 takes any free one; `ready` is told which, once requests are answered. Raises ConfigError where
    it cannot listen.
    """
    limits = {
        "http": Connection,
        "loop": "asyncio",
        "backlog": ACCEPTED_AT_ONCE,
        "h11_max_incomplete_event_size": HEAD_LIMIT,
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
    }
    with listen(host, port, "web.host, web.port") as listener:
        _Server(create_application(app), ready, stop, **limits).run(sockets=[listener])


class _Server(Server):
    """Keeps the queue of the system as long as it was made."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        for listener in sockets or []:
            listener.listen(BACKLOG)  # asyncio has one number for the queue and for what it takes at once
