"""Bytes that are hardly a request, as no client library would send them, over a real connection."""

from __future__ import annotations

import re
import socket
from contextlib import suppress

import pytest

from digest.app.parts import App
from tests.support.strangers import EVIL
from tests.web.conftest import Backstage
from tests.web.test_server import running, short_after_an_answer

SENT = (
    b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET http://evil.example/archive HTTP/1.1\r\nHost: x\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nHost: evil.example\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX-Folded: a\r\n b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: A\r\n\r\n",
    b"POST /subscribe HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /subscribe HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /subscribe HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\r\n\r\n\r\n\r\n",
)
# Refused before we have said all of it, these may be cut off with the answer on its way.
LONG = (
    b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 70000 + b"\r\n\r\n",
    b"GET /" + b"x" * 70000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 3000 + b"\r\n",
)


def test_hardly_a_request(app: App, backstage: Backstage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets an answer that is no failure; it does nothing, and the next one is served."""
    backstage.join("ann@example.org")
    before = backstage.rows()
    short_after_an_answer(monkeypatch, 0.1)
    with running(app) as port:
        for sent in SENT + LONG:
            said = _said(port, sent)
            cut_off = sent in LONG and not said
            assert cut_off or re.match(rb"HTTP/1\.1 [1-4]\d\d ", said), (sent[:100], said[:200])
            assert EVIL.encode() not in said
        served = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        assert _said(port, served).startswith(b"HTTP/1.1 200")
    assert backstage.rows() == before


def _said(port: int, sent: bytes) -> bytes:
    """All that the server says before it hangs up."""
    said = b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection, suppress(OSError):
        connection.sendall(sent)
        while piece := connection.recv(65536):
            said += piece
    return said
