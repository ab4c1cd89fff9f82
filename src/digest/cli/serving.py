"""`digest serve` and `digest schedule`: the parts that stay up."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import click

from digest.app.parts import App
from digest.cli.shared import app_of
from digest.cli.signals import until_signalled


class _Seconds(click.FloatRange):
    """A number of seconds; a range alone lets nan through, which is neither above nor below anything."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"expected a number, not {value!r}", param, ctx)
        return number


@click.command()
@click.option("--host", help="By default web.host.")
@click.option("--port", type=click.IntRange(0, 65535), help="By default web.port; 0 takes a free one.")
@click.option(
    "--all", "everything", is_flag=True, help="Also run the scheduler, which sends, in this process."
)
@click.pass_context
def serve(ctx: click.Context, host: str | None, port: int | None, everything: bool) -> None:
    """Serve the pages behind readers' links: subscribe, confirm, unsubscribe, archive.

    Example: digest serve --all
    """
    from digest.web.server import serve as serve_web

    with app_of(ctx) as app, until_signalled() as stop:
        app.require_keys()
        web = app.settings.web
        with _ticking(app, stop) if everything else nullcontext():
            serve_web(
                app,
                host if host is not None else web.host,
                port if port is not None else web.port,
                ready=lambda bound: click.echo(f"listening on http://{host or web.host}:{bound}", err=True),
                stop=stop,
            )


@click.command()
@click.option(
    "--every", type=_Seconds(1, 86400), default=60, show_default=True, help="Seconds between two looks."
)
@click.pass_context
def schedule(ctx: click.Context, every: float) -> None:
    """Call `digest run` once a minute. What is due follows from the database, so several of these do no harm.

    Example: digest schedule
    """
    from digest.app.delivering import require_sendable
    from digest.schedule.ticker import tick_until

    with app_of(ctx) as app, until_signalled() as stop:
        require_sendable(app)
        tick_until(app, stop, every)


@contextmanager
def _ticking(app: App, stop: threading.Event) -> Iterator[None]:
    """The scheduler in a thread beside; it ends with whatever it stands beside, however that ends."""
    from digest.app.delivering import require_sendable
    from digest.schedule.ticker import tick_until

    require_sendable(app)
    ticker = threading.Thread(target=tick_until, args=(app, stop), name="ticker")
    ticker.start()
    try:
        yield
    finally:
        stop.set()
        ticker.join()
