"""`digest subscribers`: the list."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from typing import Any, BinaryIO

import click

from digest.app import housekeeping, leaving, subscribing, suppressing
from digest.app.erasing import erase_address
from digest.app.parts import App
from digest.app.why import everything_held
from digest.audience import listing
from digest.audience.addresses import read_address
from digest.audience.models import Standing
from digest.audience.names import tidy_name
from digest.audience.suppressing_files import SuppressionReport
from digest.cli.held import as_text
from digest.cli.importing_readers import import_readers
from digest.cli.progress import reading
from digest.cli.shared import actor, app_of, json_option, name_of, print_json, private_file
from digest.errors import SourceError


@click.group()
def subscribers() -> None:
    """Import, add, show, list, suppress, erase readers."""


subscribers.add_command(import_readers)


@subscribers.command()
@click.argument("email")
@click.option("--name")
@click.option(
    "--consent", help="Where this person agreed; makes the address active without a confirmation mail."
)
@click.pass_context
def add(ctx: click.Context, email: str, name: str | None, consent: str | None) -> None:
    """Add one address. Without --consent it is asked to confirm by mail.

    Example: digest subscribers add ann@example.org
    """
    name = tidy_name(name or "")
    with app_of(ctx) as app:
        if consent:
            done = subscribing.add_with_consent(
                app, email, consent=f"{consent} (added by {actor()})", name=name
            )
            click.echo("added" if done else "not added: known already, or suppressed")
        else:
            subscribing.subscribe(app, email, source=f"added by {actor()}", name=name)
            click.echo("asked to confirm, if there is anything to ask; the next `digest run` sends it")


@subscribers.command("list")
@click.option("--status", type=click.Choice([standing.value for standing in Standing]))
@json_option
@click.pass_context
def list_(ctx: click.Context, status: str | None, as_json: bool) -> None:
    """List the addresses with their standing.

    Example: digest subscribers list --status active --json
    """
    with app_of(ctx) as app, app.database.read() as session:
        found = listing.list_subscribers(session, Standing(status) if status else None)
        if as_json:
            _print_array(listing.as_json(one) for one in found)
            return
        for one in found:
            click.echo(f"{one.status.value:<12}  {one.email}")


def _print_array(values: Iterable[dict[str, Any]]) -> None:
    """One JSON array, a value at a time: a million of them need no memory."""
    before = "[\n"
    for value in values:
        click.echo(before + json.dumps(value, ensure_ascii=False), nl=False)
        before = ",\n"
    click.echo("[]" if before == "[\n" else "\n]")


@subscribers.command()
@click.argument("email")
@json_option
@click.pass_context
def show(ctx: click.Context, email: str, as_json: bool) -> None:
    """Print everything that is held on one address, and whether it gets the next edition, and why.

    Example: digest subscribers show ann@example.org
    """
    with app_of(ctx) as app, app.database.read() as session:
        held = everything_held(app, session, read_address(email))
    if as_json:
        print_json(held)
    else:
        click.echo(as_text(held))


@subscribers.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True), default="-")
@click.option("--status", type=click.Choice([standing.value for standing in Standing]))
@click.option("--suppressions", is_flag=True, help="The suppressed addresses instead, as keyed hashes.")
@click.pass_context
def export(ctx: click.Context, file: str, status: str | None, suppressions: bool) -> None:
    """Write the list as CSV, safe to open in a spreadsheet.

    A new file is made readable for its owner only. What --suppressions writes is read by `digest subscribers
    suppress --file` where keys.suppression is the same.

    Example: digest subscribers export readers.csv --status active
    """
    if suppressions and status:
        raise click.UsageError("--status is about the list, not about --suppressions")
    with (
        app_of(ctx) as app,
        app.database.read() as session,
        private_file(file, os.O_TRUNC)
        if file != "-"
        else click.open_file(file, "w", encoding="utf-8") as out,
    ):
        if suppressions:
            number = listing.export_suppressions(session, out, app.suppressions.fingerprint)  # type: ignore[arg-type]
        else:
            number = listing.export_csv(session, out, Standing(status) if status else None)  # type: ignore[arg-type]
    click.echo(f"{number} rows", err=True)


@subscribers.command()
@click.argument("email")
@click.pass_context
def unsubscribe(ctx: click.Context, email: str) -> None:
    """Take somebody off the list who asked for it in person. No mail is sent about it.

    Example: digest subscribers unsubscribe ann@example.org
    """
    with app_of(ctx) as app:
        leaving.take_off(app, email, source=f"taken off by {actor()}")
    click.echo("off the list")


@subscribers.command()
@click.argument("emails", nargs=-1)
@click.option(
    "--file",
    type=click.File("rb"),
    help="Those in a file: one a line, a CSV with the column `email`, or what `export --suppressions` wrote.",
)
@click.option(
    "--reason", type=click.Choice(["unsubscribe", "bounce", "complaint", "operator"]), default="operator"
)
@click.pass_context
def suppress(ctx: click.Context, emails: tuple[str, ...], file: Any, reason: str) -> None:
    """Never mail these addresses, whatever is imported later. Only a keyed hash is kept.

    Exit code 1 if any row of the file was rejected; the good rows are done.

    Example: digest subscribers suppress ann@example.org --reason complaint
    """
    if bool(emails) == bool(file):
        raise click.UsageError("expected addresses, or --file with addresses")
    source = f"suppressed by {actor()}"
    with app_of(ctx) as app:
        if file:
            done = _suppress_file(app, file, reason, source)
        else:
            done = suppressing.suppress(app, emails, reason=reason, source=source)
    click.echo(f"{done.suppressed} suppressed, {done.known} were so already, {done.rejected} rejected")
    ctx.exit(1 if done.rejected else 0)


def _suppress_file(app: App, file: BinaryIO, reason: str, source: str) -> SuppressionReport:
    with reading() as show:
        return suppressing.suppress_all_in(
            app,
            file,
            name_of(file),
            reason=reason,
            source=source,
            on_rejected=_show_rejected,
            on_progress=show,
        )


def _show_rejected(error: SourceError) -> None:
    # Not by click.echo, which goes round the bar's own way of letting a line stand above it.
    sys.stderr.write(f"rejected: {error}\n")


@subscribers.command()
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def erase(ctx: click.Context, email: str, yes: bool) -> None:
    """Forget everything about one address. Only a keyed hash stays, so that no import adds it again.

    The person may come back by asking anew and confirming.

    Example: digest subscribers erase ann@example.org
    """
    address = read_address(email)
    if not yes:
        click.confirm(
            f"Erase all that is held on {address.email}? This cannot be undone", abort=True, err=True
        )
    with app_of(ctx) as app:
        known = erase_address(app, address.email, source=f"erased by {actor()}")
    click.echo("erased" if known else "not on the list; suppressed all the same, so that nobody adds it")


@subscribers.command()
@click.option("--dry-run", is_flag=True, help="Only say how many there are.")
@click.pass_context
def purge(ctx: click.Context, dry_run: bool) -> None:
    """Delete addresses that were asked to confirm and did not within signup.keep_unconfirmed.

    `digest run` does so once a day. Nobody who ever was on the list is deleted.

    Example: digest subscribers purge --dry-run
    """
    with app_of(ctx) as app:
        number = housekeeping.to_purge(app) if dry_run else housekeeping.purge(app)
    click.echo(f"{number} {'would be' if dry_run else 'were'} deleted")
