"""`digest preview`: the coming edition, exactly as readers will get it."""

from __future__ import annotations

from datetime import datetime
from typing import IO

import click

from digest.app import looking, samples
from digest.cli.shared import app_of, now_option


@click.command()
@click.argument("key", required=False)
@click.option(
    "--html", type=click.File("w", encoding="utf-8", lazy=True), help="Write the HTML part; - is stdout."
)
@click.option("--text", type=click.File("w", encoding="utf-8", lazy=True), help="Write the text part.")
@click.option(
    "--eml", type=click.File("wb", lazy=True), help="Write the whole message as one reader gets it."
)
@now_option
@click.pass_context
def preview(
    ctx: click.Context,
    key: str | None,
    html: IO[str] | None,
    text: IO[str] | None,
    eml: IO[bytes] | None,
    now: datetime | None,
) -> None:
    """Look at an edition, by default the coming one; looking changes nothing.

    Without options it prints the inbox row and the text part. An approved edition is shown from its frozen
    bytes; in all of them only the reader's own links differ.

    Example: digest preview --html edition.html
    """
    with app_of(ctx, now) as app:
        looked = looking.look(app, key)
        shown = samples.as_read(app, looked.require())
        if eml:
            eml.write(samples.sample_message(app, looked.require(), looked.key))
    for target, content in ((html, shown.html), (text, shown.text)):
        if target:
            target.write(content)
    if not (html or text or eml):
        click.echo(f"From:      {app.settings.newsletter.sender}\nSubject:   {shown.subject}")
        click.echo(f"Preheader: {looked.story.preheader}\n\n{shown.text}")
