"""`digest subscribers`: the list."""

from __future__ import annotations

import csv
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, TextIO

import click

from digest.app import readers
from digest.audience import joining, listing
from digest.audience.addresses import read_address
from digest.audience.importing import ImportReport, import_csv
from digest.audience.models import Standing
from digest.cli.shared import app_of, json_option, print_json, rejections
from digest.delivery.notices import owe_notices


@click.group()
def subscribers() -> None:
    """Import, add, list, export, suppress readers."""


@subscribers.command("import")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--consent", help='Where these people agreed ("sign-up sheet, fair of 3 May"); makes them active.'
)
@click.option(
    "--rejects", type=click.Path(dir_okay=False), help="Write rejected rows' lines and reasons here."
)
@json_option
@click.pass_context
def import_(ctx: click.Context, file: Any, consent: str | None, rejects: str | None, as_json: bool) -> None:
    """Add the addresses of a CSV file with a header row; the column `email` is required, `name` optional.

    With --consent they are active at once; without it each is asked to confirm by mail, which the next
    `digest run` sends. Nobody who left, bounced or complained comes back by this. Exit code 1 if any row
    was rejected; the good rows are in.

    Example: digest subscribers import readers.csv --consent "sign-up form of the old site, 2025"
    """
    if consent is not None and not consent.strip():
        raise click.BadParameter("say where these people agreed", param_hint="--consent")
    name = getattr(file, "name", "<stdin>")
    with app_of(ctx) as app, _rejects_file(rejects, file) as out:
        now = app.clock.now()
        report = import_csv(
            app.database,
            file,
            str(name),
            suppressions=app.suppressions,
            now=now,
            consent=consent,
            on_pending=lambda session, added: owe_notices(session, joining.CONFIRM, added, now),
            on_progress=_progress,
        )
        _write_rejects(report, out)
    _show_import(report, as_json)
    ctx.exit(1 if report.rejected else 0)


def _progress(report: ImportReport) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{report.rows} rows", nl=False, err=True)


@contextmanager
def _rejects_file(rejects: str | None, source: IO[bytes]) -> Iterator[TextIO | None]:
    """The file for rejected rows, opened before anything is imported and emptied only afterwards."""
    if rejects is None:
        yield None
        return
    with _private(rejects, os.O_APPEND) as out:
        if os.path.sameopenfile(out.fileno(), source.fileno()):
            raise click.BadParameter("this is the file to import", param_hint="--rejects")
        yield out


def _private(path: str, flag: int) -> TextIO:
    """A text file to write, made readable for its owner only: it holds people's addresses."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | flag, 0o600)
    return os.fdopen(handle, "w", newline="", encoding="utf-8")


def _write_rejects(report: ImportReport, out: TextIO | None) -> None:
    if out:
        if stat.S_ISREG(os.fstat(out.fileno()).st_mode):  # a pipe has nothing to empty, and says so
            out.truncate(0)
        writer = csv.DictWriter(out, ["line", "field", "message", "source"])
        writer.writeheader()
        writer.writerows(rejections(report.rejected))


def _show_import(report: ImportReport, as_json: bool) -> None:
    if as_json:
        numbers = {"added": report.added, "known": report.known, "suppressed": report.suppressed}
        print_json(numbers | {"rejected": rejections(report.rejected)})
        return
    for error in report.rejected:
        click.echo(f"rejected: {error}", err=True)
    click.echo(
        f"{report.added} added, {report.known} known already, "
        f"{report.suppressed} suppressed, {len(report.rejected)} rejected"
    )


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
    with app_of(ctx) as app:
        if consent:
            done = readers.add_with_consent(app, email, consent=consent, name=name)
            click.echo("added" if done else "not added: known already, or suppressed")
        else:
            readers.subscribe(app, email, source="added by an operator", name=name)
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
            print_json([listing.as_json(one) for one in found])
            return
        for one in found:
            click.echo(f"{one.status.value:<12}  {one.email}")


@subscribers.command()
@click.argument("email")
@click.pass_context
def show(ctx: click.Context, email: str) -> None:
    """Print what is held on one address, with its consent history, as JSON.

    Example: digest subscribers show ann@example.org
    """
    with app_of(ctx) as app, app.database.read() as session:
        address = read_address(email)
        subscriber = joining.get(session, address)
        suppressed = app.suppressions.reason(session, address.canonical)
        history = listing.history(session, subscriber)
        print_json(listing.as_json(subscriber) | {"suppressed": suppressed, "consent": history})


@subscribers.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True), default="-")
@click.option("--status", type=click.Choice([standing.value for standing in Standing]))
@click.pass_context
def export(ctx: click.Context, file: str, status: str | None) -> None:
    """Write the list as CSV, safe to open in a spreadsheet.

    A new file is made readable for its owner only.

    Example: digest subscribers export readers.csv --status active
    """
    with (
        app_of(ctx) as app,
        app.database.read() as session,
        _private(file, os.O_TRUNC) if file != "-" else click.open_file(file, "w", encoding="utf-8") as out,
    ):
        number = listing.export_csv(session, out, Standing(status) if status else None)  # type: ignore[arg-type]
    click.echo(f"{number} rows", err=True)


@subscribers.command()
@click.argument("email")
@click.pass_context
def unsubscribe(ctx: click.Context, email: str) -> None:
    """Take somebody off the list who asked for it in person. No mail is sent about it.

    Example: digest subscribers unsubscribe ann@example.org
    """
    with app_of(ctx) as app, app.database.write(lock="subscribers") as session:
        subscriber = joining.get(session, read_address(email))
        joining.leave(session, subscriber, source="taken off by an operator", now=app.clock.now())
    click.echo("off the list")


@subscribers.command()
@click.argument("emails", nargs=-1, required=True)
@click.option(
    "--reason", type=click.Choice(["unsubscribe", "bounce", "complaint", "operator"]), default="operator"
)
@click.pass_context
def suppress(ctx: click.Context, emails: tuple[str, ...], reason: str) -> None:
    """Never mail these addresses, whatever is imported later. Only a keyed hash is kept.

    Example: digest subscribers suppress ann@example.org --reason complaint
    """
    addresses = [read_address(email) for email in emails]
    with app_of(ctx) as app, app.database.write(lock="subscribers") as session:
        now = app.clock.now()
        done = [app.suppressions.suppress(session, one, reason, "an operator", now) for one in addresses]
    click.echo(f"{sum(done)} suppressed, {len(done) - sum(done)} were so already")
