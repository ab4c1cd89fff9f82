"""Connections that ask nothing: however many, the pages go on answering and the log stays quiet."""

from __future__ import annotations

import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path

import httpx

from tests.journeys.installation import COMMAND, installed

DESCRIPTORS = 256
IDLERS = 400


def test_idlers_do_not_stop_the_pages(tmp_path: Path) -> None:
    """More of them than the process may have descriptors."""
    made = installed(tmp_path, f"sqlite:///{tmp_path / 'digest.db'}", 2525)
    log, address = tmp_path / "stderr.txt", ("127.0.0.1", int(made.settings["WEB__PORT"]))
    with log.open("wb") as stderr, ExitStack() as idlers:
        process = subprocess.Popen(
            ["/bin/sh", "-c", f'ulimit -n {DESCRIPTORS} && exec "$@"', "sh", *COMMAND, "serve"],
            cwd=tmp_path,
            env=made.environment,
            stderr=stderr,
        )
        idlers.callback(process.wait, 20)
        idlers.callback(process.terminate)
        while not log.read_bytes().endswith(b"\n"):
            assert process.poll() is None
        for _ in range(IDLERS):
            idlers.enter_context(socket.create_connection(address, timeout=20))
        for page in ("/healthz", "/subscribe", "/archive"):
            url = made.settings["WEB__BASE_URL"] + page
            assert httpx.get(url, timeout=20, trust_env=False).status_code == 200
        assert log.read_text().splitlines() == [f"listening on {made.settings['WEB__BASE_URL']}"]
