"""What readers see when something does not work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from digest.app.parts import App
from digest.db import Database
from digest.db import engine as engines
from digest.db.migrations import upgrade
from digest.tokens import Purpose
from digest.web.pages import Pages
from digest.web.problems import BY_STATUS
from tests.support.clocks import SettableClock
from tests.support.tables import empty
from tests.web.conftest import Backstage, browser, settings


@pytest.mark.parametrize("status", sorted(BY_STATUS))
def test_every_status_has_a_page(client: TestClient, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    """In the frame, in the reader's language, with a way on, and with the headers that came with it."""

    def fail(self: Pages, *_: object, **__: object) -> None:
        monkeypatch.undo()
        raise HTTPException(status, headers={"Retry-After": "60"})

    monkeypatch.setattr(Pages, "show", fail)
    answer = client.get("/unsubscribe", headers={"Accept-Language": "de"})
    assert answer.status_code == status
    assert answer.headers["retry-after"] == "60"
    assert '<html lang="de"' in answer.text
    assert 'href="/archive"' in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert BY_STATUS[status].title not in answer.text


def test_a_status_nobody_thought_of(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is answered with a page that fits all."""

    def fail(self: Pages, *_: object, **__: object) -> None:
        monkeypatch.undo()
        raise HTTPException(418)

    monkeypatch.setattr(Pages, "show", fail)
    answer = client.get("/unsubscribe")
    assert answer.status_code == 418
    assert "That did not work" in answer.text


def test_broken_templates_still_answer(app: App, tmp_path: Path, backstage: Backstage) -> None:
    """Where an operator's frame cannot be shown there is a bare page, with every header."""
    (tmp_path / "own" / "pages").mkdir(parents=True)
    (tmp_path / "own" / "pages" / "_base.html").write_text("{{ nothing.of.that }}", "utf-8")
    ours = settings(app.settings.database.url, newsletter={"pages": tmp_path / "own"})
    answer = browser(App(ours, app.clock, app.database)).get("/subscribe")
    assert answer.status_code == 500
    assert "<h1>Something went wrong here</h1>" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.fixture
def hurried(tmp_path: Path, clock: SettableClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backstage]:
    """An installation whose database waits for nobody."""
    monkeypatch.setattr(engines, "BUSY_SECONDS", 0)
    url = f"sqlite:///{tmp_path / 'hurried.db'}"
    database = Database(url)
    upgrade(database)
    yield Backstage(App(settings(url), clock, database), clock)
    database.close()


def test_a_busy_database(hurried: Backstage, capsys: pytest.CaptureFixture[str]) -> None:
    """While somebody else writes for long, readers are asked to come again, and nothing is half done."""
    token = hurried.join("ann@example.org")
    client = browser(hurried.app)
    with hurried.app.database.write() as session:
        session.connection()
        answer = client.post(f"/unsubscribe/{token}")
        assert client.get(f"/unsubscribe/{token}").status_code == 200
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "<h1>We are busy just now</h1>" in answer.text
    assert "web.busy" in "".join(capsys.readouterr())
    assert hurried.status("ann@example.org") == "active"
    assert client.post(f"/unsubscribe/{token}").status_code == 200
    assert hurried.status("ann@example.org") == "unsubscribed"


def test_no_connection_left(backstage: Backstage, monkeypatch: pytest.MonkeyPatch) -> None:
    """When all connections are taken for long, likewise."""
    pool = backstage.app.database.engine.pool
    monkeypatch.setattr(pool, "_timeout", 0.01)
    client = browser(backstage.app)
    with ExitStack() as taken:
        for _ in range(15):
            taken.enter_context(backstage.app.database.engine.connect())
        assert client.get("/archive").status_code == 503
    assert client.get("/archive").status_code == 200


def test_a_database_that_is_away(clock: SettableClock) -> None:
    """A server that does not answer is no fault of the reader's; what needs none of it is shown."""
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    database = Database(url)
    app = App(settings(url), clock, database)
    client = browser(app)
    token = app.keyring.issue(Purpose.UNSUBSCRIBE, "ab" * 12, clock.now())
    assert client.get("/archive").status_code == 503
    assert client.post(f"/unsubscribe/{token}").status_code == 503
    assert client.get("/unsubscribe").status_code == 200
    database.close()


def test_a_standby(postgres_tables: str, clock: SettableClock) -> None:
    """While another server takes over, what answers can be read, and refuses to write (SQLSTATE 25006)."""
    empty(postgres_tables)
    follows = make_url(postgres_tables).update_query_dict({"options": "-c default_transaction_read_only=on"})
    standby_url = follows.render_as_string(hide_password=False)
    database, standby = Database(postgres_tables), Database(standby_url)
    primary = Backstage(App(settings(postgres_tables), clock, database), clock)
    token = primary.join("ann@example.org")
    client = browser(App(settings(standby_url), clock, standby))
    answer = client.post(f"/unsubscribe/{token}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert client.get(f"/unsubscribe/{token}").status_code == 200
    assert primary.status("ann@example.org") == "active"
    database.close()
    standby.close()


def test_what_is_wrong_with_us(backstage: Backstage, capsys: pytest.CaptureFixture[str]) -> None:
    """A statement that the database does not understand will do no better in a minute."""
    with backstage.app.database.write() as session:
        session.execute(text("ALTER TABLE editions RENAME TO others"))
    try:
        answer = browser(backstage.app).get("/archive")
    finally:
        with backstage.app.database.write() as session:
            session.execute(text("ALTER TABLE others RENAME TO editions"))
    assert answer.status_code == 500
    assert "<h1>Something went wrong here</h1>" in answer.text
    logged = "".join(capsys.readouterr())
    assert "web.failed" in logged
    assert "reading.py" in logged
    assert "web.busy" not in logged
