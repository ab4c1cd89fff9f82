"""The signing keys as the settings have them by now, for processes that run while keys are rotated."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from threading import Lock

from digest.config.loading import load_settings, settings_file
from digest.errors import ConfigError
from digest.logs import get_logger

Stamp = tuple[int, int, int]


class KeysOnDisk:
    """Reads the settings again once their file has changed; asking costs one look at the folder."""

    def __init__(self, path: Path | None = None, environ: Mapping[str, str] = os.environ) -> None:
        """`path` and `environ` as `load_settings` has them."""
        self._path, self._environ = path, environ
        self._file = settings_file(path, environ).absolute()
        self._seen: Stamp | None = None
        self._keys: Mapping[int, bytes] = {}
        self._lock = Lock()

    def read(self) -> Mapping[int, bytes]:
        """The keys by number; while the file cannot be read, those it had before."""
        with self._lock:
            stamp = _stamp(self._file)
            if stamp != self._seen:
                self._seen = stamp
                self._load()
            return self._keys

    def _load(self) -> None:
        try:
            self._keys = load_settings(self._path, self._environ).keys.keyring().keys
        except ConfigError as error:
            get_logger().warning("the settings cannot be read again", action="keys.reread", error=str(error))


def _stamp(file: Path) -> Stamp | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
