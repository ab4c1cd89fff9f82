"""`digest run`, `send`, `pause`, `resume` and `status`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from digest.app import pausing, standing, weekly
from digest.app.delivering import RunReport
from digest.cli.progress import shown
from digest.cli.shared import app_of, json_option, now_option, print_json
from digest.cli.signals import until_signalled
from digest.clock import iso


@click.command()
@now_option
@click.option("--dry-run", is_flag=True, help="Say what is due; change nothing.")
@json_option
@click.pass_context
def run(ctx: click.Context, now: datetime | None, dry_run: bool, as_json: bool) -> None:
    """Plan, freeze and send what is due, and everything that waits for a retry.

    Safe to call at any time, any number of times, from several machines: one edition a week, one mail each.

    Example: digest run
    """
    with app_of(ctx, now) as app:
        if dry_run:
            report = weekly.what_is_due(app, app.clock.now())
            report.reason = report.reason or weekly.would_do(app, report)
        else:
            with until_signalled() as stop, shown() as on_progress:
                report = weekly.run(app, stop, on_progress)
    _show(report, as_json)
    ctx.exit(report.exit_code)


@click.command()
@click.argument("key")
@click.option("--in-doubt", is_flag=True, help="Also those held of which nobody knows whether they arrived.")
@now_option
@json_option
@click.pass_context
def send(ctx: click.Context, key: str, in_doubt: bool, now: datetime | None, as_json: bool) -> None:
    """Send or resume one approved edition now, whatever its time.

    Example: digest send 2026-W47
    """
    with app_of(ctx, now) as app, until_signalled() as stop, shown() as on_progress:
        report = weekly.send_edition(app, key, stop, on_progress, in_doubt=in_doubt)
    _show(report, as_json)
    ctx.exit(report.exit_code)


@click.command()
@click.argument("key")
@click.option("--reason", default="paused by an editor", help="What `digest status` tells about it.")
@click.pass_context
def pause(ctx: click.Context, key: str, reason: str) -> None:
    """Send nothing more of an edition, on any machine, until it is resumed.

    A mail that is under way at this moment is finished and recorded; other mail goes on.

    Example: digest pause 2026-W47 --reason "wrong prices?"
    """
    with app_of(ctx) as app:
        pausing.pause(app, key, reason)
    click.echo(f"{key} is paused: {reason}")


@click.command()
@click.argument("key")
@click.pass_context
def resume(ctx: click.Context, key: str) -> None:
    """Let a paused edition go on: `digest run` sends the rest, to whoever has not got it yet.

    Example: digest resume 2026-W47
    """
    with app_of(ctx) as app:
        pausing.resume(app, key)
    click.echo(f"{key} goes on; digest run sends the rest")


@click.command()
@now_option
@json_option
@click.pass_context
def status(ctx: click.Context, now: datetime | None, as_json: bool) -> None:
    """Show where everything stands and what needs a person.

    Example: digest status --json
    """
    with app_of(ctx, now) as app:
        values = standing.status(app)
    if as_json:
        print_json(values)
        return
    coming, last = values["next_edition"], values["last_edition"]
    click.echo(
        f"next edition  {coming['key']}  {coming['status']}  {coming['slot']}  {coming['subject'] or ''}"
    )
    if last:
        click.echo(f"last edition  {last['key']}  {last['status']}  {last['subject']}")
        click.echo(f"              {_numbers(last['deliveries'])}")
    click.echo(f"deliveries    {_numbers(values['deliveries'])}")
    click.echo(f"subscribers   {_numbers(values['subscribers'])}")
    for sentence in values["needs_attention"]:
        click.secho(f"! {sentence}", fg="yellow")


def _numbers(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items() if number) or "none"


def _show(report: RunReport, as_json: bool) -> None:
    if as_json:
        print_json(_values(report))
        return
    reason = f" ({report.reason})" if report.reason else ""
    click.echo(f"edition {report.edition}: {report.status or 'not planned yet'}{reason}")
    click.echo(f"mails sent in this run: {report.sent}")
    if report.deliveries:
        click.echo(f"deliveries of the edition: {_numbers(report.deliveries)}")
    if report.bounced:
        click.echo(f"bounced for good and suppressed: {report.bounced}")
    if report.waiting_until:
        click.echo(f"some deliveries wait, the next until {iso(report.waiting_until)}: call again")
    if report.stopped:
        click.echo(f"digest: {report.stopped}", err=True)


def _values(report: RunReport) -> dict[str, Any]:
    return {
        "edition": report.edition,
        "status": report.status,
        "reason": report.reason,
        "sent": report.sent,
        "deliveries": report.deliveries,
        "bounced": report.bounced,
        "waiting_until": iso(report.waiting_until),
        "stopped": str(report.stopped) if report.stopped else None,
    }
