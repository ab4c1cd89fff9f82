"""Editions: one digest for one ISO week, what is in it, what is not, and why."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, ForeignKey, select
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from digest.content.models import Comparison, Tool
from digest.db import Base, Id, word_enum


class Status(enum.StrEnum):
    """Where an edition stands.

    draft → approved → sending → sent; a draft may instead be skipped (nothing new, too little) or
    cancelled by a person, as may an approved or sending one. Whichever is skipped or cancelled keeps its
    reason; a draft's says why it would be skipped as it stands. A sending one may also be paused, which is
    no status: `paused_at` and `paused_because` say so.
    """

    DRAFT = "draft"
    APPROVED = "approved"
    SENDING = "sending"
    SENT = "sent"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


SEALED = (Status.APPROVED, Status.SENDING, Status.SENT, Status.SKIPPED)
MAILED = (Status.APPROVED, Status.SENDING, Status.SENT)


class Edition(Base):
    """One digest. From approval on, `subject`, `preheader`, `html` and `text` are frozen."""

    __tablename__ = "editions"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True, comment="ISO year and week of the slot: 2026-W47")
    status: Mapped[Status] = mapped_column(word_enum(Status))
    # Of a draft: why it would be skipped.
    reason: Mapped[str | None] = mapped_column(comment="why it was skipped or cancelled")
    slot: Mapped[datetime] = mapped_column(comment="when it is to be sent")
    window_start: Mapped[datetime]
    window_end: Mapped[datetime]
    subject: Mapped[str] = mapped_column(default="")
    preheader: Mapped[str] = mapped_column(default="")
    intro: Mapped[str] = mapped_column(default="")
    own_subject: Mapped[str | None] = mapped_column(comment="the editor's subject, which planning keeps")
    own_preheader: Mapped[str | None]
    created_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
    finished_at: Mapped[datetime | None]
    mailing_began: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(
        default=1, server_default="1", comment="grows whenever what is in it changes; 0 is no edition yet"
    )
    briefly: Mapped[int] = mapped_column(
        default=0, server_default="0", comment="how many comparisons its bytes tell in one line, for size"
    )
    paused_at: Mapped[datetime | None] = mapped_column(
        comment="nothing of it is sent until somebody resumes it"
    )
    paused_because: Mapped[str | None] = mapped_column(comment="why, in a sentence for whoever resumes it")
    counted_tries: Mapped[int | None] = mapped_column(
        comment="deliveries sent or failed when it was last resumed"
    )
    counted_failures: Mapped[int | None] = mapped_column(
        comment="how many of those had failed; neither counts against it again"
    )
    html: Mapped[str | None] = mapped_column(deferred=True)
    text: Mapped[str | None] = mapped_column(deferred=True)
    marker: Mapped[str | None] = mapped_column(comment="stands where a reader's own links go")
    sha256: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    items: Mapped[list[Item]] = relationship(
        order_by="Item.position", cascade="all, delete-orphan", lazy="selectin"
    )
    left_out: Mapped[list[LeftOut]] = relationship(
        order_by="LeftOut.id", cascade="all, delete-orphan", lazy="selectin"
    )
    choices: Mapped[list[Choice]] = relationship(viewonly=True, lazy="selectin")
    voices: Mapped[list[VoiceChoice]] = relationship(viewonly=True, lazy="selectin")


def reaches_readers() -> ColumnElement[bool]:
    """Editions that were mailed, are about to be, or were stopped after mailing began."""
    return Edition.status.in_(MAILED) | ((Edition.status == Status.CANCELLED) & Edition.mailing_began)


class Item(Base):
    """A comparison in an edition, and why it is there."""

    __tablename__ = "edition_items"

    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), primary_key=True)
    comparison_id: Mapped[int] = mapped_column(ForeignKey("comparisons.id"), primary_key=True, index=True)
    position: Mapped[int]
    reason: Mapped[str]

    comparison: Mapped[Comparison] = relationship(lazy="joined", innerjoin=True)


class LeftOut(Base):
    """A comparison that was considered for an edition and is not in it, and why."""

    __tablename__ = "edition_left_out"

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), index=True)
    comparison_id: Mapped[int] = mapped_column(ForeignKey("comparisons.id"))
    reason: Mapped[str]
    reaches_readers_elsewhere: Mapped[bool] = column_property(
        select(Item.edition_id)
        .join(Edition)
        .where(Item.comparison_id == comparison_id, Item.edition_id != edition_id, reaches_readers())
        .correlate_except(Item, Edition)
        .exists()
    )

    comparison: Mapped[Comparison] = relationship(lazy="joined", innerjoin=True)


class Choice(Base):
    """What an editor decided about one comparison in one edition; planning again keeps it."""

    __tablename__ = "edition_choices"

    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), primary_key=True)
    comparison_id: Mapped[int] = mapped_column(ForeignKey("comparisons.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(comment="pin or leave_out")
    place: Mapped[int | None] = mapped_column(comment="a pinned comparison's rank among the pinned")
    reason: Mapped[str | None]


class VoiceChoice(Base):
    """Which of a tool's quotes an editor wants to hear in one edition; planning again keeps it."""

    __tablename__ = "edition_voices"

    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), primary_key=True)
    tool_id: Mapped[int] = mapped_column(ForeignKey("tools.id"), primary_key=True, index=True)
    numbers: Mapped[list[int]] = mapped_column(JSON, comment="1 is the tool's first quote")

    tool: Mapped[Tool] = relationship(lazy="joined", innerjoin=True)


class SeenFact(Base):
    """A tool's facts as an edition's readers saw them: what a later update is measured against."""

    __tablename__ = "seen_facts"

    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), primary_key=True)
    tool_id: Mapped[int] = mapped_column(ForeignKey("tools.id"), primary_key=True, index=True)
    panel_ship: Mapped[int | None]
    community: Mapped[int | None]
    entry: Mapped[str | None]

    tool: Mapped[Tool] = relationship(lazy="joined", innerjoin=True)
