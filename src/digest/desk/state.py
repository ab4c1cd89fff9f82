"""Everything the page shows of an edition, as one JSON document."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from digest.app import samples
from digest.clock import iso
from digest.desk import inbox
from digest.desk.excerpts import spots
from digest.desk.fields import LONGEST_LINE, LONGEST_TEXT
from digest.desk.quotes import speakers
from digest.desk.workbench import Shown, Workbench
from digest.editions import listing
from digest.errors import RenderError
from digest.rendering.environment import template_folders

UNPLANNED: Final = "not planned yet"


def page_state(bench: Workbench, key: str | None, *, offline: bool) -> dict[str, Any]:
    """The edition called `key`, by default the coming one, with all there is to say about it."""
    shown = bench.look(key)
    editions = _editions(shown)
    return {
        "signature": shown.signature,
        "settings_problem": bench.problem,
        "newsletter": shown.app.settings.newsletter.name,
        "approval": shown.app.settings.schedule.approval,
        "timezone": shown.app.settings.schedule.timezone,
        "offline": offline,
        "most_addresses": samples.MOST_ADDRESSES,
        "longest": {"line": LONGEST_LINE, "text": LONGEST_TEXT},
        "overdue": shown.look.edition["slot"] <= (iso(shown.app.clock.now()) or ""),
        "edition": shown.look.edition,
        "inbox": _inbox(shown),
        "tools": [asdict(one) for one in speakers(shown.look.story)],
        "rendered": _rendered(shown),
        "problem": _problem(shown),
        "editions": editions,
    }


def _inbox(shown: Shown) -> dict[str, Any]:
    return {
        "sender": inbox.sender_name(shown.app.settings.newsletter.sender),
        "rows": [asdict(row) for row in inbox.rows(shown.look.subject, shown.look.preheader)],
        "phone": {"subject": inbox.PHONE.subject, "preheader": inbox.PHONE.preheader},
    }


def _rendered(shown: Shown) -> dict[str, Any] | None:
    rendered = shown.look.rendered
    if rendered is None:
        return None
    read = samples.as_read(shown.app, rendered)
    return {
        "sha256": rendered.sha256(),
        "subject": rendered.subject,
        "html_bytes": len(read.html.encode()),
        "text_bytes": len(read.text.encode()),
    }


def _problem(shown: Shown) -> dict[str, Any] | None:
    problem = shown.look.problem
    if problem is None:
        return None
    if isinstance(problem, RenderError):
        found = spots(problem, template_folders(shown.app.settings.newsletter.templates))
        return {"kind": "template", "message": str(problem), "places": [asdict(spot) for spot in found]}
    return {"kind": "empty", "message": str(problem), "places": []}


def _editions(shown: Shown) -> list[dict[str, str]]:
    """Every edition to choose from; the one shown may not be planned yet."""
    with shown.app.database.read() as session:
        found = listing.overview(session)
    if shown.look.key not in {one["key"] for one in found}:
        found.insert(0, {"key": shown.look.key, "status": UNPLANNED, "subject": ""})
    return found
