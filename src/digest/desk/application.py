"""The desk: one page, what it reads, what it does, and the guard before it all."""

from __future__ import annotations

import threading
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware

from digest.desk.acting import Acting
from digest.desk.answers import handlers
from digest.desk.events import Events
from digest.desk.guards import Guard
from digest.desk.showing import Showing
from digest.desk.workbench import Workbench


def create_desk(
    bench: Workbench,
    *,
    key: str | None,
    by: str,
    offline: bool,
    secret: str,
    closing: threading.Event | None = None,
) -> Starlette:
    """The desk over a workbench, opened at `/{secret}/`.

    `key` is the edition shown first, by default the coming one. `by` is recorded as who approves.
    `closing` ends streams that would never end.
    """
    parts = (
        Showing(bench, key, offline),
        Acting(bench, by, offline),
        Events(bench, closing or threading.Event()),
    )
    known: Any = handlers()
    desk = Starlette(
        routes=[route for part in parts for route in part.routes()],
        middleware=[Middleware(Guard, secret=secret)],
        exception_handlers=known,
    )
    desk.router.redirect_slashes = False
    return desk
