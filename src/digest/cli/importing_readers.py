"""`digest subscribers import`: a CSV of addresses into the list."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import click

from digest.app import importing
from digest.audience.columns import NotAMapping, read_mapping
from digest.audience.importing import ImportReport
from digest.audience.rejects import RejectsFile
from digest.cli.progress import reading
from digest.cli.shared import app_of, json_option, name_of, print_json, rejections


class _Mapping(click.ParamType[dict[str, str]]):
    name = "FIELD=COLUMN,…"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, str]:
        try:
            return value if isinstance(value, dict) else read_mapping(value)
        except NotAMapping as error:
            self.fail(str(error), param, ctx)


@click.command("import")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--consent", help='Where these people agreed ("sign-up sheet, fair of 3 May"); makes them active.'
)
@click.option(
    "--map",
    "mapping",
    type=_Mapping(),
    help='Which column is which: email="E-Mail",name="Full name"; status= leaves that one out.',
)
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False),
    help="Write rejected rows here, with line, field and reason; mended, they can be imported from there.",
)
@click.option("--dry-run", is_flag=True, help="Say what would happen and store nothing.")
@click.option("--from-start", is_flag=True, help="Do not go on where an import of this file was broken off.")
@json_option
@click.pass_context
def import_readers(
    ctx: click.Context,
    file: Any,
    consent: str | None,
    mapping: dict[str, str] | None,
    rejects: str | None,
    dry_run: bool,
    from_start: bool,
    as_json: bool,
) -> None:
    """Add the addresses of a CSV file with a header row; the column `email` is required, `name` optional.

    With --consent they are active at once; without it each is asked to confirm by mail, which the next
    `digest run` sends. Nobody who left, bounced or complained comes back by this. An import that was
    broken off goes on where it was when it is called again. Exit code 1 if any row was rejected; the good
    rows are in.

    Example: digest subscribers import readers.csv --consent "sign-up form of the old site, 2025"
    """
    if consent is not None and not consent.strip():
        raise click.BadParameter("say where these people agreed", param_hint="--consent")
    with app_of(ctx) as app, _rejects_file(rejects, file) as out, reading() as show:
        report = importing.import_readers(
            app,
            file,
            name_of(file),
            consent=consent,
            on_progress=lambda report: show(report.reading),
            rejects=out,
            mapping=mapping,
            dry_run=dry_run,
            from_start=from_start,
        )
    _show(report, rejects, dry_run=dry_run, as_json=as_json)
    if out and out.lost:
        click.echo(
            f"{rejects} lacks {out.lost:,} rejected before it was there; --from-start names them all",
            err=True,
        )
    ctx.exit(1 if report.rejected else 0)


@contextmanager
def _rejects_file(path: str | None, source: BinaryIO) -> Iterator[RejectsFile | None]:
    """The file for rejected rows, opened before anything is imported and emptied only afterwards."""
    if path is None:
        yield None
        return
    out = RejectsFile(path)
    try:
        if out.is_same(source):
            raise click.BadParameter("this is the file to import", param_hint="--rejects")
        if out.holds_other:
            raise click.BadParameter("this file holds something else; name a new one", param_hint="--rejects")
        yield out
    finally:
        out.close()


def _show(report: ImportReport, rejects: str | None, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        before = {"rows": report.rows, **report.counts(), "resumed": report.resumed, "dry_run": dry_run}
        print_json(before | {"rejected_rows": report.rejected, "rejected": rejections(report.reasons)})
        return
    for error in report.reasons:
        click.echo(f"rejected: {error}", err=True)
    more = report.rejected - len(report.reasons)
    if more:
        click.echo(
            f"and {more:,} more rejected{'' if rejects else '; --rejects FILE keeps them all'}", err=True
        )
    click.echo(summary(report, dry_run=dry_run))


def summary(report: ImportReport, *, dry_run: bool = False) -> str:
    """What became of the rows, in one line; what did not happen is left out where nobody would miss it."""
    parts = [f"{report.added:,} added" + (f" ({report.asked:,} asked to confirm)" if report.asked else "")]
    parts += [f"{report.repeated:,} twice in the file"] if report.repeated else []
    parts += [f"{report.known:,} known already", f"{report.suppressed:,} suppressed"]
    parts += [f"{report.rejected:,} rejected"]
    resumed = f"; went on after {report.resumed:,} rows" if report.resumed else ""
    return f"{'would be: ' if dry_run else ''}{', '.join(parts)}{resumed}"
