"""`digest edition`: what editors do with editions from the command line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click
from sqlalchemy.orm import Session

from digest.app import editors, looking
from digest.cli.shared import actor, app_of, json_option, now_option, print_json
from digest.editions import editing, listing
from digest.editions.models import Edition, Status
from digest.editions.planning import get_edition
from digest.errors import RenderError, SourceError

if_version = click.option(
    "--if-version",
    "seen",
    type=click.IntRange(0),
    metavar="N",
    help="Only if nobody changed it since: N is the version that `digest edition show` told.",
)


class _Voices(click.ParamType[tuple[str, list[int]]]):
    name = "TOOL=1,3"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, list[int]]:
        tool, sign, numbers = str(value).rpartition("=")
        parts = [part.strip() for part in numbers.split(",")] if numbers.strip() else []
        if not tool or not sign or not all(part.isascii() and part.isdigit() for part in parts):
            self.fail(f"expected a tool and its quotes, such as alpha-2=1,3, not {value!r}", param, ctx)
        return tool, [int(part) for part in parts]


VOICES = _Voices()


@dataclass(frozen=True, slots=True)
class Asked:
    """What an editor asks `edit` for; what is None, or no comparison, stays as it is.

    An empty subject or preheader is again the one written from the facts, an empty intro is none.
    """

    subject: str | None
    preheader: str | None
    intro: str | None
    order: str | None
    pin: tuple[str, ...]
    leave_out: tuple[str, ...]
    reason: str
    undo: tuple[str, ...]
    voices: tuple[tuple[str, list[int]], ...]

    def change(self, session: Session, edition: Edition) -> None:
        """All of it, done to a draft; raises NotFound, Conflict."""
        editing.set_words(edition, subject=self.subject, preheader=self.preheader, intro=self.intro)
        if self.order:
            editing.order(session, edition, [s.strip() for s in self.order.split(",") if s.strip()])
        for slug in self.pin:
            editing.pin(session, edition, slug)
        for slug in self.leave_out:
            editing.leave_out(session, edition, slug, self.reason)
        for slug in self.undo:
            editing.undecide(session, edition, slug)
        for tool, numbers in self.voices:
            editing.choose_voices(session, edition, tool, numbers)


@click.group()
def edition() -> None:
    """Plan, show, edit, approve, skip, cancel editions."""


@edition.command()
@click.argument("key", required=False)
@now_option
@json_option
@click.pass_context
def plan(ctx: click.Context, key: str | None, now: datetime | None, as_json: bool) -> None:
    """Make this ISO week's edition (or KEY) from what is new, or refresh its draft.

    Example: digest edition plan --now 2026-11-19T08:00:00Z
    """
    with app_of(ctx, now) as app:
        planned = editors.plan_edition(app, key)
    _show(planned, as_json)
    if planned.status is not Status.DRAFT:
        click.echo(f"{planned.key} is {planned.status.value}: it stays as it is", err=True)


@edition.command()
@click.argument("key")
@json_option
@click.pass_context
def show(ctx: click.Context, key: str, as_json: bool) -> None:
    """Show an edition: what is in it, what is not, and why.

    Example: digest edition show 2026-W47 --json
    """
    with app_of(ctx) as app, app.database.read() as session:
        _show(get_edition(session, key), as_json)


@edition.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List every edition, the newest week first.

    Example: digest edition list
    """
    with app_of(ctx) as app, app.database.read() as session:
        found = [listing.as_json(one) for one in listing.list_editions(session)]
    if as_json:
        print_json(found)
        return
    for one in found:
        reason = f" ({one['reason']})" if one["reason"] else ""
        click.echo(
            f"{one['key']}  {one['status']:<9}  {len(one['items']):>3} items  {one['subject']}{reason}"
        )


