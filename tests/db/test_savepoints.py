"""What is done behind a savepoint: kept, or undone without a trace, by the same statements."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from digest.audience.models import Suppression
from digest.db import Database
from digest.db.savepoints import keep_or_undo
from tests.support.tables import NOW, open_tables


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Empty tables."""
    with open_tables(database_url) as opened:
        yield opened


def add(session: Session, word: str) -> None:
    """One row, which is not flushed yet."""
    session.add(Suppression(address_hash=word, reason="operator", at=NOW))


def tried(database: Database, *, keep: bool) -> None:
    """One transaction that adds a row, another one behind a savepoint, and a third."""

    def act(session: Session) -> bool:
        add(session, f"tried {keep}")
        return keep

    with database.write() as session:
        add(session, f"before {keep}")
        keep_or_undo(session, act)
        add(session, f"after {keep}")


def test_only_what_is_behind_it_is_undone(database: Database) -> None:
    """What was written before and afterwards stays."""
    tried(database, keep=True)
    tried(database, keep=False)
    with database.read() as session:
        found = set(session.scalars(select(Suppression.address_hash)))
    assert found == {"before True", "tried True", "after True", "before False", "after False"}


def test_the_work_does_not_tell_which_it_was(database: Database) -> None:
    """The same statements in the same order, the row's own among them; only the last word on it differs."""
    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *heard: said.append(heard[2]))
    tried(database, keep=True)
    kept = said.copy()
    said.clear()
    tried(database, keep=False)
    differ = [pair for pair in zip(kept, said, strict=True) if pair[0] != pair[1]]
    ((release, undo),) = differ
    assert release.replace("RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT") == undo
    assert sum(one.startswith("INSERT") for one in said) == 3


def test_a_failure_undoes_all(database: Database) -> None:
    """Whatever it was, as in any write unit."""

    def act(session: Session) -> bool:
        add(session, "tried")
        raise LookupError

    def write() -> None:
        with database.write() as session:
            add(session, "before")
            keep_or_undo(session, act)

    with pytest.raises(LookupError):
        write()
    with database.read() as session:
        assert session.scalars(select(Suppression)).all() == []
