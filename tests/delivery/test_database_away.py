"""The database goes away in the middle of a run and comes back: nobody is lost, and nobody gets two."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, func, select
from sqlalchemy.engine import make_url
from structlog.testing import capture_logs

from digest.audience.suppressing import Suppressions
from digest.db import Database
from digest.db import engine as db_engine
from digest.delivery.models import Attempt, State
from digest.delivery.sending import Tally
from digest.errors import DigestError
from tests.faults.smtp_server import Fault, FaultyServer, Script
from tests.support.offices import MINUTE
from tests.support.postgres import PostgresMissing, PostgresServer, find_programs, fragile_server
from tests.support.posts import Post, crowd
from tests.support.tables import open_tables

MANY = 150
WORDY = Script(delay=0.01, faults={"dot": Fault(f"250 2.0.0 queued as {'x' * 480}", delay=0.01)})
AWAY, BACK = "database-away", "database-back"


@contextmanager
def posted(url: str, suppressions: Suppressions, readers: int = MANY) -> Iterator[Post]:
    """An edition for many, and a slow server with much to say, all of which the ledger keeps."""
    with open_tables(url) as database, FaultyServer(WORDY) as server:
        post = Post(database, suppressions, server)
        post.owe(*crowd(readers))
        yield post


class Trouble:
    """Takes the database away once some are sent; gives it back once somebody has said that it is away."""

    def __init__(self, take: Callable[[], object], give: Callable[[], object], logs: list[Any]) -> None:
        """Nothing has happened yet; `logs` grow meanwhile."""
        self.take, self.give, self.logs = take, give, logs
        self.taken = self.given = False

    def __call__(self, tally: Tally) -> None:
        """Called about ten times a second."""
        if not self.taken and tally.tries[State.SENT] >= 10:
            self.taken = True
            self.take()
        elif self.taken and not self.given and AWAY in self.actions:
            self.given = True
            self.give()

    @property
    def actions(self) -> list[str]:
        """What was said of the database."""
        said = [line.get("action", "") for line in self.logs]
        return [action for action in said if action in (AWAY, BACK)]


def weather(post: Post, take: Callable[[], object], give: Callable[[], object]) -> None:
    """Run through it, and see that the run went on as if nothing had been."""
    with capture_logs() as logs:
        trouble = Trouble(take, give, logs)
        tally = post.engine(connections=3).run(on_progress=trouble)
    assert trouble.given
    assert trouble.actions == [AWAY, BACK], logs
    assert (tally.stopped, tally.tries) == (None, {State.SENT: MANY})
    everybody_once(post)


def everybody_once(post: Post, readers: int = MANY) -> None:
    """In the mail and in the ledger."""
    assert Counter(post.server.recipients) == Counter(crowd(readers))
    assert set(post.states().values()) == {"sent"}
    assert post.nothing_is_held()
    with post.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == readers


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where SQLite keeps it all."""
    return tmp_path / "digest.db"


