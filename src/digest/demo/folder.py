"""Where a demo lives: a folder of its own, and nothing is ever removed that a demo did not put there."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from digest.errors import DigestError

MARKER: Final = ".digest-demo"
OURS: Final = ("digest.toml", "digest.db", "digest.db-wal", "digest.db-shm", "outbox", "editions")


def demo_folder(wanted: Path | None) -> Path:
    """An empty demo folder: `wanted`, by default `demo` in the current folder, else a temporary one.

    A former demo there is replaced. Raises DigestError where `wanted` holds anything else.
    """
    if wanted is not None:
        return _prepared(wanted)
    try:
        return _prepared(Path("demo"))
    except DigestError:
        return _prepared(Path(tempfile.mkdtemp(prefix="digest-demo-")))


def _prepared(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / MARKER).exists() and any(folder.iterdir()):
            raise DigestError(f"{folder}: something other than a demo is in this folder; name another one")
        for name in OURS:
            _remove(folder / name)
        (folder / MARKER).write_text("`digest demo` made this folder, and replaces it at its next run.\n")
        (folder / "editions").mkdir()
    except OSError as error:
        raise DigestError(f"{folder}: {error.strerror or error}") from error
    return folder


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def shown(path: Path) -> str:
    """A path as short as it can be typed from here."""
    near = os.path.relpath(path)
    return str(path.absolute()) if near.startswith("..") else near
