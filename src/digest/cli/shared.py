"""What every command needs: the app for its settings, `--json`, `--now`, and the actor's name."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import click

from digest.app.parts import App, open_app
from digest.clock import SystemClock, parse_moment
from digest.config import Settings, load_settings
from digest.config.rereading import KeysOnDisk
from digest.errors import SourceError

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


# Weeks have keys from 2000 on, and links keep their moment in 32 bits, which end in 2106.
FIRST_YEAR, LAST_YEAR = 2001, 2099


class _Moment(click.ParamType[datetime]):
    name = "ISO 8601"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            moment = parse_moment(value)
            if FIRST_YEAR <= moment.year <= LAST_YEAR:
                return moment
            self.fail(f"expected a year from {FIRST_YEAR} to {LAST_YEAR}, not {value!r}", param, ctx)
        except (ValueError, OverflowError):
            self.fail(
                f"expected a moment with its offset, such as 2026-11-19T08:00:00Z, not {value!r}", param, ctx
            )


MOMENT = _Moment()
now_option = click.option("--now", type=MOMENT, help="Act as if it were this moment (2026-11-19T08:00:00Z).")


def settings_of(ctx: click.Context) -> Settings:
    """The settings this command runs under."""
    return load_settings(Path(ctx.obj) if ctx.obj else None)


@contextmanager
def app_of(ctx: click.Context, now: datetime | None = None) -> Iterator[App]:
    """The app for this command."""
    keys = KeysOnDisk(Path(ctx.obj) if ctx.obj else None)
    with open_app(settings_of(ctx), SystemClock(now), reread=keys.read) as app:
        yield app


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def rejections(errors: Iterable[SourceError]) -> list[dict[str, Any]]:
    """What was refused, in the shape of every import's `--json`."""
    return [{"source": e.source, "line": e.line, "field": e.field, "message": e.message} for e in errors]


def actor() -> str:
    """Who is at the keyboard, for the record of approvals."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def name_of(file: object) -> str:
    """What errors call a file that was opened for reading."""
    return str(getattr(file, "name", "<stdin>"))


def private_file(path: str, flag: int) -> TextIO:
    """A text file to write, made readable for its owner only: it holds people's addresses."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | flag, 0o600)
    return os.fdopen(handle, "w", newline="", encoding="utf-8")
