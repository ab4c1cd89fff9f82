"""Blocks on a wire that takes less than it is given."""

from __future__ import annotations

import smtplib
import socket
import threading
from collections.abc import Iterator

import pytest

from digest.delivery.wire import Client

BLOCK = bytes(range(256)) * 800


@pytest.fixture
def ends() -> Iterator[tuple[Client, socket.socket]]:
    """A client whose socket holds very little, and the other end."""
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    client = Client()
    client.sock = ours
    theirs.settimeout(10)
    with ours, theirs:
        yield client, theirs


def test_a_block_arrives_whole_however_little_is_taken_at_a_time(ends: tuple[Client, socket.socket]) -> None:
    """Nothing is left out or sent twice."""
    client, other = ends
    writer = threading.Thread(target=client.write, args=(BLOCK, 10))
    writer.start()
    taken = bytearray()
    while len(taken) < len(BLOCK):
        taken += other.recv(1000)
    writer.join(10)
    assert taken == BLOCK


def test_a_block_that_is_not_taken_has_an_end(ends: tuple[Client, socket.socket]) -> None:
    """And its last octets are not on their way."""
    client, other = ends
    with pytest.raises(TimeoutError):
        client.write(BLOCK, 0.2)
    client.close()
    taken = b"".join(iter(lambda: other.recv(1000), b""))
    assert 0 < len(taken) < len(BLOCK)


def test_nothing_is_written_to_a_closed_connection(ends: tuple[Client, socket.socket]) -> None:
    """It is told like any lost connection."""
    client, _ = ends
    client.close()
    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.write(b"NOOP\r\n", 1)
