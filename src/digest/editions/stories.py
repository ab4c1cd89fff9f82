"""From an edition's rows to its story: plain values that rendering needs nothing else for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.content.models import Comparison as ComparisonRow
from digest.content.models import Tool as ToolRow
from digest.editions.models import Edition, SeenFact, reaches_readers
from digest.editions.story import Comparison, Quote, Story, Tool, Update
from digest.editions.telling import build_story

MOST_MOVED = 12
FACTS = {"panel_ship": "panel ship", "community": "community", "entry": "entry"}


def tell(session: Session, edition: Edition, base_url: str) -> Story:
    """The story of an edition as its rows stand now."""
    chosen = {voice.tool_id: tuple(voice.numbers) for voice in edition.voices}
    comparisons = [
        comparison_values(item.comparison, comparison_url(item.comparison, base_url), chosen)
        for item in edition.items
    ]
    return build_story(
        edition.key,
        comparisons,
        intro=edition.intro,
        subject=edition.own_subject,
        preheader=edition.own_preheader,
        updates=moved_since(session, edition),
    )


def comparison_url(comparison: ComparisonRow, base_url: str) -> str:
    """Where the full comparison is: the site's own address, or our page of it."""
    return comparison.url or f"{base_url}/comparisons/{comparison.slug}"


def moved_since(session: Session, edition: Edition) -> list[Update]:
    """Facts that moved since readers last saw them, of tools that this edition does not tell anyway.

    Of more than MOST_MOVED tools those readers met first are told; the others wait for the next edition.
    """
    return [update for seen in _moved(session, edition) for update in compare(seen)]


def _moved(session: Session, edition: Edition) -> list[SeenFact]:
    told = {tool.id for item in edition.items for tool in (item.comparison.left, item.comparison.right)}
    last_seen: dict[int, SeenFact] = {}
    query = select(SeenFact).join(Edition, SeenFact.edition_id == Edition.id)
    query = query.where(reaches_readers(), Edition.id != edition.id)
    query = query.order_by(Edition.approved_at, SeenFact.tool_id)
    for seen in session.scalars(query):
        last_seen[seen.tool_id] = seen
    moved = (seen for tool_id, seen in last_seen.items() if tool_id not in told and any(compare(seen)))
    return list(islice(moved, MOST_MOVED))


def compare(seen: SeenFact) -> Iterable[Update]:
    """One update for each fact of a tool that is no longer what readers saw."""
    for name, words in FACTS.items():
        before, after = getattr(seen, name), getattr(seen.tool, name)
        if before != after and after is not None:
            yield Update(seen.tool.name, words, _show(name, before), _show(name, after))


def remember(session: Session, edition: Edition) -> None:
    """Store the facts that this edition's readers will have seen: what it tells and what it updates."""
    tools = {
        tool.id: tool for item in edition.items for tool in (item.comparison.left, item.comparison.right)
    }
    tools |= {seen.tool_id: seen.tool for seen in _moved(session, edition)}
    session.add_all(_seen(edition, tools))


def _seen(edition: Edition, tools: Mapping[int, ToolRow]) -> list[SeenFact]:
    return [
        SeenFact(edition_id=edition.id, tool_id=key, **{name: getattr(tool, name) for name in FACTS})
        for key, tool in tools.items()
    ]


def _show(name: str, value: object) -> str:
    if value is None:
        return "—"
    return str(value) if name == "entry" else f"{value}%"


def comparison_values(
    row: ComparisonRow, url: str, chosen: Mapping[int, tuple[int, ...]] = MappingProxyType({})
) -> Comparison:
    """A comparison's rows as the plain values that templates get; `chosen` voices go by tool id."""
    return Comparison(
        slug=row.slug,
        title=row.title,
        blurb=row.blurb,
        url=url,
        left=_tool(row.left, chosen),
        right=_tool(row.right, chosen),
    )


def _tool(row: ToolRow, chosen: Mapping[int, tuple[int, ...]]) -> Tool:
    return Tool(
        slug=row.slug,
        name=row.name,
        category=row.category,
        tagline=row.tagline,
        description=row.description,
        panel_ship=row.panel_ship,
        community=row.community,
        entry=row.entry,
        quotes=tuple(Quote(review.quote, review.reviewer, review.verdict) for review in row.reviews),
        chosen=chosen.get(row.id, ()),
    )
