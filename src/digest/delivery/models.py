"""The ledger: who is owed which mail, how it went, and who is working on it."""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import cast

from sqlalchemy import CheckConstraint, ForeignKey, Index, Table, false, text
from sqlalchemy.orm import Mapped, mapped_column

from digest.audience.models import Subscriber
from digest.db import Base, Id, word_enum
from digest.editions.models import Edition


class State(enum.StrEnum):
    """Where one delivery stands.

    pending → sending → sent | deferred | failed | unknown; deferred and (by setting) unknown go to
    sending again when due. `sending` is committed before any byte of the message leaves, the outcome
    right after, so that after a crash the rows at `sending` are exactly the ones in doubt; they become
    `unknown`. `dropped`: not sent, or not again, since its reader left, pauses, bounced, complained or is
    suppressed, its notice is out of date, or the edition was cancelled.
    """

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNKNOWN = "unknown"
    DROPPED = "dropped"


WAITING = (State.PENDING, State.DEFERRED, State.UNKNOWN)


def _partial(name: str, *columns: str, where: str, sqlite: str | None = None) -> Index:
    """An index of the few rows that matter, such as open deliveries, which does not grow with the table.

    SQLite uses it for a query that says `sqlite` in the very same words, as SQLAlchemy writes them for it.
    """
    return Index(name, *columns, sqlite_where=text(sqlite or where), postgresql_where=text(where))


class Mailing(Base):
    """One mail to be delivered: an edition to everybody, or a notice to one person."""

    __tablename__ = "mailings"
    __table_args__ = (
        CheckConstraint("(edition_id IS NULL) <> (notice IS NULL)", name="edition_or_notice"),
        _partial("ix_mailings_email", "email", where="email IS NOT NULL"),
    )

    id: Mapped[Id]
    edition_id: Mapped[int | None] = mapped_column(ForeignKey(Edition.id), unique=True)
    notice: Mapped[str | None] = mapped_column(comment="confirm, welcome, already-subscribed, goodbye")
    seed: Mapped[str] = mapped_column(
        comment="random; Message-IDs are derived from it, the same at every retry"
    )
    email: Mapped[str | None] = mapped_column(comment="where a notice goes, if not to its reader's address")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None] = mapped_column(comment="not worth sending after this")


FREE = "due_at IS NOT NULL AND worker_id IS NULL"


class Delivery(Base):
    """One mailing for one subscriber; it is free to be claimed while it has a `due_at` and no worker."""

    __tablename__ = "deliveries"
    __table_args__ = (
        _partial("ix_deliveries_free", "mailing_id", "due_at", "subscriber_id", where=FREE),
        _partial(
            "ix_deliveries_free_notices",
            "due_at",
            where=f"notice AND {FREE}",
            sqlite=f"notice = 1 AND {FREE}",
        ),
        _partial("ix_deliveries_gone", "subscriber_id", where="gone", sqlite="gone = 1"),
        _partial("ix_deliveries_claimed", "worker_id", where="worker_id IS NOT NULL"),
    )

    mailing_id: Mapped[int] = mapped_column(ForeignKey("mailings.id"), primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey(Subscriber.id, ondelete="CASCADE"), primary_key=True, index=True
    )
    state: Mapped[State] = mapped_column(word_enum(State), default=State.PENDING)
    tries: Mapped[int] = mapped_column(default=0)
    first_tried_at: Mapped[datetime | None] = mapped_column(
        comment="the deadline of retries counts from here"
    )
    doubts: Mapped[int] = mapped_column(default=0, comment="how often it ended as unknown")
    due_at: Mapped[datetime | None] = mapped_column(
        comment="not before this; None on an unknown row: held for a person"
    )
    worker_id: Mapped[int | None] = mapped_column(ForeignKey("workers.id", ondelete="SET NULL"))
    notice: Mapped[bool] = mapped_column(
        default=False, server_default=false(), comment="to one person, and before all editions"
    )
    changed_at: Mapped[datetime]
    detail: Mapped[str | None] = mapped_column(comment="what the server last said, or why it was dropped")
    gone: Mapped[bool] = mapped_column(
        default=False, comment="the server says that this mailbox does not exist"
    )


class Attempt(Base):
    """One try at a delivery and what the server said."""

    __tablename__ = "attempts"
    __table_args__ = (Index("ix_attempts_delivery", "mailing_id", "subscriber_id"),)

    id: Mapped[Id]
    mailing_id: Mapped[int]
    subscriber_id: Mapped[int]
    number: Mapped[int]
    at: Mapped[datetime]
    result: Mapped[str] = mapped_column(comment="the state it led to")
    code: Mapped[int | None]
    enhanced: Mapped[str | None]
    reply: Mapped[str | None]


class Worker(Base):
    """A process that sends. Its claims hold for as long as its heartbeat is fresh."""

    __tablename__ = "workers"

    id: Mapped[Id]
    host: Mapped[str]
    pid: Mapped[int]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(comment="last heartbeat, in real time even in a --now run")


class Pace(Base):
    """When the next mail may go: one row for all mail together, and one for each destination with a pace.

    Real time even in a --now run, since workers that share a relay may run with different ones. A row that
    is missing says "at once". `day`, `used` and `days` count for the warm-up, in the row of all mail.
    """

    __tablename__ = "paces"

    name: Mapped[str] = mapped_column(primary_key=True, comment="all, or to and a destination")
    free_at: Mapped[datetime] = mapped_column(comment="the next mail goes no sooner")
    day: Mapped[date | None] = mapped_column(comment="the last day in UTC on which anything was sent")
    used: Mapped[int] = mapped_column(default=0, comment="mails on that day")
    days: Mapped[int] = mapped_column(default=0, comment="on how many days anything was sent, that one too")


# For statements that do without the mapper.
DELIVERIES = cast("Table", Delivery.__table__)
ATTEMPTS = cast("Table", Attempt.__table__)
