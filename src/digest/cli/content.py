"""`digest import` and `digest comparisons`."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from digest.app import withdrawing
from digest.cli.shared import MOMENT, app_of, json_option, print_json, rejections
from digest.content import listing
from digest.content.importing import Report, import_comparisons
from digest.content.sources import read_sources


@click.command("import")
@click.argument("paths", nargs=-1, required=True)
@click.option(
    "--published-at", type=MOMENT, help="When new comparisons were published, if the source does not say."
)
@json_option
@click.pass_context
def import_(ctx: click.Context, paths: tuple[str, ...], published_at: datetime | None, as_json: bool) -> None:
    """Read comparisons from files or folders: page text, HTML, JSON, JSON Lines; `-` is standard input.

    A page that does not fit is rejected whole; the others go in, and the exit code is 1.

    Example: digest import pages/ --published-at 2026-11-16T08:00:00Z
    """
    with app_of(ctx) as app:
        records = read_sources(paths, sys.stdin.buffer)
        report = import_comparisons(app.database, records, now=app.clock.now(), published_at=published_at)
    _show(report, as_json)
    ctx.exit(1 if report.rejected else 0)


def _show(report: Report, as_json: bool) -> None:
    if as_json:
        numbers = {name: len(getattr(report, name)) for name in ("imported", "updated", "unchanged")}
        print_json(numbers | {"rejected": rejections(report.rejected)})
        return
    for error in report.rejected:
        click.echo(f"rejected: {error}", err=True)
    click.echo(
        f"{len(report.imported)} imported, {len(report.updated)} updated, "
        f"{len(report.unchanged)} unchanged, {len(report.rejected)} rejected"
    )


@click.group()
def comparisons() -> None:
    """List, show, withdraw comparisons."""


@comparisons.command("list")
@click.option("--withdrawn", is_flag=True, help="Also those that were withdrawn.")
@json_option
@click.pass_context
def list_(ctx: click.Context, withdrawn: bool, as_json: bool) -> None:
    """List comparisons in order of publication.

    Example: digest comparisons list --json
    """
    with app_of(ctx) as app, app.database.read() as session:
        found = listing.list_comparisons(session, withdrawn=withdrawn)
        if as_json:
            print_json([listing.as_json(comparison) for comparison in found])
            return
        for comparison in found:
            mark = "  (withdrawn)" if comparison.withdrawn_at else ""
            click.echo(f"{comparison.published_at:%Y-%m-%d}  {comparison.slug}{mark}")


@comparisons.command()
@click.argument("slug")
@click.pass_context
def show(ctx: click.Context, slug: str) -> None:
    """Print one comparison as JSON.

    Example: digest comparisons show alpha-vs-beta
    """
    with app_of(ctx) as app, app.database.read() as session:
        print_json(listing.as_json(listing.get_comparison(session, slug)))


@comparisons.command()
@click.argument("slug")
@click.option("--undo", is_flag=True, help="Let it back in.")
@click.pass_context
def withdraw(ctx: click.Context, slug: str, undo: bool) -> None:
    """Keep a comparison out of every edition that is not frozen yet.

    Example: digest comparisons withdraw alpha-vs-beta
    """
    with app_of(ctx) as app:
        if undo:
            withdrawing.restore(app, slug)
        else:
            withdrawing.withdraw(app, slug)
    click.echo(f"{slug}: {'back in' if undo else 'withdrawn'}")
