"""Read a CSV of addresses into the list: good rows in, bad rows named, nobody revived."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from sqlalchemy.orm import Session

from digest.audience import bulk, resuming
from digest.audience.ahead import Ahead, ahead
from digest.audience.batches import Batch, batches
from digest.audience.bulk import Act, Fates
from digest.audience.progress import Reading, bytes_left
from digest.audience.rejects import Rejects
from digest.audience.resuming import COUNTS, Mark
from digest.audience.rows import Rejected, Table
from digest.audience.suppressing import Suppressions
from digest.db import Database
from digest.errors import SourceError

# Rows in one transaction: as many as keep others from writing for about HELD seconds, within these bounds.
# Small ones cost more, since each writes most pages of the indexes anew.
FIRST, SMALLEST, LARGEST = 5_000, 5_000, 20_000
HELD: Final = 0.7
SHOWN: Final = 100


@dataclass
class ImportReport:
    """What became of the rows, also of those that were done before the import was broken off."""

    added: int = 0
    asked: int = 0  # of those added: they must confirm
    repeated: int = 0  # added by an earlier row of the same file
    known: int = 0  # on the list before, in whatever standing: left as they are
    suppressed: int = 0
    rejected: int = 0
    reasons: list[SourceError] = field(default_factory=list)  # of the first rejected ones in this run
    resumed: int = 0  # rows that were done before
    bytes_done: int = 0
    bytes_before: int = 0  # of these, before this run
    bytes_all: int | None = None  # None for a pipe

    @property
    def rows(self) -> int:
        """Every row read so far."""
        return self.added + self.repeated + self.known + self.suppressed + self.rejected

    @property
    def reading(self) -> Reading:
        """How far the file has been read."""
        return Reading(self.rows, self.bytes_done, self.bytes_all, self.resumed, self.bytes_before)

    def counts(self) -> dict[str, int]:
        """The numbers by name."""
        return {name: getattr(self, name) for name in COUNTS}


def import_csv(
    database: Database,
    file: BinaryIO,
    source: str,
    *,
    suppressions: Suppressions,
    now: datetime,
    consent: str | None,
    on_pending: Callable[[Session, Sequence[int]], None],
    on_progress: Callable[[ImportReport], None] = lambda _: None,
    rejects: Rejects | None = None,
    mapping: Mapping[str, str] | None = None,
    dry_run: bool = False,
    from_start: bool = False,
) -> ImportReport:
    """Add the file's addresses, some thousands to a transaction.

    With `consent` (where and how these people agreed) new rows are active. Without it they are pending, as
    are rows whose own status says so, and `on_pending` gets their ids in the same transaction, to ask them.
    An import that was broken off goes on where it was, if the file and how it is read are the same;
    `from_start` reads it anew. `dry_run` says what would be, going on in the same way, and stores nothing.

    Raises SourceError for an unusable header, and Conflict where another process imports the same file.
    """
    if file.seekable():  # as for its fingerprint: a trial reads what the import will
        file.seek(0)
    size = bytes_left(file)
    word = resuming.fingerprint(file, consent, dict(mapping or {}))
    table = Table(file, source, mapping)
    mark = (
        resuming.look_for_mark(database, word, now, from_start=from_start)
        if dry_run
        else resuming.find_mark(database, word, source, now, from_start=from_start)
    )
    act = Act(mark.began, now, *_told(consent, source))
    run = _Run(database, suppressions, act, on_pending, mark, rejects or Rejects())
    run.start(table, size)
    if dry_run:
        run.try_all(table, consent, on_progress)
    else:
        run.take_all(table, consent, on_progress)
    return run.report


def next_size(size: int, seconds: float) -> int:
    """How many rows to take next, where so many took so long: others wait to write meanwhile."""
    return max(SMALLEST, min(LARGEST, int(size * min(2.0, HELD / max(seconds, 0.001)))))


class _Run:
    """One import on its way."""

    def __init__(
        self,
        database: Database,
        suppressions: Suppressions,
        act: Act,
        on_pending: Callable[[Session, Sequence[int]], None],
        mark: Mark,
        rejects: Rejects,
    ) -> None:
        self._database, self._suppressions, self._act = database, suppressions, act
        self._on_pending, self._mark, self._rejects = on_pending, mark, rejects
        self._most = FIRST
        self.report = ImportReport()
        for name, number in (mark.counts or {}).items():
            setattr(self.report, name, number)

    def start(self, table: Table, size: int | None) -> None:
        """Go to where the file was left; rejected rows may come from now on."""
        self._rejects.begin(table.header, self._mark.line, self.report.rejected)
        if self._mark.offset:
            table.go_on(self._mark.offset, self._mark.line)
        self.report.resumed, self.report.bytes_all = self.report.rows, size
        self.report.bytes_before = self.report.bytes_done = self._mark.offset

    def take_all(
        self, table: Table, consent: str | None, on_progress: Callable[[ImportReport], None]
    ) -> None:
        """To the end of the file."""
        with self._reading(table, consent) as coming:
            for batch in coming:
                self._rejects.flush()
                self._take(batch, coming.go_on)
                on_progress(self.report)
        resuming.finish(self._database, self._mark, self._act.now)

    def try_all(self, table: Table, consent: str | None, on_progress: Callable[[ImportReport], None]) -> None:
        """To the end of the file, and nothing is stored."""
        with bulk.trial(self._database) as session, self._reading(table, consent) as coming:
            for batch in coming:
                _count(self.report, batch, bulk.tell(session, batch.people, self._act, coming.go_on))
                on_progress(self.report)
        self._rejects.flush()

    def _reading(self, table: Table, consent: str | None) -> AbstractContextManager[Ahead[Batch]]:
        rows = batches(
            table,
            self._suppressions,
            size=lambda: self._most,
            on_rejected=self._reject,
            agreed=bool(consent),
        )
        # Nobody can tell a thread to stop that waits for a pipe.
        return ahead(rows) if self.report.bytes_all is not None else nullcontext(Ahead(rows))

    def _take(self, batch: Batch, meanwhile: Callable[[], None]) -> None:
        with self._database.write(lock="subscribers") as session:
            began = time.perf_counter()
            fates, pending = bulk.take_in(session, batch.people, batch.choices, self._act, meanwhile)
            if pending:
                self._on_pending(session, pending)
            report = replace(self.report)
            _count(report, batch, fates)
            mark = replace(self._mark, offset=batch.offset, line=batch.line, counts=report.counts())
            resuming.move_mark(session, self._mark, mark, self._act.now)
        self._most = next_size(batch.rows, time.perf_counter() - began)
        self._mark, self.report = mark, report

    def _reject(self, row: Rejected) -> None:
        self._rejects.add(row)
        if len(self.report.reasons) < SHOWN:
            self.report.reasons.append(row.error)


def _count(report: ImportReport, batch: Batch, fates: Fates) -> None:
    report.added += fates.added
    report.asked += fates.asked
    report.repeated += fates.repeated
    report.known += fates.known
    report.suppressed += fates.suppressed
    report.rejected += batch.rejected
    report.bytes_done = batch.offset


def _told(consent: str | None, source: str) -> tuple[str, str]:
    """What the history says of those who agreed elsewhere, and of those who are asked.

    They can ask to see it; where files lie here is nobody's business.
    """
    name = Path(source).name
    return f"{consent} ({name})"[:500], f"import of {name}"[:500]
