"""Put comparisons into the database: new ones, changed ones, and nothing at all when nothing changed."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.content.listing import as_json
from digest.content.models import FACTS, Comparison, FactChange, Review, Tool
from digest.content.records import ComparisonRecord, ReviewRecord, ToolRecord
from digest.content.slugs import distinct_slug, name_key, slugify
from digest.db import Database
from digest.errors import SourceError

WORDS = ("name", "category", "tagline", "description")


@dataclass
class Report:
    """What an import did: slugs by outcome, and what was refused."""

    imported: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    rejected: list[SourceError] = field(default_factory=list)


def import_comparisons(
    database: Database,
    records: Iterable[ComparisonRecord | SourceError],
    *,
    now: datetime,
    published_at: datetime | None = None,
) -> Report:
    """Store each record in a transaction of its own, so that a bad one costs no good one.

    `published_at` is the publication time of new comparisons whose source does not say it; without
    it they count as published `now`.
    """
    report = Report()
    for record in records:
        if isinstance(record, SourceError):
            report.rejected.append(record)
            continue
        try:
            outcome, slug = _store(database, record, now, published_at)
        except SourceError as error:
            report.rejected.append(error)
        else:
            getattr(report, outcome).append(slug)
    return report


def _store(
    database: Database, record: ComparisonRecord, now: datetime, published_at: datetime | None
) -> tuple[str, str]:
    with database.write(lock="content") as session:
        tools = [find_tool(session, tool) for tool in record.tools]
        _require_two(record, tools)
        known = _find_comparison(session, tools)
        if known and known.fingerprint == fingerprint(record):
            return "unchanged", known.slug
        before = as_json(known) if known else None
        left, right = (
            _store_tool(session, found, tool, record, now)
            for found, tool in zip(tools, record.tools, strict=True)
        )
        if known:
            _update(known, record)
            slug, changed = known.slug, as_json(known) != before
            if not changed:
                session.rollback()  # another wording of what we know, such as our own export: keep our own
            return "updated" if changed else "unchanged", slug
        return _insert(session, record, left, right, now, published_at)


def find_tool(session: Session, tool: ToolRecord) -> Tool | None:
    """The stored tool a record speaks of: by its slug where the source gives one, else by its name."""
    if tool.slug and (found := session.scalar(select(Tool).where(Tool.slug == tool.slug))):
        return found
    return session.scalar(select(Tool).where(Tool.name_key == name_key(tool.name)))


def _require_two(record: ComparisonRecord, stored: list[Tool | None]) -> None:
    """Raise SourceError when both tools are one: as stored, by name, or by the slugs the source gives."""
    left, right = record.tools
    known_as_one = stored[0] is not None and stored[0] is stored[1]
    same_slug = left.slug is not None and left.slug == right.slug
    if known_as_one or same_slug or name_key(left.name) == name_key(right.name):
        message = "expected two different tools, found one twice"
        raise SourceError(record.source, record.line, "tools", message)


def _find_comparison(session: Session, tools: list[Tool | None]) -> Comparison | None:
    left, right = tools
    if left is None or right is None:
        return None
    return session.scalar(select(Comparison).where(Comparison.pair == _pair(left, right)))


def _pair(left: Tool, right: Tool) -> str:
    return "-".join(str(tool) for tool in sorted((left.id, right.id)))


def _store_tool(
    session: Session, known: Tool | None, tool: ToolRecord, record: ComparisonRecord, now: datetime
) -> Tool:
    if known is None:
        known = Tool(slug=_free_slug(session, tool), name_key=name_key(tool.name))
        session.add(known)
    else:
        _keep_history(session, known, tool, now)
        _rename(session, known, tool, record)
    for name in WORDS + FACTS:
        setattr(known, name, getattr(tool, name))
    _replace_reviews(session, known, tool.reviews)
    session.flush()
    return known


def _free_slug(session: Session, tool: ToolRecord) -> str:
    slug = tool.slug or slugify(tool.name)
    taken = session.scalar(select(Tool.id).where(Tool.slug == slug))
    return distinct_slug(tool.name) if taken else slug


def _rename(session: Session, known: Tool, tool: ToolRecord, record: ComparisonRecord) -> None:
    key = name_key(tool.name)
    other = session.scalar(select(Tool.slug).where(Tool.name_key == key, Tool.id != known.id))
    if other:
        message = f"expected a name of its own for {known.slug}, but {tool.name[:60]!r} is the tool {other}"
        raise SourceError(record.source, record.line, "tools.name", message)
    known.name_key = key


def _keep_history(session: Session, known: Tool, tool: ToolRecord, now: datetime) -> None:
    for name in FACTS:
        before, after = getattr(known, name), getattr(tool, name)
        if before != after:
            change = FactChange(
                tool_id=known.id, field=name, before=_word(before), after=_word(after), changed_at=now
            )
            session.add(change)


def _word(value: object) -> str | None:
    return None if value is None else str(value)


def _replace_reviews(session: Session, tool: Tool, reviews: tuple[ReviewRecord, ...]) -> None:
    stored = tuple(ReviewRecord(r.position, r.quote, r.reviewer, r.verdict) for r in tool.reviews)  # type: ignore[arg-type]
    if stored == reviews:
        return
    tool.reviews.clear()
    session.flush()  # the old positions must be gone before the new ones claim them
    tool.reviews.extend(Review(**dataclasses.asdict(review)) for review in reviews)


def _insert(
    session: Session,
    record: ComparisonRecord,
    left: Tool,
    right: Tool,
    now: datetime,
    published_at: datetime | None,
) -> tuple[str, str]:
    comparison = Comparison(
        slug=_comparison_slug(session, record, left, right),
        pair=_pair(left, right),
        title=record.title,
        blurb=record.blurb,
        url=record.url,
        left_id=left.id,
        right_id=right.id,
        published_at=record.published_at or published_at or now,
        imported_at=now,
        fingerprint=fingerprint(record),
    )
    session.add(comparison)
    return "imported", comparison.slug


def _comparison_slug(session: Session, record: ComparisonRecord, left: Tool, right: Tool) -> str:
    slug = record.slug or f"{left.slug}-vs-{right.slug}"
    taken = session.scalar(select(Comparison.id).where(Comparison.slug == slug))
    return f"{left.slug}-vs-{right.slug}-{left.id}-{right.id}" if taken else slug


def _update(known: Comparison, record: ComparisonRecord) -> None:
    plain = f"{known.left.name} vs {known.right.name}"
    known.title = plain if _is_plain_title(record) else record.title
    known.blurb = record.blurb
    known.url = record.url or known.url
    known.published_at = record.published_at or known.published_at
    known.fingerprint = fingerprint(record)


def _is_plain_title(record: ComparisonRecord) -> bool:
    """Whether the title is just the two names, either way round."""
    left, right = (name_key(tool.name) for tool in record.tools)
    return name_key(record.title) in (f"{left} vs {right}", f"{right} vs {left}")


def fingerprint(record: ComparisonRecord) -> str:
    """SHA-256 of all that a record says, the same for "A vs B" and "B vs A"."""
    tools = sorted((_tool_values(tool) for tool in record.tools), key=lambda tool: name_key(tool["name"]))
    title = "" if _is_plain_title(record) else record.title
    published = record.published_at.isoformat() if record.published_at else None
    values = [title, record.blurb, record.url, published, tools]
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _tool_values(tool: ToolRecord) -> dict[str, Any]:
    values = dataclasses.asdict(tool)
    del values["slug"]
    return values
