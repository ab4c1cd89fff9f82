"""The desk on a real socket: this machine only, its events, and a stop that is heeded."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import httpx
import pytest

from digest.desk.server import serve_desk
from digest.errors import ConfigError
from tests.desk.conftest import KEY, Desk, running


def test_it_listens_on_this_machine_only(desk: Desk) -> None:
    """The address is the loopback's, with a secret that is new every time."""
    with (
        running(desk.open_settings, desk.room.clock) as one,
        running(desk.open_settings, desk.room.clock) as two,
    ):
        assert urlsplit(one).hostname == "127.0.0.1"
        secrets = [urlsplit(address).path.strip("/") for address in (one, two)]
        assert secrets[0] != secrets[1]
        assert len(secrets[0]) >= 32
        with httpx.Client(base_url=one, trust_env=False) as browser:
            assert browser.get(one.replace(secrets[0], secrets[1])).status_code == 401
            answer = browser.get("")
            assert answer.status_code == 200
            assert "server" not in answer.headers


def test_changes_are_told_as_they_happen(desk: Desk) -> None:
    """The state at once, then a new one when data or a template changed; closing ends the stream."""
    with (
        running(desk.open_settings, desk.room.clock) as address,
        httpx.Client(base_url=address, trust_env=False) as browser,
        browser.stream("GET", "/api/events", timeout=20) as events,
    ):
        assert events.headers["content-type"].startswith("text/event-stream")
        told = (line.removeprefix("data: ") for line in events.iter_lines() if line.startswith("data: "))
        first = next(told)
        assert browser.get("/api/edition").json()["signature"] == first
        desk.room.plan(KEY)
        second = next(told)
        desk.template("edition/subject.txt", "Another")
        third = next(told)
        assert len({first, second, third}) == 3


def test_a_taken_port_is_explained(desk: Desk) -> None:
    """Where it cannot listen the error names the option."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"--port: cannot listen on 127.0.0.1:{port}"):
            serve_desk(desk.open_settings, desk.room.clock, by="Ed", port=port)
