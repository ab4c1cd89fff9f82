"""Read a CSV of addresses into the list: good rows in, bad rows named, nobody revived."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import BinaryIO

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from digest.audience.addresses import Address, NotAnAddress, read_address
from digest.audience.csv_rows import CsvRows
from digest.audience.listing import FORMULA
from digest.audience.models import Consent, Standing, Subscriber
from digest.audience.suppressing import Suppressions
from digest.db import Database
from digest.errors import SourceError
from digest.tokens import new_public_id

BATCH = 1000
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One good row."""

    line: int
    address: Address
    name: str | None


@dataclass
class ImportReport:
    """What became of the rows."""

    added: int = 0
    known: int = 0  # on the list already, in whatever standing: left as they are
    suppressed: int = 0
    rejected: list[SourceError] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Every row read so far."""
        return self.added + self.known + self.suppressed + len(self.rejected)


def import_csv(
    database: Database,
    file: BinaryIO,
    source: str,
    *,
    suppressions: Suppressions,
    now: datetime,
    consent: str | None,
    on_pending: Callable[[Session, Sequence[Subscriber]], None],
    on_progress: Callable[[ImportReport], None] = lambda _: None,
) -> ImportReport:
    """Add the file's addresses, a thousand to a transaction.

    With `consent` (where and how these people agreed) new rows are active; without it they are pending, and
    `on_pending` gets them inside the same transaction, to ask them.

    Raises SourceError for an unusable header.
    """
    report = ImportReport()
    for rows in batched_rows(read_rows(file, source), report):
        with database.write(lock="subscribers") as session:
            added = _add_new(session, rows, report, suppressions, now, consent)
            _record_consent(session, added, consent, source, now)
            if not consent:
                on_pending(session, added)
        on_progress(report)
    return report


def batched_rows(rows: Iterable[Row | SourceError], report: ImportReport) -> Iterator[list[Row]]:
    """Good rows in batches; bad ones and repetitions within the batch go to the report."""
    for batch in _batches(rows):
        good: dict[str, Row] = {}
        for row in batch:
            if isinstance(row, SourceError):
                report.rejected.append(row)
            elif row.address.canonical in good:
                report.known += 1
            else:
                good[row.address.canonical] = row
        yield list(good.values())


def _batches(rows: Iterable[Row | SourceError]) -> Iterator[list[Row | SourceError]]:
    stream = iter(rows)
    while batch := list(islice(stream, BATCH)):
        yield batch


def read_rows(file: BinaryIO, source: str) -> Iterator[Row | SourceError]:
    """Every data row of a CSV with a header: `email` required, `name` optional, other columns ignored."""
    rows = iter(CsvRows(file, source))
    columns = _header(next(rows, (1, []))[1], source)
    for line, cells in rows:
        if isinstance(cells, SourceError):
            yield cells
        elif any(cell.strip() for cell in cells):
            yield _row(cells, columns, source, line)


def _header(cells: list[str] | SourceError, source: str) -> dict[str, int]:
    names = [cell.strip().lstrip("\ufeff").lower() for cell in cells] if isinstance(cells, list) else []
    if any(_is_not_utf8(name) for name in names):
        raise SourceError(source, 1, None, "expected UTF-8 text; save the file as UTF-8")
    if names.count("email") != 1:
        found = ", ".join(names)[:80] or "nothing"
        expected = "expected a header row with one column called email, separated by commas"
        raise SourceError(source, 1, "email", f"{expected}, found {found!r}")
    return {name: index for index, name in enumerate(names)}


def _row(cells: list[str], columns: dict[str, int], source: str, line: int) -> Row | SourceError:
    def cell(name: str) -> str:
        index = columns.get(name)
        return _bare(cells[index].strip()) if index is not None and index < len(cells) else ""

    if any(_is_not_utf8(text) for text in cells):
        return SourceError(source, line, None, "expected UTF-8 text; save the file as UTF-8")
    if cell("status").lower() not in ("", "active", "pending"):
        return SourceError(
            source, line, "status", f"nobody {cell('status').lower()[:40]} is brought back by an import"
        )
    try:
        address = read_address(cell("email"))
    except NotAnAddress as error:
        return SourceError(source, line, "email", str(error))
    name = " ".join(cell("name").split())[:LONGEST_NAME]
    return Row(line, address, name or None)


def _is_not_utf8(text: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in text)


def _bare(cell: str) -> str:
    """The cell without the apostrophe by which our own export keeps it from being a formula."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell[1:]) else cell


def _add_new(
    session: Session,
    rows: list[Row],
    report: ImportReport,
    suppressions: Suppressions,
    now: datetime,
    consent: str | None,
) -> list[Subscriber]:
    canonicals = [row.address.canonical for row in rows]
    known = set(session.scalars(select(Subscriber.canonical).where(Subscriber.canonical.in_(canonicals))))
    barred = suppressions.among(session, set(canonicals) - known)
    added = [
        _subscriber(row, now, consent) for row in rows if row.address.canonical not in known | barred.keys()
    ]
    report.known += len(known)
    report.suppressed += len(barred)
    report.added += len(added)
    session.add_all(added)
    session.flush()
    return added


def _subscriber(row: Row, now: datetime, consent: str | None) -> Subscriber:
    return Subscriber(
        public_id=new_public_id(),
        email=row.address.email,
        canonical=row.address.canonical,
        name=row.name,
        status=Standing.ACTIVE if consent else Standing.PENDING,
        created_at=now,
        requested_at=None if consent else now,
        confirmed_at=now if consent else None,
        departures=0,
    )


def _record_consent(
    session: Session, added: list[Subscriber], consent: str | None, source: str, now: datetime
) -> None:
    event, where = ("imported", f"{consent} ({source})") if consent else ("requested", f"import of {source}")
    entries = [{"subscriber_id": one.id, "at": now, "event": event, "source": where[:500]} for one in added]
    if entries:
        session.execute(insert(Consent), entries)
