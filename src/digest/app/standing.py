"""Where everything stands: what `digest status` shows and what needs a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from digest.app.delivering import require_sendable
from digest.app.looking import look
from digest.app.parts import App
from digest.app.slots import OPEN, coming_slot, stranded
from digest.app.weekly import what_is_due
from digest.audience.listing import counts as subscriber_counts
from digest.clock import iso
from digest.delivery import ledger
from digest.delivery.models import Delivery, State, Worker
from digest.editions.models import Edition, Status
from digest.editions.pausing import why_paused
from digest.editions.planning import find_edition
from digest.errors import ConfigError, RenderError


def status(app: App) -> dict[str, Any]:
    """The values of `digest status --json`."""
    now = app.clock.now()
    with app.database.read() as session:
        return {
            "now": iso(now),
            "next_edition": _next(app, session),
            "last_edition": _last(session, now),
            "deliveries": ledger.counts(session),
            "subscribers": subscriber_counts(session),
            "workers": session.scalar(select(func.count()).select_from(Worker)),
            "needs_attention": _attention(app, session),
        }


def _next(app: App, session: Session) -> dict[str, Any]:
    slot = coming_slot(app, session, app.clock.now())
    edition = find_edition(session, app.rhythm.key_of(slot))
    return {
        "key": app.rhythm.key_of(slot),
        "slot": iso(slot),
        "status": edition.status.value if edition else "not planned yet",
        "items": len(edition.items) if edition else None,
        "subject": edition.subject if edition else None,
    }


def _last(session: Session, now: datetime) -> dict[str, Any] | None:
    done = (Status.SENDING, Status.SENT, Status.SKIPPED, Status.CANCELLED)
    query = select(Edition).where(Edition.status.in_(done), Edition.window_end <= now)
    edition = session.scalar(query.order_by(Edition.slot.desc()).limit(1))
    if edition is None:
        return None
    return {
        "key": edition.key,
        "status": edition.status.value,
        "reason": edition.reason or why_paused(edition),
        "subject": edition.subject,
        "deliveries": ledger.counts(session, edition.id),
    }


def _attention(app: App, session: Session) -> list[str]:
    """One sentence for each thing that will not resolve itself."""
    now = app.clock.now()
    return [
        *_settings_that_stop_the_mail(app),
        *_due_and_held(app, now),
        *_cannot_be_rendered(app, session, now),
        *_paused(session),
        *_went_by(app, session, now),
        *_skipped_ahead(session, now),
        *_in_doubt(session),
        *_no_postal_address(app),
    ]


def _settings_that_stop_the_mail(app: App) -> list[str]:
    try:
        require_sendable(app)
    except ConfigError as error:
        return [str(error)]
    return []


def _due_and_held(app: App, now: datetime) -> list[str]:
    due = what_is_due(app, now)
    return [f"edition {due.edition}: {due.reason}"] if due.reason and due.status in (None, *OPEN) else []


def _cannot_be_rendered(app: App, session: Session, now: datetime) -> list[str]:
    """The coming edition's draft, where a template or its own words break it: no run could send it."""
    key = app.rhythm.key_of(coming_slot(app, session, now))
    edition = find_edition(session, key)
    if edition is None or edition.status is not Status.DRAFT:
        return []
    problem = look(app, key).problem
    return [f"edition {key} cannot be rendered: {problem}"] if isinstance(problem, RenderError) else []


def _paused(session: Session) -> list[str]:
    query = select(Edition).where(Edition.paused_at.is_not(None)).order_by(Edition.key)
    return [
        f"edition {one.key} is {why_paused(one)} (digest resume {one.key} goes on, "
        f"digest edition cancel {one.key} ends it)"
        for one in session.scalars(query)
    ]


def _went_by(app: App, session: Session, now: datetime) -> list[str]:
    return [
        f"edition {key} was approved and its week went by: send it (digest send) or cancel it"
        for key in stranded(app, session, now)
    ]


def _skipped_ahead(session: Session, now: datetime) -> list[str]:
    """Weeks that a mistaken `--now` has used up before they came."""
    query = select(Edition.key).where(Edition.status == Status.SKIPPED, Edition.window_end > now)
    return [
        f"edition {key} was skipped under a clock that ran ahead; `digest edition plan {key}` opens it again"
        for key in session.scalars(query.order_by(Edition.key))
    ]


def _in_doubt(session: Session) -> list[str]:
    held = select(func.count()).where(Delivery.state == State.UNKNOWN, Delivery.due_at.is_(None))
    count = session.scalar(held)
    sentence = (
        f"deliveries in doubt and held: {count}; nobody can know whether they arrived "
        "(digest send KEY --in-doubt tries them once more)"
    )
    return [sentence] if count else []


def _no_postal_address(app: App) -> list[str]:
    if app.settings.newsletter.postal_address:
        return []
    return ["newsletter.postal_address is empty; the law wants a postal address in every newsletter"]
