"""Postfix's smtp-sink, which takes any mail and forgets it, and smtp-source, which sends as fast as C can."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

HOST = "127.0.0.1"
BACKLOG = "256"
_FOLDERS = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


def missing() -> str | None:
    """Which of the two programs this machine lacks, or None."""
    return next((name for name in ("smtp-sink", "smtp-source") if not _found(name)), None)


@contextmanager
def sink(*, pipelining: bool = True) -> Iterator[int]:
    """A running smtp-sink; yields its port."""
    with closing(socket.create_server((HOST, 0))) as probe:
        port = int(probe.getsockname()[1])
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    silent = [] if pipelining else ["-p"]
    process = subprocess.Popen([_found("smtp-sink"), *user, *silent, f"{HOST}:{port}", BACKLOG])
    try:
        _await(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


def source(port: int, *, octets: int, messages: int, connections: int) -> None:
    """Send so many messages of so many octets, several on each connection."""
    numbers = ["-s", str(connections), "-m", str(messages), "-l", str(octets)]
    addresses = ["-f", "bounces@example.org", "-t", "reader@example.net"]
    subprocess.run([_found("smtp-source"), "-d", *numbers, *addresses, f"{HOST}:{port}"], check=True)


def _found(name: str) -> str:
    return shutil.which(name, path=_FOLDERS) or ""


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        if process.poll() is not None:
            break
        with suppress(OSError):
            socket.create_connection((HOST, port), timeout=1).close()
            return
        time.sleep(0.05)
    raise RuntimeError("smtp-sink did not start")