@pytest.fixture
def on_sqlite(file: Path, suppressions: Suppressions, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    """A database that does not wait half a minute for a lock."""
    monkeypatch.setattr(db_engine, "BUSY_SECONDS", 0)
    with posted(f"sqlite:///{file}", suppressions) as post:
        yield post


def test_a_locked_file_is_waited_for(on_sqlite: Post, file: Path) -> None:
    """As while somebody repairs something by hand."""
    with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as other:
        weather(on_sqlite, lambda: other.execute("BEGIN IMMEDIATE"), lambda: other.execute("ROLLBACK"))


class Disk:
    """A limit to the pages of a file, which SQLite keeps as it keeps to a disk's."""

    def __init__(self, database: Database) -> None:
        """Unlimited."""
        self.database, self.pages = database, 2**30
        event.listen(database.engine, "begin", self._limit)

    def _limit(self, connection: Any) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {self.pages}")

    def fill(self) -> None:
        """Leave room for a few mails more."""
        with self.database.read() as session:
            count = session.connection().exec_driver_sql("PRAGMA page_count").scalar_one()
        self.pages = int(count) + 2

    def free(self) -> None:
        """Somebody has tidied up."""
        self.pages = 2**30


def test_a_full_disk_is_waited_for(on_sqlite: Post) -> None:
    """And named, so that somebody makes room."""
    disk = Disk(on_sqlite.database)
    weather(on_sqlite, disk.fill, disk.free)


def test_a_disk_that_stays_full_ends_the_run(on_sqlite: Post) -> None:
    """After so long, naming the reason; later nobody is lost, and twice is only who was in doubt."""
    disk = Disk(on_sqlite.database)

    def fill(tally: Tally) -> None:
        if tally.tries[State.SENT] >= 10 and disk.pages == 2**30:
            disk.fill()

    with capture_logs() as logs:
        tally = on_sqlite.engine(connections=3, patience=MINUTE * 0).run(on_progress=fill)
    assert isinstance(tally.stopped, DigestError)
    assert "database or disk is full" in str(tally.stopped)
    assert [line["reason"] for line in logs if line.get("action") == AWAY] == ["database or disk is full"]
    assert len(on_sqlite.server.received) < MANY
    disk.free()
    in_doubt = on_sqlite.engine().run().in_doubt
    assert in_doubt <= 3
    on_sqlite.clock.advance(MINUTE)
    on_sqlite.engine().run()
    assert set(on_sqlite.server.recipients) == set(crowd(MANY))
    assert len(on_sqlite.server.received) - MANY <= in_doubt
    assert set(on_sqlite.states().values()) == {"sent"}


def test_who_wants_to_stop_does_not_wait_for_the_database(on_sqlite: Post, file: Path) -> None:
    """Ctrl-C ends it, though nothing can be written."""
    stop = threading.Event()
    with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as other:
        with capture_logs() as logs:
            trouble = Trouble(lambda: other.execute("BEGIN IMMEDIATE"), stop.set, logs)
            tally = on_sqlite.engine(connections=3).run(stop, trouble)
        assert "locked" in str(tally.stopped)
        assert trouble.actions == [AWAY]
        other.execute("ROLLBACK")


@pytest.fixture
def on_postgresql(postgres_server: PostgresServer, suppressions: Suppressions) -> Iterator[Post]:
    """The same on a server."""
    with postgres_server.database() as url, posted(url, suppressions) as post:
        yield post


def throw_out(url: str) -> int:
    """End every other connection to a database; how many there were."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        found = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return len(found.fetchall())


def test_a_lost_connection_to_the_database_is_opened_again(on_postgresql: Post) -> None:
    """As after an administrator's command, several times."""
    thrown: list[int] = []

    def disturb(tally: Tally) -> None:
        due = tally.tries[State.SENT] >= 10 * (len(thrown) + 1) and len(thrown) < 5
        if due and (found := throw_out(on_postgresql.database.url)):
            thrown.append(found)

    tally = on_postgresql.engine(connections=3).run(on_progress=disturb)
    assert len(thrown) >= 2
    assert tally.stopped is None
    everybody_once(on_postgresql)


def test_a_server_that_is_restarted_is_waited_for(suppressions: Suppressions) -> None:
    """Nobody answers for a while, and then everything is as it was."""
    try:
        programs = find_programs()
    except PostgresMissing as absent:
        pytest.skip(str(absent))
    with (
        fragile_server(programs) as fragile,
        fragile.server.database() as url,
        posted(url, suppressions) as post,
    ):
        weather(post, fragile.stop, fragile.start)


@pytest.mark.parametrize("stored", [True, False], ids=["stored", "not stored"])
@pytest.mark.parametrize("every", [2, 5])
def test_a_commit_without_an_answer_is_asked_again(
    database_url: str, suppressions: Suppressions, monkeypatch: pytest.MonkeyPatch, stored: bool, every: int
) -> None:
    """Whether it came through, nobody knows: the same may be asked twice, and is done once."""
    with posted(database_url, suppressions, 50) as post:
        dialect, commits = post.database.engine.dialect, 0
        really = dialect.do_commit

        def commit(connection: Any) -> None:
            nonlocal commits
            if not threading.current_thread().name.startswith("ledger"):
                really(connection)
                return
            commits += 1
            lost = commits % every == 0
            if stored or not lost:
                really(connection)
            if lost:
                raise dialect.loaded_dbapi.OperationalError("the answer was lost")

        monkeypatch.setattr(dialect, "do_commit", commit)
        tally = post.engine(connections=3).run()
        monkeypatch.undo()
        assert commits > every
        assert tally.stopped is None
        everybody_once(post, 50)
