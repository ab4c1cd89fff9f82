"""Runs the desk on a port of this machine, for nobody but its person, until it is told to stop."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Callable
from typing import Final

from starlette.applications import Starlette

from digest.clock import Clock
from digest.desk.application import create_desk
from digest.desk.workbench import OpenSettings, Workbench
from digest.serving.server import Server, listen

HOST: Final = "127.0.0.1"


def serve_desk(
    open_settings: OpenSettings,
    clock: Clock,
    *,
    key: str | None = None,
    by: str,
    offline: bool = False,
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
        desk = create_desk(bench, key=key, by=by, offline=offline, secret=secret, closing=closing)
        with listen(HOST, port, "--port") as listener:
            _Server(desk, _told(ready, secret), stop, closing).run(sockets=[listener])
    finally:
        bench.close()


class _Server(Server):
    """Ends the streams that would never end."""

    def __init__(
        self,
        desk: Starlette,
        ready: Callable[[int], None],
        stop: threading.Event | None,
        closing: threading.Event,
    ) -> None:
        super().__init__(desk, ready, stop)
        self._closing = closing

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let every page's stream end, then stop."""
        self._closing.set()
        await super().shutdown(sockets)


def _told(ready: Callable[[str], None] | None, secret: str) -> Callable[[int], None]:
    def tell(port: int) -> None:
        if ready:
            ready(f"http://{HOST}:{port}/{secret}/")

    return tell
