"""Postfix's smtp-sink, which takes any mail and forgets it, and smtp-source, which sends as fast as C can."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOST = "127.0.0.1"
ROOT = Path(__file__).parents[2]
_FOLDERS = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


def missing() -> str | None:
    """Which of the two programs this machine lacks, or None."""
    return next((name for name in ("smtp-sink", "smtp-source") if not _found(name)), None)


@contextmanager
def sink(*, pipelining: bool = True) -> Iterator[int]:
    """A running smtp-sink; yields its port."""
    sys.path.append(str(ROOT))
    from tests.support.sinks import smtp_sink

    with smtp_sink(*([] if pipelining else ["-p"])) as port:
        yield port


def source(port: int, *, octets: int, messages: int, connections: int) -> None:
    """Send so many messages of so many octets, several on each connection."""
    numbers = ["-s", str(connections), "-m", str(messages), "-l", str(octets)]
    addresses = ["-f", "bounces@example.org", "-t", "reader@example.net"]
    subprocess.run([_found("smtp-source"), "-d", *numbers, *addresses, f"{HOST}:{port}"], check=True)


def _found(name: str) -> str:
    return shutil.which(name, path=_FOLDERS) or ""
