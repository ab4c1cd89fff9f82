"""`digest serve` and `digest schedule`: the parts that stay up."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from digest.cli.shared import app_of


@click.command()
@click.option("--host", help="By default web.host.")
@click.option("--port", type=int, help="By default web.port; 0 takes a free one.")
@click.option(
    "--all", "everything", is_flag=True, help="Also run the scheduler, which sends, in this process."
)
@click.pass_context
def serve(ctx: click.Context, host: str | None, port: int | None, everything: bool) -> None:
    """Serve the pages behind readers' links: subscribe, confirm, unsubscribe, archive.

    Example: digest serve --all
    """
    from digest.schedule.ticker import tick_until
    from digest.web.server import serve as serve_web

    with app_of(ctx) as app, _until_signalled() as stop:
        ticker = threading.Thread(target=tick_until, args=(app, stop), name="ticker")
        if everything:
            ticker.start()
        web = app.settings.web
        serve_web(
            app,
            host if host is not None else web.host,
            port if port is not None else web.port,
            ready=lambda bound: click.echo(f"listening on http://{host or web.host}:{bound}", err=True),
            stop=stop,
        )
        stop.set()
        if everything:
            ticker.join()


@click.command()
@click.option(
    "--every", type=click.FloatRange(min=1), default=60, show_default=True, help="Seconds between two looks."
)
@click.pass_context
def schedule(ctx: click.Context, every: float) -> None:
    """Call `digest run` once a minute. What is due follows from the database, so several of these do no harm.

    Example: digest schedule
    """
    from digest.schedule.ticker import tick_until

    with app_of(ctx) as app, _until_signalled() as stop:
        tick_until(app, stop, every)


@contextmanager
def _until_signalled() -> Iterator[threading.Event]:
    """An event that SIGTERM and Ctrl-C set."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    yield stop
