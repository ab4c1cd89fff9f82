"""`digest preview`: the coming edition, exactly as readers will get it, and the desk to mend it at."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import click

from digest.app import looking, samples
from digest.app.parts import App
from digest.cli.shared import actor, app_of, now_option, print_json, settings_of
from digest.cli.signals import until_signalled
from digest.clock import SystemClock
from digest.config import load_settings
from digest.config.loading import settings_file
from digest.desk.photographs import VIEWS, photograph


def _file(text: str, words: str) -> Any:
    mode, encoding = ("w", "utf-8") if text == "text" else ("wb", None)
    return {"type": click.File(mode, encoding=encoding, lazy=True), "help": words}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The files asked for, each open for writing or None."""

    html: IO[str] | None
    text: IO[str] | None
    eml: IO[bytes] | None
    png: IO[bytes] | None

    def any(self) -> bool:
        """Whether there is anything to write."""
        return any((self.html, self.text, self.eml, self.png))


@click.command()
@click.argument("key", required=False)
@click.option("--html", **_file("text", "Write the HTML part; - is stdout."))
@click.option("--text", **_file("text", "Write the text part."))
@click.option("--eml", **_file("bytes", "Write the whole message as one reader gets it."))
@click.option("--png", **_file("bytes", "Write a picture: desktop, phone and dark side by side."))
@click.option("--view", type=click.Choice(tuple(VIEWS)), default="all", help="Only this one in the picture.")
@click.option("--check", is_flag=True, help="Name every fault; exit 1 if there is an error.")
@click.option("--json", "as_json", is_flag=True, help="Print what --check found as JSON.")
@click.option("--offline", is_flag=True, help="Do not ask links whether they answer.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port of the desk; 0 is any free one.")
@click.option("--no-open", is_flag=True, help="Only print the desk's address; open no browser.")
@now_option
@click.pass_context
def preview(
    ctx: click.Context,
    /,
    key: str | None,
    view: str,
    check: bool,
    as_json: bool,
    offline: bool,
    port: int,
    no_open: bool,
    now: datetime | None,
    **files: Any,
) -> None:
    """Look at an edition, by default the coming one, and mend it; looking changes nothing.

    Opens the editors' desk in the browser, on this machine only: inbox row, desktop, phone, dark, without
    images, text and source, with every check beside it. With --html, --text, --eml, --png or --check it
    writes or checks instead. An approved edition is shown from its frozen bytes; in all of them only the
    reader's own links differ.

    Example: digest preview --check --offline
    """
    wanted = Wanted(**files)
    _refuse_nonsense(wanted, check, as_json)
    if not (wanted.any() or check):
        _open_desk(ctx, key, now, offline=offline, port=port, no_open=no_open)
        return
    with app_of(ctx, now) as app:
        look = looking.look(app, key)
        _write(app, look, wanted, view)
        if check:
            ctx.exit(0 if _check(app, look, offline, as_json) else 1)


def _refuse_nonsense(wanted: Wanted, check: bool, as_json: bool) -> None:
    if as_json and not check:
        raise click.UsageError("--json goes with --check")
    outputs = [file.name for file in (wanted.html, wanted.text, wanted.eml, wanted.png) if file]
    if outputs.count("-") + check > 1 and "-" in outputs:
        raise click.UsageError("only one thing can be written to stdout")
    if len(set(outputs)) < len(outputs):
        raise click.UsageError("each part needs a file of its own")


def _write(app: App, look: looking.Look, wanted: Wanted, view: str) -> None:
    """Make everything first, then open files: what fails leaves none half-written."""
    rendered = look.require()
    shown = samples.as_read(app, rendered)
    message = samples.sample_message(app, rendered, look.key) if wanted.eml else b""
    picture = _picture(shown.html, view) if wanted.png else b""
    if wanted.html:
        wanted.html.write(shown.html)
    if wanted.text:
        wanted.text.write(shown.text)
    if wanted.eml:
        wanted.eml.write(message)
    if wanted.png:
        wanted.png.write(picture)


def _picture(page: str, view: str) -> bytes:
    return photograph(page, VIEWS[view])


def _check(app: App, look: looking.Look, offline: bool, as_json: bool) -> bool:
    """Print the report; whether it has no error."""
    from digest.app.checks import check_edition

    report = check_edition(app, look, offline=offline)
    if as_json:
        print_json(report.as_json())
        return report.ok
    for finding in report.findings:
        click.echo(f"{finding.level.value:<8} {finding.check:<12} {finding.message}")
        for line in finding.detail:
            click.echo(f"{'':<22}{line}")
    return report.ok


def _open_desk(
    ctx: click.Context, key: str | None, now: datetime | None, *, offline: bool, port: int, no_open: bool
) -> None:
    from digest.desk.doorway import doorway
    from digest.desk.server import serve_desk

    file = settings_file(Path(ctx.obj) if ctx.obj else None)
    given = file if file.exists() else None  # one that was there must not be missing later

    with until_signalled() as stop, doorway() as lead_to:

        def ready(address: str) -> None:
            click.echo(f"The desk is open at {address}\nIt is for you alone; Ctrl+C closes it.")
            if not no_open and _has_screen(os.environ):
                # Some browsers are only back when they are closed.
                threading.Thread(target=webbrowser.open, args=[lead_to(address)], daemon=True).start()

        serve_desk(
            lambda: load_settings(given) if given else settings_of(ctx),
            SystemClock(now),
            key=key,
            by=actor(),
            offline=offline,
            port=port,
            ready=ready,
            stop=stop,
        )


def _has_screen(environment: Mapping[str, str]) -> bool:
    """Whether a browser with windows can be opened; one in the terminal would only be in the way."""
    return sys.platform in ("darwin", "win32") or bool(
        environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    )
