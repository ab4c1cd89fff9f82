"""The tables that tests are given: as good as new, whatever the test before left behind."""

from __future__ import annotations

from sqlalchemy import func, select, text

from digest.db import Base, Database
from digest.db.migrations import differences
from digest.delivery.models import Worker
from tests.support.newsrooms import SLOT, newsroom
from tests.support.tables import add_edition, add_subscriber, empty, make_tables

LEFT_BEHIND = (
    "CREATE TEMPORARY TABLE mine (n INTEGER)",
    "SELECT pg_advisory_lock(5)",
    "LOCK TABLE editions IN ACCESS EXCLUSIVE MODE",
    "INSERT INTO suppressions (address_hash, reason, at) VALUES ('a', 'left', '2026-01-01 00:00:00')",
)
SOMEBODY_ELSE = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


def test_a_database_is_emptied_of_everything(postgres_tables: str) -> None:
    """Of rows, numbers, locks and sessions, even of one in the middle of something."""
    empty(postgres_tables)
    with newsroom(postgres_tables, SLOT) as room:
        room.publish_many(3)
        room.join("ann@example.org")
        room.run()
        assert sum(len(rows) for rows in room.rows().values()) > 10
    other = Database(postgres_tables)
    with other.engine.connect() as connection:
        for statement in LEFT_BEHIND:
            connection.execute(text(statement))
        empty(postgres_tables)
        connection.invalidate()
    other.close()
    database = Database(postgres_tables)
    try:
        with database.write() as session:
            for table in Base.metadata.sorted_tables:
                assert session.scalar(select(func.count()).select_from(table)) == 0, table.name
            assert session.scalar(text(SOMEBODY_ELSE)) is None
            assert session.scalar(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")) == 0
            assert (add_subscriber(session, "bob@example.org").id, add_edition(session).id) == (1, 1)
    finally:
        database.close()


def test_a_copied_file_has_the_tables(new_database_url: str) -> None:
    """All of them, and no row; on a server they are made."""
    database = Database(new_database_url)
    make_tables(database)
    assert differences(database) == []
    with database.read() as session:
        assert session.scalars(select(Worker)).all() == []
    database.close()
