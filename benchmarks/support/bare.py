"""The least that writing so many rows takes: the columns of the ledger, and no rules but at most one key."""

from __future__ import annotations

from sqlalchemy import Column, Enum, MetaData, String, Table, delete, func, insert, literal, select, text

from digest.audience.models import Standing, Subscriber
from digest.db import Database
from digest.delivery.models import DELIVERIES

KEYED, PLAIN = "bare_with_key", "bare_without_index"


class Bare:
    """Two such tables beside the ledger, in the same database."""

    def __init__(self, database: Database) -> None:
        """Makes them."""
        self._database, metadata = database, MetaData()
        own = {name: _table(name, metadata) for name in (KEYED, PLAIN)}
        self._tables = {**own, DELIVERIES.name: DELIVERIES}
        with database.write() as session:
            metadata.create_all(session.connection())

    def filled(self, name: str) -> None:
        """Write a row for each active reader, as the fan-out does."""
        table = self._tables[name]
        values = {
            "mailing_id": literal(1),
            "subscriber_id": Subscriber.id,
            "state": literal("pending"),
            "tries": literal(0),
            "doubts": literal(0),
            "due_at": func.coalesce(Subscriber.confirmed_at, Subscriber.created_at),
            "notice": literal(False),
            "changed_at": Subscriber.created_at,
            "gone": literal(False),
        }
        active = Subscriber.status == Standing.ACTIVE
        rows = select(*values.values()).where(active).order_by(Subscriber.id)
        with self._database.write() as session:
            session.execute(insert(table).from_select(list(values), rows))

    def counted(self, name: str) -> int:
        """How many rows there are."""
        with self._database.read() as session:
            return session.scalar(select(func.count()).select_from(self._tables[name])) or 0

    def emptied(self, *names: str) -> None:
        """Take all rows out of these tables."""
        with self._database.write() as session:
            for name in names:
                table = self._tables[name]
                if self._database.is_sqlite:
                    session.execute(delete(table))
                else:
                    session.execute(text(f"TRUNCATE {table.name}"))


def _table(name: str, metadata: MetaData) -> Table:
    keyed = name == KEYED
    columns = [
        Column(
            one.name,
            String(20) if isinstance(one.type, Enum) else one.type,
            nullable=one.nullable,
            primary_key=keyed and one.primary_key,
        )
        for one in DELIVERIES.c
    ]
    return Table(name, metadata, *columns)
