"""`digest init` and `digest db`: settings, keys and tables."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

import click
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

from digest.cli.shared import settings_of
from digest.config import load_settings
from digest.config.template import settings_template
from digest.db import Database, migrations
from digest.db.revisions import revision_of
from digest.errors import ConfigError, DigestError


@click.command()
@click.pass_context
def init(ctx: click.Context) -> None:
    """Write a commented digest.toml with fresh keys into this folder, and create or upgrade the database.

    Asks nothing; run again it changes nothing.

    Example: digest init
    """
    file = Path(ctx.obj or "digest.toml")
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        click.echo(f"{file} is there already and stays as it is")
    except OSError as error:
        raise DigestError(f"{file}: {error.strerror}") from error
    else:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(settings_template(secrets.token_hex(32), secrets.token_hex(32)))
        click.echo(f"wrote {file}: look through it, most of all at [newsletter], [web] and [smtp]")
    database = Database(load_settings(file).database.url)
    done = _upgrade(database)
    click.echo(f"database {'created or upgraded' if done else 'up to date'}: {database.engine.url}")
    database.close()


@click.group()
def db() -> None:
    """Upgrade or check the database's tables."""


@db.command()
@click.pass_context
def upgrade(ctx: click.Context) -> None:
    """Bring the tables to this version. Safe to run at any time and from several machines at once.

    Example: digest db upgrade
    """
    database = Database(settings_of(ctx).database.url)
    done = _upgrade(database)
    click.echo("upgraded" if done else "nothing to do")
    database.close()


def _upgrade(database: Database) -> bool:
    """Create or upgrade the tables; raises ConfigError where another program's stand in their place."""
    try:
        return migrations.upgrade(database)
    except DBAPIError as error:
        if taken := ", ".join(_taken(database)):
            raise ConfigError(
                f"database.url: this database has tables of another program ({taken}); name another one"
            ) from error
        raise


def _taken(database: Database) -> list[str]:
    """The tables with our names in a database that we never made any in."""
    with database.read() as session:
        connection = session.connection()
        names = set(inspect(connection).get_table_names()) & set(migrations.metadata().tables)
        return sorted(names) if revision_of(connection) is None else []


@db.command()
def check() -> None:
    """Compare the models with what the migrations build, on a throw-away SQLite database.

    Example: digest db check
    """
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/check.db")
        migrations.upgrade(database)
        found = migrations.differences(database)
        database.close()
    for difference in found:
        click.echo(str(difference), err=True)
    if found:
        raise DigestError(
            "models and migrations differ; `alembic revision --autogenerate` writes what is missing"
        )
    click.echo("models and migrations agree")
