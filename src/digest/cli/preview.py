"""`digest preview`: the coming edition, exactly as readers will get it."""

from __future__ import annotations

from datetime import datetime
from typing import IO

import click

from digest.app import delivering, editors
from digest.app.parts import App
from digest.cli.shared import app_of, now_option
from digest.delivery.composing import compose
from digest.rendering.rendered import Rendered, reader_link


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
        looked = editors.preview(app, key)
        shown = _with_sample_links(app, looked.rendered)
        if eml:
            eml.write(_message(app, looked.rendered))
    for target, content in ((html, shown.html), (text, shown.text)):
        if target:
            target.write(content)
    if not (html or text or eml):
        click.echo(f"From:      {app.settings.newsletter.sender}\nSubject:   {shown.subject}")
        click.echo(f"Preheader: {looked.preheader}\n\n{shown.text}")


def _with_sample_links(app: App, rendered: Rendered) -> Rendered:
    link = f"{app.settings.web.base_url}/unsubscribe/preview"
    stand_in = reader_link(rendered.marker, "unsubscribe")
    return Rendered(
        rendered.subject,
        rendered.html.replace(stand_in, link),
        rendered.text.replace(stand_in, link),
        rendered.marker,
    )


def _message(app: App, rendered: Rendered) -> bytes:
    messages = delivering.make_messages(app)
    pieces = compose(rendered, messages.headers(list_mail=True, key="preview"))
    link = f"{app.settings.web.base_url}/unsubscribe/preview"
    return pieces.message(
        to="reader@example.org",
        message_id=f"<preview@{messages.sender.domain}>",
        date=app.clock.now(),
        links={"unsubscribe": link},
    )
