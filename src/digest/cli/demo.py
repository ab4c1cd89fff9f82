"""`digest demo`: the whole journey, and where to look afterwards."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from time import monotonic

import click


@click.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to put everything; by default demo/ here. A former demo there is replaced, nothing else is.",
)
def demo(folder: Path | None) -> None:
    """Run the whole journey on sample pages, with no server, no internet and none of your settings.

    Twelve made-up readers subscribe, confirm and get two weekly editions; one of them leaves in between.
    All mail goes to a local server that only keeps it, as files you can open.

    Example: digest demo
    """
    from digest.demo.folder import demo_folder
    from digest.demo.journey import Journey

    began, place = monotonic(), demo_folder(folder)
    click.echo(f"Two weeks of a newsletter, played on this machine only, in {_shown(place)}\n")
    Journey(place, click.echo).run()
    click.echo(f"\nDone in {monotonic() - began:.0f} seconds.\n")
    _tell_where(place)


def _tell_where(place: Path) -> None:
    from digest.demo.journey import KEYS, SECOND

    digest = f"{_command()} --config {shlex.quote(_shown(place / 'digest.toml'))}"
    click.echo("Look at")
    click.echo(
        f"  the editions    {_shown(place / 'editions')}/{KEYS[0]}.html, {KEYS[1]}.html (open in a browser)"
    )
    click.echo(f"  every mail      {_shown(place / 'outbox')}/week-1/*.eml, week-2/*.eml, confirm/, …")
    click.echo(f"  the database    {_shown(place / 'digest.db')}")
    click.echo("\nType next")
    for words in (
        f"status --now {SECOND:%Y-%m-%dT%H:%MZ}",
        f"preview {KEYS[1]}",
        "subscribers list",
        "serve",
    ):
        click.echo(f"  {digest} {words}")
    click.echo("\nWhile `serve` runs, the links in the mails work. For your own newsletter: digest init")


def _shown(path: Path) -> str:
    from digest.demo.folder import shown

    return shown(path)


def _command() -> str:
    """How `digest` is called here: by its name where that finds this one, else through this interpreter."""
    found = shutil.which("digest")
    if found and Path(found).parent == Path(sys.executable).parent:
        return "digest"
    return f"{shlex.quote(_shown(Path(sys.executable)))} -m digest"
