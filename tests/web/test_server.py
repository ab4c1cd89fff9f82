"""The server: any free port, any thread, and a stop that is heeded."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from digest.app.parts import App
from digest.errors import ConfigError
from digest.web.server import serve
from tests.web.conftest import Newsroom


@contextmanager
def running(app: App) -> Iterator[int]:
    """The server in a thread of its own; yields its port and stops it afterwards."""
    ports: queue.Queue[int] = queue.Queue()
    stop = threading.Event()
    thread = threading.Thread(target=serve, args=(app, "127.0.0.1", 0, ports.put, stop))
    thread.start()
    try:
        yield ports.get(timeout=20)
    finally:
        stop.set()
        thread.join(timeout=20)
        assert not thread.is_alive()


def test_it_serves_from_a_thread(app: App) -> None:
    """Port 0 becomes a real port, pages come from it, and no header names the software."""
    with running(app) as port:
        answer = httpx.get(f"http://127.0.0.1:{port}/healthz")
    assert (answer.status_code, answer.text) == (200, "ok")
    assert "server" not in answer.headers


def test_one_click_over_the_wire(app: App, newsroom: Newsroom) -> None:
    """A chunked one-click works, a chunked flood is refused, HEAD has no body."""
    token = newsroom.join("ann@example.org")
    with running(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        assert client.post(f"/unsubscribe/{token}", content=iter([b"List-", b"Unsubscribe"])).text
        assert client.head("/").content == b""
        assert client.post("/subscribe", content=iter([b"x" * 1000] * 66)).status_code == 413
    assert newsroom.status("ann@example.org") == "unsubscribed"


def test_half_a_request_does_nothing(app: App, newsroom: Newsroom) -> None:
    """A connection that breaks inside the body is no unsubscribe."""
    token = newsroom.join("ann@example.org")
    with running(app) as port:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            head = f"POST /unsubscribe/{token} HTTP/1.1\r\nHost: x\r\nContent-Length: 26\r\n\r\nList"
            connection.sendall(head.encode())
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    assert newsroom.status("ann@example.org") == "active"


def test_no_token_reaches_the_log(
    app: App, newsroom: Newsroom, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing that is written while serving names a link."""
    token = newsroom.join("ann@example.org")
    with running(app) as port:
        httpx.get(f"http://127.0.0.1:{port}/unsubscribe/{token}")
    assert token not in "".join(capfd.readouterr()) + caplog.text


def test_a_taken_port_is_explained(app: App) -> None:
    """Where it cannot listen the error names the settings."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}"):
            serve(app, "127.0.0.1", port)
