"""npm's own MJML compiler, in one node process that stays warm."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = Path(__file__).with_suffix(".cjs")
_QUIETLY = ("--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error")
_PATIENCE = 300  # seconds


class Missing(Exception):
    """node, npm or the package cannot be had here."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """What npm's mjml of this `version` makes of a source, and the milliseconds each run took in node."""

    version: str
    milliseconds: list[float]
    html: str


class Compiler:
    """Asks a running node process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Take the process, whose both ends must be pipes."""
        self._process = process

    def compile(self, source: str, runs: int = 1) -> Compiled:
        """The source compiled so many times in a row."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"source": source, "runs": runs}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "node ended without an answer; what it said stands above"
        return Compiled(**json.loads(answer))


@contextmanager
def npm_mjml() -> Iterator[Compiler]:
    """The compiler, installed into a folder that is gone afterwards; raises Missing where that fails."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise Missing("install node and npm")
    with tempfile.TemporaryDirectory(prefix="npm-mjml-") as folder:
        _install(npm, folder)
        with subprocess.Popen(
            [node, str(_SCRIPT)],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        ) as process:
            try:
                yield Compiler(process)
            finally:
                process.kill()


def _install(npm: str, folder: str) -> None:
    # Without a package.json of its own npm would look for one further up.
    Path(folder, "package.json").write_text("{}", "utf-8")
    command = [npm, "install", "--prefer-offline", *_QUIETLY, "mjml"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"npm install mjml failed ({type(error).__name__})") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Missing(f"npm install mjml failed ({said[0] if said else f'exit {done.returncode}'})")
