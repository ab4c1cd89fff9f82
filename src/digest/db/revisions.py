"""Whether a database has this version's tables: asked at every start, so one query and no alembic."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from digest.db.engine import Database
from digest.errors import ConfigError

REVISION = "0006"  # the newest file in alembic/versions; a test holds the two together


def current(database: Database) -> str | None:
    """The database's revision, or None where there are no tables yet."""
    with database.read() as session:
        return revision_of(session.connection())


def revision_of(connection: Connection) -> str | None:
    """The same, on a connection that is open already."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def require_current(database: Database) -> None:
    """Raise ConfigError unless the database is at this version's revision."""
    file = database.engine.url.database
    if database.is_sqlite and file and not Path(file).exists():
        raise ConfigError(f"{file}: there is no database yet; `digest init` creates it")
    if current(database) != REVISION:
        raise ConfigError("the database is not at this version's tables; `digest db upgrade` brings it there")
