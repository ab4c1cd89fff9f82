"""A newsroom with three comparisons to tell, and the editor's browser before its desk."""

from __future__ import annotations

import json
import queue
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import pytest
from httpx import Response
from starlette.testclient import TestClient

from digest.bundled import Folder, bundled
from digest.clock import Clock
from digest.config import Settings
from digest.desk.application import create_desk
from digest.desk.server import serve_desk
from digest.desk.workbench import OpenSettings, Workbench
from digest.errors import ConfigError
from tests.support.newsrooms import Newsroom, newsroom

SECRET = "the-secret-of-the-opened-address"
ADDRESS = "http://127.0.0.1:8700"
KEY = "2026-W47"
FOLDERS: tuple[Folder, ...] = get_args(Folder)


class Desk:
    """The desk of one newsroom, with settings and templates that a test may change under it."""

    def __init__(self, room: Newsroom, templates: Path) -> None:
        """Open it."""
        self.room = room
        self.templates = templates
        self.settings: Settings | ConfigError = room.app.settings
        self.bench = Workbench(self.open_settings, room.clock)
        self.client = self.browser(f"/{SECRET}")

    def browser(self, below: str = "", *, offline: bool = False) -> TestClient:
        """Somebody's browser, which asks for all paths `below` this one; ours is the secret's."""
        desk = create_desk(self.bench, key=None, by="Ed", offline=offline, secret=SECRET)
        return TestClient(desk, base_url=ADDRESS + below, raise_server_exceptions=False)

    def open_settings(self) -> Settings:
        """The settings as a file would give them."""
        if isinstance(self.settings, ConfigError):
            raise self.settings
        return self.settings

    def state(self, key: str | None = None) -> dict[str, Any]:
        """What the page shows."""
        answer = self.client.get("/api/edition", params={"key": key} if key else {})
        assert answer.status_code == 200, answer.text
        state: dict[str, Any] = answer.json()
        return state

    def act(self, act: str, **fields: Any) -> Response:
        """What a click on the page posts."""
        body = {"key": KEY, "seen": self.state(KEY)["edition"]["version"], **fields}
        headers = {"Origin": ADDRESS, "Content-Type": "application/json"}
        answer: Response = self.client.post(f"/api/{act}", content=json.dumps(body), headers=headers)
        return answer

    def slugs(self) -> list[str]:
        """What is in the edition, in order."""
        return [item["comparison"] for item in self.state(KEY)["edition"]["items"]]

    def template(self, name: str, text: str) -> None:
        """Put a template of the operator's own over the bundled one."""
        file = self.templates / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


@contextmanager
def own_copy(folder: Path) -> Iterator[None]:
    """The bundled templates as they are now: who works on them meanwhile must not disturb what is seen."""
    folders = {name: str(bundled(name)) for name in FOLDERS}
    folders["email"] = str(shutil.copytree(folders["email"], folder / "bundled"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("digest.bundled._IN_CHECKOUT", folders)
        yield


@contextmanager
def opened(url: str, folder: Path) -> Iterator[Desk]:
    """A desk on a Tuesday, with three comparisons that nobody has planned yet."""
    templates = folder / "templates"
    templates.mkdir()
    with own_copy(folder), newsroom(url, newsletter={"templates": templates}) as room:
        room.publish_many(3)
        desk = Desk(room, templates)
        try:
            yield desk
        finally:
            desk.bench.close()


@contextmanager
def running(open_settings: OpenSettings, clock: Clock) -> Iterator[str]:
    """The desk on a socket, in a thread of its own; yields the address to open and stops it afterwards."""
    addresses: queue.Queue[str] = queue.Queue()
    stop = threading.Event()

    def serve() -> None:
        serve_desk(open_settings, clock, by="Ed", ready=addresses.put, stop=stop)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield addresses.get(timeout=20)
    finally:
        stop.set()
        thread.join(timeout=20)
        assert not thread.is_alive()


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A desk over each of the databases."""
    with opened(database_url, tmp_path) as desk:
        yield desk
