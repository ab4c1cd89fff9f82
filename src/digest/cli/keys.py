"""`digest keys`: the keys that sign readers' links."""

from __future__ import annotations

from pathlib import Path

import click

from digest.app import keys as rotating
from digest.cli.shared import json_option, print_json, settings_of


@click.group()
def keys() -> None:
    """List and rotate the keys that sign readers' links."""


@keys.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Show the numbers of the keys there are, and which one signs. The keys themselves are never shown.

    Example: digest keys list
    """
    ring = settings_of(ctx).keys.keyring()
    found = [{"number": number, "signs": number == ring.current} for number in sorted(ring.keys)]
    if as_json:
        print_json(found)
        return
    for one in found:
        click.echo(f"{one['number']:>3}  {'signs' if one['signs'] else 'checks links that it signed'}")


@keys.command()
@click.option(
    "--prepare", is_flag=True, help="Only make the new key known; call again without this to put it to use."
)
@json_option
@click.pass_context
def rotate(ctx: click.Context, prepare: bool, as_json: bool) -> None:
    """Sign links with a new key from now on; links that were signed before go on working.

    Writes the key into the settings file and changes nothing else there. `digest serve` on this machine
    notices by itself; what sends goes on with the old key until it is started again, which does no harm.

    With several machines, first --prepare on one, copy its settings file to all, then the same again
    without --prepare.

    Example: digest keys rotate
    """
    done = rotating.rotate(Path(ctx.obj) if ctx.obj else None, prepare=prepare)
    if as_json:
        print_json({"number": done.number, "signs": done.signs})
    elif done.signs:
        click.echo(f"key {done.number} signs from now on; the others stay, for links they signed")
    else:
        click.echo(f"key {done.number} is known from now on, and does not sign yet: digest keys rotate")
