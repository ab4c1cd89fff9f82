"""The list as an operator sees it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from typing import Any, TextIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from digest.audience.formulas import harmless
from digest.audience.models import Standing, Subscriber, Suppression
from digest.clock import iso

# The choices stand where scripts have found them: all of CHOICE_COLUMNS.
COLUMNS = (
    *("email", "name", "status", "created_at", "confirmed_at", "left_at"),
    *("paused_until", "language", "text_only"),
)
SUPPRESSION_COLUMNS = ("hash", "reason", "at", "key")


def list_subscribers(session: Session, status: Standing | None = None) -> Iterator[Subscriber]:
    """Subscribers in the order they came, streamed."""
    query = select(Subscriber).order_by(Subscriber.id).execution_options(yield_per=1000)
    if status is not None:
        query = query.where(Subscriber.status == status)
    yield from session.scalars(query)


def counts(session: Session) -> dict[str, int]:
    """How many there are of each standing; every standing is named."""
    rows = session.execute(select(Subscriber.status, func.count()).group_by(Subscriber.status)).all()
    found = {status.value: number for status, number in rows}
    return {standing.value: found.get(standing.value, 0) for standing in Standing}


def as_json(subscriber: Subscriber) -> dict[str, Any]:
    """One subscriber in the shape of `digest subscribers list --json`."""
    return {column: _plain(getattr(subscriber, column)) for column in COLUMNS}


def export_csv(session: Session, file: TextIO, status: Standing | None = None) -> int:
    """Write the list as CSV that no spreadsheet takes for formulas; returns the number of rows."""
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    number = 0
    for subscriber in list_subscribers(session, status):
        values = as_json(subscriber)
        writer.writerow([_cell(values[column]) for column in COLUMNS])
        number += 1
    return number


def export_suppressions(session: Session, file: TextIO, fingerprint: str) -> int:
    """Write every suppression as CSV: no address, only its keyed hash; returns the number of rows.

    `fingerprint` tells the key of the hashes from others: under another key they stand for nobody.
    """
    writer = csv.writer(file)
    writer.writerow(SUPPRESSION_COLUMNS)
    query = select(Suppression).order_by(Suppression.address_hash).execution_options(yield_per=1000)
    number = 0
    for one in session.scalars(query):
        writer.writerow([one.address_hash, harmless(one.reason), iso(one.at), fingerprint])
        number += 1
    return number


def _plain(value: object) -> object:
    """A value as JSON has it."""
    if isinstance(value, datetime):
        return iso(value)
    return value.value if isinstance(value, Standing) else value


def _cell(value: object) -> str:
    return harmless("" if value is None else str(value).lower() if isinstance(value, bool) else str(value))
