"""`digest feedback`: what comes back by mail."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import click
from sqlalchemy.exc import SQLAlchemyError

from digest.app.leaving import unsubscribe_by_mail
from digest.cli.held import printable
from digest.cli.shared import app_of, json_option, print_json
from digest.db.away import in_short
from digest.errors import SourceError
from digest.feedback.leaving_by_mail import Answer
from digest.feedback.mails import Mail, mark_seen, read_mails, read_message

UNREADABLE = "unreadable"
WORDS: Final[Mapping[str, str]] = {
    Answer.LEFT: "left the list",
    Answer.GONE: "had left before",
    Answer.OUTDATED: "are from before their writers came back",
    Answer.NOT_FOR_US: "were not for us",
    UNREADABLE: "could not be read",
}
TRY_AGAIN = 75  # EX_TEMPFAIL: a mail server keeps the mail and pipes it once more


@click.command()
@click.argument("source", default="-", type=click.Path(exists=True, path_type=Path, allow_dash=True))
@json_option
@click.pass_context
def feedback(ctx: click.Context, source: Path, as_json: bool) -> None:
    """Read mail to the unsubscribe address, and take off the list whoever sent it.

    SOURCE is a Maildir, an mbox file, a file with one message, or standard input with one message, as a mail
    server pipes it. What counts is the reader's tag in the address that a mail went to: not who it is from,
    nor what it says. In a Maildir such mails are marked as seen; any other mail stays as it is and is counted
    as "not for us". What cannot be read there is named, and the others are read all the same. Bounces and
    complaints are not read yet.

    Example: digest feedback ~/Maildir
    """
    counts: Counter[str] = Counter()

    def skip(error: SourceError) -> None:
        counts[UNREADABLE] += 1
        _warn(error)

    # Read before anything can fail: a pipe that nobody empties is an error of its own.
    mails = [read_message(sys.stdin.buffer)] if str(source) == "-" else read_mails(source, skip)
    try:
        _act(ctx, mails, counts)
    except SQLAlchemyError as error:  # whatever it is: a mail server that is told so keeps the mail
        click.echo(f"digest: the database: {in_short(error)}", err=True)
        ctx.exit(TRY_AGAIN)
    _show(counts, as_json)


def _act(ctx: click.Context, mails: Iterable[Mail], counts: Counter[str]) -> None:
    with app_of(ctx) as app:
        app.require_keys()
        for mail in mails:
            answer = unsubscribe_by_mail(app, mail.head)
            counts[answer.value] += 1
            if answer is not Answer.NOT_FOR_US:
                _mark(mail)


def _mark(mail: Mail) -> None:
    """Whoever left has left: a mail that stays unseen is read again, at which nothing happens."""
    try:
        mark_seen(mail)
    except OSError as error:
        _warn(SourceError(str(mail.file), None, None, f"it cannot be marked as seen ({error.strerror})"))


def _warn(error: SourceError) -> None:
    click.echo(f"digest: {printable(error)}", err=True)


def _show(counts: Counter[str], as_json: bool) -> None:
    if as_json:
        print_json({name: counts[name] for name in WORDS})
        return
    found = [f"{counts[name]} {words}" for name, words in WORDS.items() if counts[name]]
    click.echo(f"mails: {', '.join(found) or 'none'}")
