"""Commits are noticed, and nothing else."""

from __future__ import annotations

from sqlalchemy import text

from digest.db import Database
from digest.db.migrations import upgrade
from digest.db.watching import DataWatch


def test_every_commit_is_noticed(database_url: str) -> None:
    """An insert, a change and a deletion; neither looking nor what was undone."""
    database = Database(database_url)
    upgrade(database)
    watch = DataWatch(database, ["suppressions"])
    try:
        seen = [watch.version()]
        insert = (
            "INSERT INTO suppressions (address_hash, reason, at) VALUES ('{}', 'left', '2026-01-01 00:00:00')"
        )
        for change in (
            insert.format("a"),
            insert.format("b"),
            "UPDATE suppressions SET reason = 'bounced' WHERE address_hash = 'a'",
            "DELETE FROM suppressions WHERE address_hash = 'b'",
        ):
            with database.trial() as session:
                session.execute(text(change))
            assert watch.version() == seen[-1]
            with database.write() as session:
                session.execute(text(change))
            seen.append(watch.version())
            with database.read() as session:
                session.execute(text("SELECT * FROM suppressions")).all()
            assert watch.version() == seen[-1]
        assert len(set(seen)) == len(seen)
    finally:
        watch.close()
        database.close()
