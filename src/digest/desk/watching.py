"""What the desk follows: the files of a folder of templates, and the tables that an edition is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from digest.content.models import Comparison, Review, Tool
from digest.editions.models import Choice, Edition, Item, LeftOut, VoiceChoice

TABLES: Final = tuple(
    model.__tablename__ for model in (Edition, Item, LeftOut, Choice, VoiceChoice, Comparison, Tool, Review)
)

FileState = tuple[str, int, int]


def folder_state(folder: Path) -> tuple[FileState, ...]:
    """Name, time of change (ns) and size of every file below `folder`; empty for one that is not there."""
    found = []
    for file in sorted(folder.rglob("*")):
        try:
            about = file.stat()
        except OSError:  # an editor's swap file, gone again
            continue
        found.append((str(file), about.st_mtime_ns, about.st_size))
    return tuple(found)
