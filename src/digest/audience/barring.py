"""Suppress a whole file: one address a line, a CSV with the column `email`, or hashes that we exported."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import BinaryIO, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.audience.addresses import Address, NotAnAddress, read_address
from digest.audience.csv_rows import CsvRows
from digest.audience.listing import FORMULA
from digest.audience.models import Standing, Subscriber
from digest.audience.suppressing import Suppressions
from digest.db import Database
from digest.errors import SourceError

BATCH: Final = 500
REASON: Final = re.compile(r"[a-z][a-z -]{0,39}")
HASH: Final = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Barred:
    """One good row: an address, or a hash with the reason that its own list had."""

    address: Address | None = None
    hashed: str = ""
    reason: str = ""


@dataclass
class BarringReport:
    """What became of the rows."""

    suppressed: int = 0
    known: int = 0
    rejected: int = 0


def bar_file(
    database: Database,
    file: BinaryIO,
    source: str,
    *,
    suppressions: Suppressions,
    reason: str,
    by: str,
    now: datetime,
    on_rejected: Callable[[SourceError], None],
) -> BarringReport:
    """Suppress what the file names; a bad row is told at once, and the others are done all the same.

    `reason` is that of addresses, `by` what their history says. Raises SourceError for hashes without the
    columns that they need.
    """
    report, hashes = BarringReport(), False
    rows = _good(read_rows(file, source, suppressions.fingerprint), report, on_rejected)
    while batch := list(islice(rows, BATCH)):
        with database.write(lock="subscribers") as session:
            done = [_bar(session, suppressions, row, reason, by, now) for row in batch]
        report.suppressed += sum(done)
        report.known += len(done) - sum(done)
        hashes = hashes or any(row.address is None for row in batch)
    if hashes:
        take_off(database, suppressions, by, now)
    return report


def take_off(database: Database, suppressions: Suppressions, by: str, now: datetime) -> int:
    """Let everybody on the list leave whom a suppression bars; returns how many.

    A hash does not say whose it is, so all the list is gone through.
    """
    left, last = 0, 0
    while True:
        with database.write(lock="subscribers") as session:
            readers = _some(session, after=last)
            barred = suppressions.among(session, [reader.canonical for reader in readers])
            for reader in readers:
                if why := barred.get(reader.canonical):
                    address = Address(reader.email, reader.canonical)
                    suppressions.suppress(session, address, why, by, now)
                    left += 1
        if not readers:
            return left
        last = readers[-1].id


def read_rows(file: BinaryIO, source: str, fingerprint: str) -> Iterator[Barred | SourceError]:
    """Every row of the file: a CSV whose header names `email` or `hash`, or one address a line."""
    rows = CsvRows(file, source)
    columns = _header(rows.peek())
    if not columns:
        lines = rows.as_they_stand()
        yield from (_address(text, source, line) for line, text in lines if text.strip())
        return
    _require(columns, source)
    for line, cells in islice(rows, 1, None):
        if isinstance(cells, SourceError):
            yield cells
        elif any(cell.strip() for cell in cells):
            yield _row(cells, columns, source, line, fingerprint)


def _header(line: str) -> dict[str, int]:
    """The columns by name, if this first line names any that we know."""
    names = {cell.strip(' "').lower(): index for index, cell in enumerate(line.split(","))}
    return names if names.keys() & {"email", "hash"} else {}


def _require(columns: Mapping[str, int], source: str) -> None:
    missing = {"hash", "reason", "key"} - columns.keys() if "hash" in columns else set()
    if missing:
        said = "expected the columns of `digest subscribers export --suppressions`; missing: "
        raise SourceError(source, 1, "hash", said + ", ".join(sorted(missing)))


def _row(
    cells: list[str], columns: Mapping[str, int], source: str, line: int, fingerprint: str
) -> Barred | SourceError:
    named = {name: cells[index].strip() if index < len(cells) else "" for name, index in columns.items()}
    if "hash" in columns:
        return _hash(named, source, line, fingerprint)
    return _address(_bare(named["email"]), source, line)


def _address(text: str, source: str, line: int) -> Barred | SourceError:
    try:
        return Barred(address=read_address(text))
    except NotAnAddress as error:
        return SourceError(source, line, "email", str(error))


def _hash(named: Mapping[str, str], source: str, line: int, fingerprint: str) -> Barred | SourceError:
    if not HASH.fullmatch(named["hash"]):
        return SourceError(source, line, "hash", "expected 40 hexadecimal digits")
    if named["key"] != fingerprint:
        said = "this hash was made with another key (keys.suppression) and would bar nobody here"
        return SourceError(source, line, "key", said)
    if not REASON.fullmatch(named["reason"]):
        return SourceError(source, line, "reason", "expected a word such as complaint")
    return Barred(hashed=named["hash"], reason=named["reason"])


def _bare(cell: str) -> str:
    """The cell without the apostrophe by which our own export keeps it from being a formula."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell[1:]) else cell


def _good(
    rows: Iterable[Barred | SourceError], report: BarringReport, on_rejected: Callable[[SourceError], None]
) -> Iterator[Barred]:
    for row in rows:
        if isinstance(row, SourceError):
            report.rejected += 1
            on_rejected(row)
        else:
            yield row


def _bar(
    session: Session, suppressions: Suppressions, row: Barred, reason: str, by: str, now: datetime
) -> bool:
    if row.address:
        return suppressions.suppress(session, row.address, reason, by, now)
    return suppressions.hold(session, row.hashed, row.reason, now)


def _some(session: Session, after: int) -> list[Subscriber]:
    """The next ones on the list who could get mail."""
    there = Subscriber.status.in_((Standing.PENDING, Standing.ACTIVE))
    query = select(Subscriber).where(there, Subscriber.id > after).order_by(Subscriber.id).limit(BATCH)
    return list(session.scalars(query))
