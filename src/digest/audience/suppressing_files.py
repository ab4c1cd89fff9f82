"""Suppress a whole file: one address a line, a CSV with the column `email`, or hashes that we exported."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import BinaryIO, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from digest.audience.addresses import Address, NotAnAddress, read_address
from digest.audience.columns import delimiter_with, plain
from digest.audience.csv_rows import CsvRows
from digest.audience.formulas import bare
from digest.audience.models import Standing, Subscriber
from digest.audience.progress import Reading, bytes_left
from digest.audience.suppressing import Suppressions, liftable, take_off_one
from digest.db import Database
from digest.errors import SourceError

BATCH: Final = 2_000
REASON: Final = re.compile(r"[a-z][a-z -]{0,39}")
HASH: Final = re.compile(r"[0-9a-f]{40}")
FIELDS: Final = frozenset({"email", "hash", "reason", "key"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One good row: an address, or a hash with the reason that its own list had."""

    address: Address | None = None
    hashed: str = ""
    reason: str = ""


@dataclass
class SuppressionReport:
    """What became of the rows so far."""

    suppressed: int = 0
    known: int = 0
    rejected: int = 0

    @property
    def rows(self) -> int:
        """All of them."""
        return self.suppressed + self.known + self.rejected


def suppress_file(
    database: Database,
    file: BinaryIO,
    source: str,
    *,
    suppressions: Suppressions,
    reason: str,
    by: str,
    now: datetime,
    on_rejected: Callable[[SourceError], None],
    on_progress: Callable[[Reading], None] = lambda _: None,
) -> SuppressionReport:
    """Suppress what the file names; a bad row is told at once, and the others are done all the same.

    `reason` is that of addresses, `by` what their history says. Raises SourceError for hashes without the
    columns that they need.
    """
    report, hashes, size = SuppressionReport(), False, bytes_left(file)
    rows = CsvRows(file, source)
    good = _good(entries(rows, source, suppressions.fingerprint), report, on_rejected)
    while batch := list(islice(good, BATCH)):
        with database.write(lock="subscribers") as session:
            new = _suppress_all(session, suppressions, batch, reason, by, now)
        report.suppressed += new
        report.known += len(batch) - new
        hashes = hashes or any(row.address is None for row in batch)
        on_progress(Reading(report.rows, rows.offset, size))
    if hashes:
        take_off(database, suppressions, by, now)
    return report


def take_off(database: Database, suppressions: Suppressions, by: str, now: datetime) -> int:
    """Let everybody on the list leave whose address is suppressed; returns how many.

    The links of those who had left and asked again are void, as by address. A hash does not say whose it is,
    so all the list is gone through.
    """
    left, last = 0, 0
    while True:
        with database.write(lock="subscribers") as session:
            readers = _some(session, after=last)
            reasons = suppressions.among(session, [reader.canonical for reader in readers])
            for reader in readers:
                if why := reasons.get(reader.canonical):
                    take_off_one(session, reader, why, by, now)
                    left += 1
        if not readers:
            return left
        last = readers[-1].id


def entries(rows: CsvRows, source: str, fingerprint: str) -> Iterator[Entry | SourceError]:
    """Every row of the file: a CSV whose header names `email` or `hash`, or one address a line.

    Raises SourceError for a header with one of them twice, or without what hashes need.
    """
    delimiter = delimiter_with({"email", "hash"}, rows.peek())
    if delimiter is None:
        lines = rows.as_they_stand()
        yield from (_address(text, source, line) for line, text in lines if text.strip())
        return
    rows.delimiter = delimiter
    below = iter(rows)
    columns = _columns(next(below)[1], source)
    for line, cells in below:
        if isinstance(cells, SourceError):
            yield cells
        elif any(cell.strip() for cell in cells):
            yield _row(cells, columns, source, line, fingerprint)


def _columns(header: list[str] | SourceError, source: str) -> dict[str, int]:
    """Where each field stands, counted from 0."""
    if isinstance(header, SourceError):
        raise header
    names = [plain(cell) for cell in header]
    if twice := sorted(name for name in FIELDS if names.count(name) > 1):
        raise SourceError(source, 1, twice[0], "expected one column of this name, found two or more")
    _require(names, source)
    return {name: names.index(name) for name in FIELDS.intersection(names)}


def _require(columns: Collection[str], source: str) -> None:
    missing = {"hash", "reason", "key"}.difference(columns) if "hash" in columns else set()
    if missing:
        said = "expected the columns of `digest subscribers export --suppressions`; missing: "
        raise SourceError(source, 1, "hash", said + ", ".join(sorted(missing)))


def _row(
    cells: list[str], columns: Mapping[str, int], source: str, line: int, fingerprint: str
) -> Entry | SourceError:
    named = {name: bare(cells[at].strip()) if at < len(cells) else "" for name, at in columns.items()}
    if "hash" in columns:
        return _hash(named, source, line, fingerprint)
    return _address(named["email"], source, line)


def _address(text: str, source: str, line: int) -> Entry | SourceError:
    try:
        return Entry(address=read_address(text))
    except NotAnAddress as error:
        return SourceError(source, line, "email", str(error))


def _hash(named: Mapping[str, str], source: str, line: int, fingerprint: str) -> Entry | SourceError:
    if not HASH.fullmatch(named["hash"]):
        return SourceError(source, line, "hash", "expected 40 hexadecimal digits")
    if named["key"] != fingerprint:
        said = "this hash was made with another key (keys.suppression) and would stand for nobody here"
        return SourceError(source, line, "key", said)
    if not REASON.fullmatch(named["reason"]):
        return SourceError(source, line, "reason", "expected a word such as complaint")
    return Entry(hashed=named["hash"], reason=named["reason"])


def _good(
    rows: Iterable[Entry | SourceError], report: SuppressionReport, on_rejected: Callable[[SourceError], None]
) -> Iterator[Entry]:
    for row in rows:
        if isinstance(row, SourceError):
            report.rejected += 1
            on_rejected(row)
        else:
            yield row


def _suppress_all(
    session: Session, suppressions: Suppressions, rows: list[Entry], reason: str, by: str, now: datetime
) -> int:
    """Everybody in a batch, by a handful of statements whatever their number; returns how many are new."""
    canonicals = {row.address.canonical for row in rows if row.address}
    for reader in session.scalars(select(Subscriber).where(Subscriber.canonical.in_(canonicals))).all():
        take_off_one(session, reader, reason, by, now)
    reasons: dict[str, str] = {}
    for row in rows:
        hashed, why = row.hashed, row.reason
        if row.address:
            hashed, why = suppressions.hash(row.address.canonical), reason
        if liftable(reasons.get(hashed)):
            reasons[hashed] = why
    return suppressions.add_all(session, reasons, now)


def _some(session: Session, after: int) -> list[Subscriber]:
    """The next ones who could get mail, also by confirming what they asked for after they had left."""
    there = or_(
        Subscriber.status.in_((Standing.PENDING, Standing.ACTIVE)), Subscriber.requested_at.is_not(None)
    )
    query = select(Subscriber).where(there, Subscriber.id > after).order_by(Subscriber.id).limit(BATCH)
    return list(session.scalars(query))
