"""Run migrations on the connection that `digest db upgrade` hands over, or on the settings' database."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from digest.db.migrations import metadata


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata(),
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        user_module_prefix="db.",
    )
    with context.begin_transaction():
        context.run_migrations()


def run_on_settings() -> None:
    """For `alembic` called by hand (`alembic revision --autogenerate`)."""
    from digest.config import load_settings
    from digest.db import Database

    database = Database(load_settings().database.url)
    with database.write() as session:
        run(session.connection())


connection = context.config.attributes.get("connection")
if connection is not None:
    run(connection)
else:
    run_on_settings()
