"""What is written into the row of a delivery that goes to nobody (any more)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, case

from digest.delivery.models import DELIVERIES, State


def dropped(reason: str | BindParameter[str], now: datetime) -> dict[str, Any]:
    """The values; that an earlier try may have arrived stays on record."""
    maybe = reason + "; an earlier try may have arrived"
    return {
        "state": State.DROPPED,
        "detail": case((DELIVERIES.c.state == State.UNKNOWN, maybe), else_=reason),
        "changed_at": now,
        "due_at": None,
        "worker_id": None,
    }
