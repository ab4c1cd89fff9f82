"""Ports of this machine: free ones that stay free until they are used, and one where nobody listens."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import cycle

HOST = "127.0.0.1"
# Below what systems hand out by themselves (Linux from 32768 on), and for each process of a test run its own.
FIRST, SLICE, SLICES = 12_000, 320, 64
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % SLICES
_OURS = range(FIRST + _WORKER * SLICE, FIRST + (_WORKER + 1) * SLICE)
# Two test runs at the same time begin at different places.
_ports = cycle(random.SystemRandom().sample(_OURS, SLICE))


def free_port() -> int:
    """A port that nobody listens on, and that nobody else here is given soon."""
    for port in _ports:
        with suppress(OSError), socket.create_server((HOST, port)):
            return port
    raise AssertionError("unreachable")


@contextmanager
def silent_port() -> Iterator[int]:
    """A port where nobody listens, and nobody can for the block."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        port: int = taken.getsockname()[1]
        yield port
