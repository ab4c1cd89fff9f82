"""Bring a database to the tables this version expects, and say whether the models agree with them."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.exc import OperationalError

from digest.bundled import bundled
from digest.db.base import Base
from digest.db.engine import Database
from digest.db.revisions import revision_of
from digest.errors import ConfigError

# By name, since the ground may not import the stages that stand on it.
LOCK_SECONDS = 30
MODELS = (
    "digest.content.models",
    "digest.audience.models",
    "digest.editions.models",
    "digest.delivery.models",
)


def metadata() -> MetaData:
    """Every table of every stage."""
    for module in MODELS:
        importlib.import_module(module)
    return Base.metadata


def upgrade(database: Database) -> bool:
    """Create or upgrade the tables; True if anything had to be done. Safe for several callers at once."""
    if database.is_sqlite:
        _make_room(database)
    with database.write(lock="migrations") as session:
        connection = session.connection()
        revision = revision_of(connection)
        if revision == head():
            return False
        if revision and revision not in _revisions():
            raise ConfigError(
                f"the database is of a newer version (revision {revision}); upgrade the program"
            )
        _wait_no_longer(connection)
        try:
            _run(lambda config: command.upgrade(config, "head"), connection)
        except OperationalError as error:
            if "lock timeout" not in str(error.orig):
                raise
            raise ConfigError(
                f"the tables were in use for {LOCK_SECONDS} seconds; end what uses them, then try again"
            ) from error
        return True


def _wait_no_longer(connection: Connection) -> None:
    """Give up where another session sits on a table, instead of stopping everybody behind us."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))


def head() -> str | None:
    """The newest revision this version knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _revisions() -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def differences(database: Database) -> list[Any]:
    """What autogenerate would still change: an empty list when models and migrations agree."""
    with database.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        return list(compare_metadata(context, metadata()))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(bundled("alembic")).replace("%", "%%"))
    return config


def _run(action: Callable[[Config], None], connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    action(config)


def _make_room(database: Database) -> None:
    """Create folder and file; the file holds people's addresses, so nobody else may read it."""
    file = Path(database.engine.url.database or "")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"database.url: {file}: {error.strerror}") from error
