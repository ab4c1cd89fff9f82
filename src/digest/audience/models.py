"""Who reads: subscribers, the history of their consent, and those who must never be mailed."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from digest.db import Base, Id, word_enum


class Standing(enum.StrEnum):
    """Where an address stands; only ACTIVE ones get editions.

    pending → active → unsubscribed | bounced | complained. Only the person's own doing leads from
    unsubscribed back to active: a new confirmation, or our button within a minute. Nothing leads back from
    bounced or complained.
    """

    PENDING = "pending"
    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class Subscriber(Base):
    """One address."""

    __tablename__ = "subscribers"
    __table_args__ = (
        # The few who are about to change theirs, so that they are walked and not the list.
        Index(
            "ix_subscribers_next_email",
            "next_email",
            sqlite_where=text("next_email IS NOT NULL"),
            postgresql_where=text("next_email IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    public_id: Mapped[str] = mapped_column(
        unique=True, comment="12 random bytes in hex: all that links reveal"
    )
    email: Mapped[str] = mapped_column(comment="as mail is addressed to it, domain in ASCII")
    canonical: Mapped[str] = mapped_column(
        unique=True, comment="case-folded: what makes two spellings one address"
    )
    name: Mapped[str | None]
    status: Mapped[Standing] = mapped_column(word_enum(Standing), index=True)
    created_at: Mapped[datetime]
    requested_at: Mapped[datetime | None] = mapped_column(comment="when the last confirmation was asked for")
    confirmed_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None] = mapped_column(comment="no edition before then, at their own wish")
    departures: Mapped[int] = mapped_column(
        default=0, comment="how often they left; older confirm links are void"
    )
    language: Mapped[str | None] = mapped_column(
        comment="of pages and notices: as chosen, or of the page they subscribed on"
    )
    text_only: Mapped[bool] = mapped_column(
        default=False, server_default=false(), comment="mail without its HTML part"
    )
    next_email: Mapped[str | None] = mapped_column(comment="asked to be changed to, and not confirmed yet")
    changes: Mapped[int] = mapped_column(
        default=0, server_default="0", comment="how often they asked so; older links for that are void"
    )


class Consent(Base):
    """One entry of the append-only history: who said or did what, when, and by which words."""

    __tablename__ = "consents"
    __table_args__ = (
        Index(
            "ix_consents_client",
            "at",
            sqlite_where=text("client IS NOT NULL"),
            postgresql_where=text("client IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    event: Mapped[str] = mapped_column(comment="requested, confirmed, imported, unsubscribed, bounced, …")
    source: Mapped[str] = mapped_column(comment="which form, file or link")
    wording: Mapped[str | None] = mapped_column(comment="SHA-256 of the exact words consented to")
    client: Mapped[str | None] = mapped_column(
        comment="keyed hash of the network address it came from; emptied after a while"
    )
    note: Mapped[str | None] = mapped_column(comment="what the person said about it, or until when")


class Wording(Base):
    """The words that a consent's hash stands for: they can be shown whatever becomes of the template."""

    __tablename__ = "wordings"

    hash: Mapped[str] = mapped_column(primary_key=True, comment="SHA-256 in hexadecimal")
    text: Mapped[str]
    first_used_at: Mapped[datetime]


class Allowance(Base):
    """How often something was asked in the present span of time; names hold hashes, never an address."""

    __tablename__ = "allowances"

    name: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(index=True)
    used: Mapped[int]


class Import(Base):
    """How far a file of addresses has been read, written with its rows, so that it can go on from there."""

    __tablename__ = "imports"

    id: Mapped[Id]
    fingerprint: Mapped[str] = mapped_column(unique=True, comment="of the file and of how it is read")
    source: Mapped[str]
    offset: Mapped[int] = mapped_column(BigInteger, comment="bytes of the file that are done")
    line: Mapped[int] = mapped_column(comment="lines that are done")
    added: Mapped[int]
    asked: Mapped[int] = mapped_column(comment="of those added, who must confirm")
    repeated: Mapped[int] = mapped_column(comment="added by an earlier row of the same file")
    known: Mapped[int]
    suppressed: Mapped[int]
    rejected: Mapped[int]
    started_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Suppression(Base):
    """An address that must never be mailed, kept only as a keyed hash."""

    __tablename__ = "suppressions"

    address_hash: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    at: Mapped[datetime]
