"""Migrations: they make the tables that the models speak of, once, and privately."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from digest.db import Database, migrations
from digest.db.migrations import differences, head, upgrade
from digest.db.revisions import REVISION, current, require_current
from digest.errors import ConfigError
from tests.support.postgres import PostgresServer

MOMENT = "2026-11-12 09:00:00+00:00"


@contextmanager
def upgraded(url: str) -> Iterator[Database]:
    """The database at `url`, just upgraded, closed afterwards."""
    database = Database(url)
    try:
        upgrade(database)
        yield database
    finally:
        database.close()


def test_models_and_migrations_agree(new_database_url: str) -> None:
    """Autogenerate finds nothing left to do."""
    with upgraded(new_database_url) as database:
        assert differences(database) == []
        assert current(database) == head() == REVISION


def test_the_second_upgrade_does_nothing(new_database_url: str) -> None:
    """And says so."""
    database = Database(new_database_url)
    assert current(database) is None
    assert [upgrade(database), upgrade(database)] == [True, False]
    require_current(database)
    database.close()


def before(url: str) -> Database:
    """A database as the first release left it, with one edition."""
    database = Database(url)
    if database.is_sqlite:
        migrations._make_room(database)
    with database.write() as session:
        migrations._run(lambda config: command.upgrade(config, "0001"), session.connection())
        columns = {"key": "2026-W46", "status": "sent", "subject": "Old", "preheader": "", "intro": ""}
        columns |= dict.fromkeys(("slot", "window_start", "window_end", "created_at"), MOMENT)
        names = [*columns, "mailing_began"]
        row = f"INSERT INTO editions ({', '.join(names)}) VALUES (:{', :'.join(names)})"  # noqa: S608 - our own names
        session.execute(text(row), {**columns, "mailing_began": False})
    return database


def test_what_the_release_before_stored_is_kept(new_database_url: str) -> None:
    """And gets the values that say "as before"."""
    database = before(new_database_url)
    assert upgrade(database)
    with database.read() as session:
        found = session.execute(text("SELECT key, subject, version, briefly FROM editions")).one()
    assert tuple(found) == ("2026-W46", "Old", 1, 0)
    assert differences(database) == []
    database.close()


def test_a_table_in_use_is_waited_for_a_while(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the upgrade gives up with nothing done, so that nobody queues behind it for ever."""
    monkeypatch.setattr(migrations, "LOCK_SECONDS", 1)
    with postgres_server.database() as url:
        database, other = before(url), Database(url)
        with other.read() as session:
            session.execute(text("SELECT * FROM editions"))
            with pytest.raises(ConfigError, match="in use for 1 seconds"):
                upgrade(database)
        assert current(database) == "0001"
        assert upgrade(database)
        other.close()
        database.close()


def test_several_may_upgrade_at_once(new_database_url: str) -> None:
    """One does it, the others find it done."""
    databases = [Database(new_database_url) for _ in range(4)]
    done: list[bool] = []
    threads = [threading.Thread(target=lambda one=one: done.append(upgrade(one))) for one in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False, False, False, True]
    assert differences(databases[0]) == []
    for database in databases:
        database.close()


def test_a_database_without_tables_is_refused(new_database_url: str) -> None:
    """With the command that helps."""
    database = Database(new_database_url)
    with pytest.raises(ConfigError, match=r"digest (init|db upgrade)"):
        require_current(database)
    database.close()


def test_asking_creates_no_file(tmp_path: Path) -> None:
    """A mistyped path stays empty."""
    database = Database(f"sqlite:///{tmp_path}/typo.db")
    with pytest.raises(ConfigError, match=r"typo\.db.*digest init"):
        require_current(database)
    database.close()
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_a_newer_version_is_refused(new_database_url: str) -> None:
    """By everything, also by the upgrade, and in words."""
    with upgraded(new_database_url) as database:
        with database.write() as session:
            session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(ConfigError):
            require_current(database)
        with pytest.raises(ConfigError, match="9999"):
            upgrade(database)


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    """And what lies beside it: it holds people's addresses. Missing folders are made."""
    with upgraded(f"sqlite:///{tmp_path}/new/folder/digest.db") as database, database.read() as session:
        session.execute(text("SELECT 1"))
        files = list((tmp_path / "new/folder").iterdir())
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        assert tmp_path / "new/folder/digest.db" in files


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file where a folder should be."""
    (tmp_path / "file").write_text("")
    database = Database(f"sqlite:///{tmp_path}/file/digest.db")
    with pytest.raises(ConfigError, match=r"database\.url: .*digest\.db"):
        upgrade(database)
    database.close()
