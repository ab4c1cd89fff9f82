"""Runs the desk on a port of this machine, for nobody but its person, until it is told to stop."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

import uvicorn
from starlette.applications import Starlette

from digest.clock import Clock
from digest.desk.application import create_desk
from digest.desk.guards import ENTER
from digest.desk.telling import Checks
from digest.desk.workbench import OpenSettings, Workbench
from digest.errors import ConfigError

HOST: Final = "127.0.0.1"
GRACE_SECONDS: Final = 5


def serve_desk(
    open_settings: OpenSettings,
    clock: Clock,
    *,
    key: str | None = None,
    by: str,
    offline: bool = False,
    checks: Checks,
    port: int = 0,
    ready: Callable[[str], None] | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Answer the editor's browser until `stop` is set or, in the main thread, SIGINT or SIGTERM comes.

    `open_settings` is called again and again, so that a changed file takes effect. Port 0 takes any free one;
    `ready` is told the address to open, which lets in who knows it. Raises ConfigError where it cannot
    listen, or where the settings are broken from the start.
    """
    secret, closing = secrets.token_urlsafe(24), threading.Event()
    bench = Workbench(open_settings, clock)
    try:
        desk = create_desk(
            bench, key=key, by=by, offline=offline, checks=checks, secret=secret, closing=closing
        )
        with _listen(port) as listener:
            _Server(desk, _told(ready, secret), closing, stop).run(sockets=[listener])
    finally:
        bench.close()


class _Server(uvicorn.Server):
    """uvicorn that says when it is ready, looks at an event ten times a second, and ends open streams."""

    def __init__(
        self,
        desk: Starlette,
        ready: Callable[[int], None],
        closing: threading.Event,
        stop: threading.Event | None,
    ) -> None:
        super().__init__(_config(desk))
        self._ready = ready
        self._closing = closing
        self._stop = stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, then say so."""
        await super().startup(sockets)
        if sockets:
            self._ready(sockets[0].getsockname()[1])

    async def on_tick(self, counter: int) -> bool:
        """Whether it is time to stop."""
        return await super().on_tick(counter) or (self._stop is not None and self._stop.is_set())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let every page's stream end, then stop."""
        self._closing.set()
        await super().shutdown(sockets)


def _told(ready: Callable[[str], None] | None, secret: str) -> Callable[[int], None]:
    def tell(port: int) -> None:
        if ready:
            ready(f"http://{HOST}:{port}{ENTER}{quote(secret)}")

    return tell


def _config(desk: Starlette) -> uvicorn.Config:
    """No access log, since the opened address holds the secret; no forwarded headers."""
    return uvicorn.Config(
        desk,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_config=None,
        log_level="warning",
        lifespan="off",
        ws="none",
        http="h11",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise ConfigError(f"--port: cannot listen on {HOST}:{port}: {error.strerror or error}") from error
