"""What the desk makes, keeps and makes anew."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from digest.app.looking import Look
from digest.app.looking import look as real_look
from digest.app.parts import App
from digest.db import Database
from digest.db.migrations import upgrade
from digest.db.revisions import require_current
from digest.desk import workbench
from tests.desk.conftest import KEY, Desk, opened

AT_ONCE = 6


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """One database will do: what is kept is kept in memory."""
    with opened(f"sqlite:///{tmp_path / 'digest.db'}", tmp_path) as desk:
        yield desk


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The editions that were looked at in earnest, one entry for each time."""
    made: list[str] = []

    def look(app: App, key: str | None = None) -> Look:
        made.append(str(key))
        return real_look(app, key)

    monkeypatch.setattr(workbench, "look", look)
    return made


def test_many_at_once_share_one_look(desk: Desk, made: list[str]) -> None:
    """Whoever asks while an edition is being made waits for it, by its name or as the coming one."""
    together = threading.Barrier(AT_ONCE)

    def ask(number: int) -> workbench.Shown:
        together.wait(20)
        return desk.bench.look(KEY if number % 2 else None)

    with ThreadPoolExecutor(AT_ONCE) as people:
        shown = list(people.map(ask, range(AT_ONCE)))
    assert made == [KEY]
    assert all(one is shown[0] for one in shown)


def test_only_a_week_that_is_not_planned_ages(
    desk: Desk, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would be in it changes as time goes by; a draft changes by acts alone."""
    monkeypatch.setattr(workbench, "KEPT_SECONDS", -1)
    for _ in range(2):
        desk.bench.look(KEY)
    assert made == [KEY, KEY]
    desk.room.plan(KEY)
    for _ in range(3):
        desk.bench.look(KEY)
    assert made == [KEY] * 3


def test_the_coming_edition_is_the_one_of_now(desk: Desk) -> None:
    """A kept look does not stand for a later week."""
    desk.room.plan(KEY)
    assert desk.bench.look(None).look.key == KEY
    desk.room.skip(KEY)
    assert desk.bench.look(None).look.key == "2026-W48"


def test_a_failing_database_is_not_asked_again_and_again(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told all the same, templates are followed meanwhile, and it is tried again after a while."""
    tried: list[str] = []

    def require(database: Database) -> None:
        tried.append(database.url)
        require_current(database)

    monkeypatch.setattr(workbench, "require_current", require)
    url = f"sqlite:///{tmp_path / 'other.db'}"
    database = desk.room.app.settings.database.model_copy(update={"url": url})
    desk.settings = desk.room.app.settings.model_copy(update={"database": database})
    for _ in range(3):
        assert "there is no database yet" in desk.state()["settings_problem"]
    assert tried == [url]
    desk.template("edition/subject.txt", "Templates go on")
    assert desk.state()["rendered"]["subject"] == "Templates go on"
    upgraded = Database(url)
    upgrade(upgraded)
    upgraded.close()
    monkeypatch.setattr(workbench, "KEPT_SECONDS", -1)
    state = desk.state()
    assert (state["settings_problem"], state["edition"]["items"]) == (None, [])
