"""The server: any free port, any thread, and a stop that is heeded."""

from __future__ import annotations

import asyncio
import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from digest.app.parts import App
from digest.errors import ConfigError
from digest.web import connections
from digest.web.server import serve
from tests.support.waiting import wait_until
from tests.web.conftest import Backstage

FOR_EVER = 3600.0  # seconds


@contextmanager
def running(app: App, port: int = 0) -> Iterator[int]:
    """The server in a thread of its own, on any free port; yields its port and stops it afterwards."""
    ports: queue.Queue[int] = queue.Queue()
    stop = threading.Event()
    thread = threading.Thread(target=serve, args=(app, "127.0.0.1", port, ports.put, stop))
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
        answer = httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False)
    assert (answer.status_code, answer.text) == (200, "ok")
    assert "server" not in answer.headers


def test_one_click_over_the_wire(app: App, backstage: Backstage) -> None:
    """A chunked one-click works, a chunked flood is refused, HEAD has no body."""
    token = backstage.join("ann@example.org")
    with running(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        assert client.post(f"/unsubscribe/{token}", content=iter([b"List-", b"Unsubscribe"])).text
        assert client.head("/").content == b""
        assert client.post("/subscribe", content=iter([b"x" * 1000] * 66)).status_code == 413
    assert backstage.status("ann@example.org") == "unsubscribed"


def test_half_a_request_does_nothing(app: App, backstage: Backstage) -> None:
    """A connection that breaks inside the body is no unsubscribe."""
    token = backstage.join("ann@example.org")
    with running(app) as port:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            head = f"POST /unsubscribe/{token} HTTP/1.1\r\nHost: x\r\nContent-Length: 26\r\n\r\nList"
            connection.sendall(head.encode())
        assert httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code == 200
    assert backstage.status("ann@example.org") == "active"


def test_no_token_reaches_the_log(
    app: App, backstage: Backstage, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing that is written while serving names a link."""
    token = backstage.join("ann@example.org")
    with running(app) as port:
        httpx.get(f"http://127.0.0.1:{port}/unsubscribe/{token}", trust_env=False)
    assert token not in "".join(capfd.readouterr()) + caplog.text


def test_a_taken_port_is_explained(app: App) -> None:
    """Where it cannot listen the error names the settings."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}"):
            serve(app, "127.0.0.1", port)


def hung_up_on(connection: socket.socket, sending: bytes = b"") -> bool:
    """Whether the other side ends the connection without a word, while we go on sending byte after byte."""
    connection.settimeout(0.05)
    deadline = time.monotonic() + 60
    pending = list(sending)
    while time.monotonic() < deadline:
        try:
            if pending:
                connection.sendall(bytes([pending.pop(0)]))
            return not connection.recv(65536)
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


def short_after_an_answer(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let HEAD_SECONDS be so short wherever an answer has gone out, and usual before the first request."""
    usual = connections.Connection.on_response_complete

    def hurried(connection: connections.Connection) -> None:
        with pytest.MonkeyPatch.context() as impatient:
            impatient.setattr(connections, "HEAD_SECONDS", seconds)
            usual(connection)

    monkeypatch.setattr(connections.Connection, "on_response_complete", hurried)


def noted_timers(monkeypatch: pytest.MonkeyPatch) -> list[asyncio.TimerHandle]:
    """Every deadline that the server sets from now on: one for a connection, and one for each whole head."""
    timers, usual = list[asyncio.TimerHandle](), connections.Connection._allow

    def noting(connection: connections.Connection, seconds: float) -> None:
        usual(connection, seconds)
        assert connection._deadline is not None
        timers.append(connection._deadline)

    monkeypatch.setattr(connections.Connection, "_allow", noting)
    return timers


def wait_for(timers: list[asyncio.TimerHandle], number: int) -> None:
    """Until so many are set."""
    wait_until(lambda: len(timers) >= number)


@pytest.mark.parametrize(
    "sending",
    [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"x" * 1000],
    ids=["silent", "trickling"],
)
def test_who_asks_nothing_is_hung_up_on(app: App, monkeypatch: pytest.MonkeyPatch, sending: bytes) -> None:
    """Silent from the start, or a head that never ends."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    with running(app) as port, socket.create_connection(("127.0.0.1", port)) as connection:
        assert hung_up_on(connection, sending)


def test_a_second_request_has_no_more_time_than_the_first(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that was good once may not idle in the middle of its next request."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", FOR_EVER)
    monkeypatch.setattr(connections, "ANSWER_SECONDS", FOR_EVER)
    short_after_an_answer(monkeypatch, 0.3)
    with running(app) as port, socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        said = b""
        while not said.endswith(b"\r\n\r\nok"):
            piece = connection.recv(65536)
            assert piece, said
            said += piece
        assert hung_up_on(connection, b"GET / HTTP/1.1\r\nX-Slow: " + b"x" * 1000)


def test_a_request_without_end_is_hung_up_on(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Head, and then nothing: it does not hold its connection for ever."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", FOR_EVER)
    monkeypatch.setattr(connections, "ANSWER_SECONDS", 0.3)
    with running(app) as port, socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"POST /subscribe HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
        assert hung_up_on(connection)


def test_whoever_has_asked_gets_the_time_to_be_answered(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline of the head ends with the head."""
    timers = noted_timers(monkeypatch)
    monkeypatch.setattr(connections, "HEAD_SECONDS", FOR_EVER)
    monkeypatch.setattr(connections, "ANSWER_SECONDS", 2 * FOR_EVER)
    with running(app) as port, socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(b"POST /subscribe HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
        wait_for(timers, 2)
        assert timers[0].cancelled()
        assert timers[1].when() - timers[0].when() >= FOR_EVER
        connection.sendall(b"email")
        assert connection.recv(65536).startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize("begun", [b"", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx"])
def test_idlers_make_room_for_who_asks(app: App, monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    """With more connections than allowed, who waits longest goes, in the midst of a body too."""
    monkeypatch.setattr(connections, "most_connections", lambda: 5)
    monkeypatch.setattr(connections, "HEAD_SECONDS", FOR_EVER)
    timers = noted_timers(monkeypatch)
    with running(app) as port, ExitStack() as open_ones:
        idle = []
        for number in range(1, 7):
            idle.append(open_ones.enter_context(socket.create_connection(("127.0.0.1", port))))
            idle[-1].sendall(begun)
            wait_for(timers, number * (2 if begun else 1))
        assert hung_up_on(idle[0])
        for _ in range(10):
            assert (
                httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=20, trust_env=False).status_code == 200
            )


def test_a_head_has_its_limit(app: App) -> None:
    """A longer one is refused before it is whole."""
    with running(app) as port, socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX-Long: " + b"x" * 20_000)
        assert connection.recv(65536).startswith(b"HTTP/1.1 400")
