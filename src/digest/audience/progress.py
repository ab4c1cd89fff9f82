"""How far a file has been read, for whoever shows it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class Reading:
    """Rows and bytes read so far, and the bytes of all the file: None for a pipe.

    `rows_before` and `bytes_before` of these were read by a run that was broken off.
    """

    rows: int
    bytes_done: int
    bytes_all: int | None
    rows_before: int = 0
    bytes_before: int = 0


def bytes_left(file: BinaryIO) -> int | None:
    """How much there is to read from where the file stands, where it stays; None for a pipe."""
    if not file.seekable():
        return None
    here = file.tell()
    left = file.seek(0, io.SEEK_END) - here
    file.seek(here)
    return left
