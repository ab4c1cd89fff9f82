"""`digest test-send`: an edition in the editors' own inboxes before anybody else gets it."""

from __future__ import annotations

from datetime import datetime

import click

from digest.app import samples
from digest.cli.shared import app_of, json_option, now_option, print_json


@click.command("test-send")
@click.argument("key")
@click.argument("addresses", nargs=-1, required=True)
@now_option
@json_option
@click.pass_context
def test_send(
    ctx: click.Context, key: str, addresses: tuple[str, ...], now: datetime | None, as_json: bool
) -> None:
    """Mail an edition, as it stands, to these addresses only; nothing is recorded.

    The bytes are those that readers would get; only the reader's own links are samples. Exits 1 when the
    relay refused one of them.

    Example: digest test-send 2026-W47 ann@example.org
    """
    with app_of(ctx, now) as app:
        tried = samples.send_test(app, key, addresses)
    if as_json:
        print_json([{"address": one.address, "sent": one.sent, "reply": one.reply} for one in tried])
    else:
        for one in tried:
            click.echo(f"{'sent' if one.sent else 'NOT SENT':<9} {one.address}  {one.reply}")
    ctx.exit(0 if all(one.sent for one in tried) else 1)
