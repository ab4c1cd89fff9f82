"""Postfix's smtp-sink, a mail server that takes everything, or fails where its options say."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.support.ports import free_port

HOST = "127.0.0.1"
BACKLOG = "256"
PATIENCE = 60.0  # seconds that it may take to start
_FOLDERS = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


class SinkMissing(Exception):
    """No smtp-sink is installed; the message says how to get one."""


@contextmanager
def smtp_sink(*options: str) -> Iterator[int]:
    """A running smtp-sink with these options; yields its port. Raises SinkMissing where there is none."""
    program = shutil.which("smtp-sink", path=_FOLDERS)
    if program is None:
        raise SinkMissing("smtp-sink is not installed (Debian and Ubuntu: apt-get install postfix)")
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []  # it refuses to run as root
    process = subprocess.Popen([program, *user, *options, f"{HOST}:{port}", BACKLOG])
    try:
        _await(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until somebody listens, which is seen by connecting."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError):
            socket.create_connection((HOST, port), timeout=1).close()
            return
        time.sleep(0.01)
    raise RuntimeError(f"smtp-sink did not start (it ended with {process.poll()})")
