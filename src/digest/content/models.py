"""What the site says: tools, their reviews, the comparisons between them, and how facts moved."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from digest.db import Base, Id

FACTS = ("panel_ship", "community", "entry")  # what moves, and is worth telling readers when it has


class Tool(Base):
    """One product. Whichever comparison brings its facts, they are this one row."""

    __tablename__ = "tools"
    __table_args__ = (
        CheckConstraint("panel_ship BETWEEN 0 AND 100", name="panel_ship"),
        CheckConstraint("community BETWEEN 0 AND 100", name="community"),
    )

    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(unique=True)
    name_key: Mapped[str] = mapped_column(
        unique=True, comment="the name, case-folded: what makes two names one tool"
    )
    name: Mapped[str]
    category: Mapped[str]
    tagline: Mapped[str]
    description: Mapped[str]
    panel_ship: Mapped[int | None]
    community: Mapped[int | None]
    entry: Mapped[str | None]

    reviews: Mapped[list[Review]] = relationship(
        order_by="Review.position", cascade="all, delete-orphan", lazy="selectin"
    )


class Review(Base):
    """One reviewer's quote on one tool."""

    __tablename__ = "reviews"
    __table_args__ = (UniqueConstraint("tool_id", "position"),)

    id: Mapped[Id]
    tool_id: Mapped[int] = mapped_column(ForeignKey("tools.id", ondelete="CASCADE"))
    position: Mapped[int]
    reviewer: Mapped[str | None]
    verdict: Mapped[str | None]
    quote: Mapped[str]


class FactChange(Base):
    """A tool's panel ship, community or entry as it was before it moved."""

    __tablename__ = "fact_changes"

    id: Mapped[Id]
    tool_id: Mapped[int] = mapped_column(ForeignKey("tools.id", ondelete="CASCADE"), index=True)
    field: Mapped[str]
    before: Mapped[str | None]
    after: Mapped[str | None]
    changed_at: Mapped[datetime]


class Comparison(Base):
    """Two tools side by side; "A vs B" and "B vs A" are one row."""

    __tablename__ = "comparisons"

    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(unique=True)
    pair: Mapped[str] = mapped_column(unique=True, comment="both tool ids, the smaller first")
    title: Mapped[str]
    blurb: Mapped[str]
    url: Mapped[str | None]
    left_id: Mapped[int] = mapped_column(ForeignKey("tools.id"), index=True)
    right_id: Mapped[int] = mapped_column(ForeignKey("tools.id"), index=True)
    published_at: Mapped[datetime] = mapped_column(index=True)
    imported_at: Mapped[datetime] = mapped_column(comment="when it was first imported")
    withdrawn_at: Mapped[datetime | None]
    fingerprint: Mapped[str] = mapped_column(comment="SHA-256 of what was last imported, whichever way round")

    left: Mapped[Tool] = relationship(foreign_keys=left_id, lazy="joined", innerjoin=True)
    right: Mapped[Tool] = relationship(foreign_keys=right_id, lazy="joined", innerjoin=True)
