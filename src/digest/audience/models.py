"""Who reads: subscribers, the history of their consent, and those who must never be mailed."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from digest.db import Base, Id, word_enum


class Standing(enum.StrEnum):
    """Where an address stands; only ACTIVE ones get editions.

    pending → active → unsubscribed | bounced | complained. Only the person's own new confirmation
    leads from unsubscribed back to active; nothing but an operator leads back from complained.
    """

    PENDING = "pending"
    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class Subscriber(Base):
    """One address."""

    __tablename__ = "subscribers"

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


class Consent(Base):
    """One entry of the append-only history: who said or did what, when, and by which words."""

    __tablename__ = "consents"

    id: Mapped[Id]
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    event: Mapped[str] = mapped_column(comment="requested, confirmed, imported, unsubscribed, bounced, …")
    source: Mapped[str] = mapped_column(comment="which form, file or link")
    wording: Mapped[str | None] = mapped_column(comment="SHA-256 of the exact words consented to")


class Suppression(Base):
    """An address that must never be mailed, kept only as a keyed hash."""

    __tablename__ = "suppressions"

    address_hash: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    at: Mapped[datetime]
