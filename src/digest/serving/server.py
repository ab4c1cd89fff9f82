"""Runs an ASGI application on a port, in the main thread or any other, until it is told to stop."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from digest.errors import ConfigError

BACKLOG = 256
GRACE_SECONDS = 5


class Server(uvicorn.Server):
    """uvicorn that says when it is ready and looks at an event ten times a second.

    No access log, since URLs hold tokens; no forwarded headers, since nothing here asks for them.
    """

    def __init__(
        self,
        app: ASGIApp,
        ready: Callable[[int], None] | None,
        stop: threading.Event | None,
        **more: Any,
    ) -> None:
        """`ready` is told the port once requests are answered; `more` are uvicorn's own settings."""
        usual: dict[str, Any] = {
            "access_log": False,
            "server_header": False,
            "proxy_headers": False,
            "log_config": None,
            "log_level": "warning",
            "lifespan": "off",
            "ws": "none",
            "http": "h11",
            "timeout_graceful_shutdown": GRACE_SECONDS,
        }
        super().__init__(uvicorn.Config(app, **(usual | more)))
        self._ready = ready
        self._stop = stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, then say so."""
        await super().startup(sockets)
        if self._ready and sockets:
            self._ready(sockets[0].getsockname()[1])

    async def on_tick(self, counter: int) -> bool:
        """Whether it is time to stop."""
        return await super().on_tick(counter) or (self._stop is not None and self._stop.is_set())


def listen(host: str, port: int, setting: str) -> socket.socket:
    """A socket that listens; raises ConfigError, which begins with the name of the `setting`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"{setting}: cannot listen on {host}:{port}: {why}") from error
