"""Why somebody gets the next edition, or does not: as the ledger will decide it, said beforehand."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from digest.app.dossier import dossier, suppression
from digest.app.parts import App
from digest.app.slots import coming_slot
from digest.audience import joining
from digest.audience.addresses import Address
from digest.audience.models import Subscriber
from digest.clock import iso
from digest.delivery.eligible import why_no_edition
from digest.errors import NotFound


def everything_held(app: App, session: Session, address: Address) -> dict[str, Any]:
    """What is held on an address, and about the next edition; also where nothing but a suppression is.

    Raises NotFound for an address of which nothing is known.
    """
    subscriber = joining.find(session, address.canonical)
    if subscriber is not None:
        held = dossier(app, session, subscriber)
    elif kept := suppression(app, session, address.canonical):
        held = {"email": address.email, "status": None, "suppression": kept}
    else:
        raise NotFound(f"{address.email} is not on the list, and not suppressed")
    return held | {"next_edition": next_edition(app, session, subscriber)}


def next_edition(app: App, session: Session, subscriber: Subscriber | None) -> dict[str, Any]:
    """Whether they get the edition that comes next if nothing changes until then, and why, in words."""
    now = app.clock.now()
    slot = coming_slot(app, session, now)
    if subscriber is None:
        why: str | None = "nobody of this address is on the list"
    else:
        reason = app.suppressions.reason(session, subscriber.canonical)
        why = why_no_edition(subscriber.status, subscriber.paused_until, reason, max(now, slot))
    said = why or "the reader is active, not paused and not suppressed"
    return {"key": app.rhythm.key_of(slot), "at": iso(slot), "gets": why is None, "why": said}
