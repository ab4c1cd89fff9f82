"""Runs the web application on a port, in the main thread or any other, until it is told to stop."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import uvicorn

from digest.app.parts import App
from digest.errors import ConfigError
from digest.web.application import create_application
from digest.web.connections import Connection

BACKLOG = 256
ACCEPTED_AT_ONCE = 16  # each takes a descriptor before its connection can be counted
KEEP_ALIVE_SECONDS = 5
GRACE_SECONDS = 5
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
    with _listen(host, port) as listener:
        _Server(_config(app), ready, stop).run(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn that says when it is ready and looks at an event ten times a second."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[int], None] | None, stop: threading.Event | None
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._stop = stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, then say so."""
        await super().startup(sockets)
        for listener in sockets or []:
            listener.listen(BACKLOG)  # asyncio has one number for the queue and for what it takes at once
        if self._ready and sockets:
            self._ready(sockets[0].getsockname()[1])

    async def on_tick(self, counter: int) -> bool:
        """Whether it is time to stop."""
        return await super().on_tick(counter) or (self._stop is not None and self._stop.is_set())


def _config(app: App) -> uvicorn.Config:
    """No access log, since URLs hold tokens; no forwarded headers, since nothing here asks for them."""
    return uvicorn.Config(
        create_application(app),
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_config=None,
        log_level="warning",
        lifespan="off",
        ws="none",
        http=Connection,
        loop="asyncio",
        backlog=ACCEPTED_AT_ONCE,
        h11_max_incomplete_event_size=HEAD_LIMIT,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        raise ConfigError(
            f"web.host, web.port: cannot listen on {host}:{port}: {getattr(error, 'strerror', None) or error}"
        ) from error
