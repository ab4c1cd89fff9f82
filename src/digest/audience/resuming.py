"""How far a file has been imported: written with its rows, so that after a crash it goes on from there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from digest.audience.models import Import
from digest.db import Database
from digest.errors import Conflict

COUNTS: Final = ("added", "asked", "repeated", "known", "suppressed", "rejected")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file, and what became of the rows before it. `number` is None where none is kept."""

    began: datetime
    number: int | None = None
    offset: int = 0
    line: int = 0
    counts: Mapping[str, int] | None = None


def fingerprint(file: BinaryIO, *wishes: object) -> str | None:
    """One word for what the file holds and how it is read; None for a pipe, which cannot be read twice.

    The file stands at its beginning afterwards.
    """
    if not file.seekable():
        return None
    file.seek(0)
    content = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # any file in bytes will do
    file.seek(0)
    return hashlib.sha256(json.dumps([content, *wishes], sort_keys=True).encode()).hexdigest()


def find_mark(
    database: Database, word: str | None, source: str, now: datetime, *, from_start: bool = False
) -> Mark:
    """Where the import of this file goes on: at its start, unless one of the same was broken off."""
    if word is None:
        return Mark(now)
    with database.write(lock="subscribers") as session:
        return _mark(_broken_off(session, word, from_start) or _begin(session, word, source, now))


def look_for_mark(database: Database, word: str | None, now: datetime, *, from_start: bool = False) -> Mark:
    """The same for a trial: nothing is written."""
    with database.read() as session:
        row = _broken_off(session, word, from_start) if word else None
        return _mark(row) if row else Mark(now)


def _broken_off(session: Session, word: str, from_start: bool) -> Import | None:
    open_ = select(Import).where(Import.fingerprint == word, Import.finished_at.is_(None))
    return None if from_start else session.scalar(open_)


def _mark(row: Import) -> Mark:
    counts = {name: getattr(row, name) for name in COUNTS}
    return Mark(row.started_at, row.id, row.offset, row.line, counts)


def _begin(session: Session, word: str, source: str, now: datetime) -> Import:
    row = session.scalar(select(Import).where(Import.fingerprint == word)) or Import(fingerprint=word)
    row.source, row.started_at, row.changed_at, row.finished_at = source[:500], now, now, None
    for name in ("offset", "line", *COUNTS):
        setattr(row, name, 0)
    session.add(row)
    session.flush()
    return row


def move_mark(session: Session, mark: Mark, to: Mark, now: datetime) -> None:
    """Note in the transaction of the rows themselves that they are done; raises Conflict.

    Two processes at the same file would count each other's rows: the second one to come here gives up.
    """
    if mark.number is None:
        return
    here = update(Import).where(Import.id == mark.number, Import.offset == mark.offset)
    done = here.where(Import.finished_at.is_(None)).values(
        offset=to.offset, line=to.line, changed_at=now, **(to.counts or {})
    )
    if not session.execute(done).rowcount:  # type: ignore[attr-defined]  # an UPDATE has one
        raise Conflict("another process is importing this very file; its rows are in as far as that one came")


def finish(database: Database, mark: Mark, now: datetime) -> None:
    """The file is at its end; given again it begins anew."""
    if mark.number is not None:
        with database.write(lock="subscribers") as session:
            session.execute(update(Import).where(Import.id == mark.number).values(finished_at=now))