@edition.command()
@click.argument("key")
@click.option("--subject", help="Your own subject; empty for the one written from the facts.")
@click.option("--preheader", help="The line inboxes show after the subject.")
@click.option("--intro", help="Markdown above the board; @FILE reads a file.")
@click.option("--order", help="Comparisons to show first, in this order, separated by commas.")
@click.option("--pin", multiple=True, metavar="SLUG", help="Put this comparison in.")
@click.option("--leave-out", multiple=True, metavar="SLUG", help="Keep this one out, this time.")
@click.option("--reason", default="", help="Why it is left out; needed.")
@click.option("--undo", multiple=True, metavar="SLUG", help="Forget what was decided about this one.")
@click.option(
    "--voices",
    multiple=True,
    type=VOICES,
    help="Which of a tool's quotes are heard: TOOL=1,3; TOOL= for the first two.",
)
@if_version
@click.pass_context
def edit(ctx: click.Context, /, key: str, seen: int | None, intro: str | None, **options: Any) -> None:
    """Change a draft. Planning again keeps it.

    Example: digest edition edit 2026-W47 --subject "Two free models and a yardstick" --pin alpha-vs-beta
    """
    asked = Asked(intro=_intro(intro), **options)
    with app_of(ctx) as app:
        edited = editors.edit_edition(app, key, asked.change, seen)
        problem = looking.look(app, key).problem
    _show(edited, as_json=False)
    if isinstance(problem, RenderError):
        click.echo(f"as it stands it cannot be rendered: {problem}", err=True)


def _intro(value: str | None) -> str | None:
    """The words themselves, or those in the file called after an @."""
    if value is None or not value.startswith("@"):
        return value
    try:
        with click.open_file(value[1:], encoding="utf-8") as file:
            return str(file.read())
    except UnicodeDecodeError as error:
        raise SourceError(value[1:], None, "--intro", "expected text in UTF-8") from error
    except OSError as error:
        raise SourceError(value[1:], None, "--intro", error.strerror or "cannot be read") from error


@edition.command()
@click.argument("key")
@click.option("--withdraw", is_flag=True, help="Take an approval back, before mailing began.")
@click.option("--by", default=None, help="Who approves; by default your user name.")
@if_version
@now_option
@click.pass_context
def approve(
    ctx: click.Context, key: str, withdraw: bool, by: str | None, seen: int | None, now: datetime | None
) -> None:
    """Freeze an edition: from now on its bytes do not change, and `digest run` sends it at its time.

    Example: digest edition approve 2026-W47
    """
    with app_of(ctx, now) as app:
        if withdraw:
            done = editors.withdraw_approval(app, key, seen)
        else:
            done = editors.approve(app, key, by or actor(), seen)
        _show(done, as_json=False)


@edition.command()
@click.argument("key")
@click.option("--reason", default="skipped by an editor")
@if_version
@click.pass_context
def skip(ctx: click.Context, key: str, reason: str, seen: int | None) -> None:
    """Send nothing for this week; its comparisons wait for the next edition.

    Example: digest edition skip 2026-W47 --reason "public holiday"
    """
    with app_of(ctx) as app:
        editors.skip(app, key, reason, seen)
    click.echo(f"{key} is skipped: {reason}")


@edition.command()
@click.argument("key")
@click.option("--reason", default="cancelled by an editor")
@if_version
@click.pass_context
def cancel(ctx: click.Context, key: str, reason: str, seen: int | None) -> None:
    """Stop an edition for good; whoever has not been sent it yet will not be.

    Example: digest edition cancel 2026-W47 --reason "wrong prices"
    """
    with app_of(ctx) as app:
        editors.cancel(app, key, reason, seen)
    click.echo(f"{key} is cancelled: {reason}")


def _show(edition: Edition, as_json: bool) -> None:
    values = listing.as_json(edition)
    if as_json:
        print_json(values)
        return
    reason = f" ({values['reason']})" if values["reason"] else ""
    click.echo(f"{values['key']}  {values['status']}{reason}  sends {values['slot']}")
    if values["paused_at"]:
        click.echo(f"paused     {values['paused_at']}  {values['paused_because']}")
    click.echo(f"window     {values['window_start']} – {values['window_end']}")
    click.echo(f"version    {values['version']}")
    click.echo(f"subject    {values['subject']}\npreheader  {values['preheader']}")
    for item in values["items"]:
        click.echo(f"{item['position']:>4}. {item['comparison']}  ({item['reason']})")
    for left in values["left_out"]:
        click.echo(f"   –  {left['comparison']}  ({left['reason']})")
