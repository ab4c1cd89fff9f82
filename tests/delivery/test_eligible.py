"""Which notices still fit when they are claimed: what they say may not be so any more."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from digest.audience.models import Standing
from digest.audience.suppressing import Suppressions
from digest.db import Database
from digest.delivery import claiming, workers
from digest.delivery.eligible import why_no_notice
from digest.delivery.models import Delivery, State
from digest.delivery.notices import owe_notice
from digest.rendering.notices import NOTICES
from tests.support.tables import NOW, add_subscriber

RULES = claiming.Rules(Suppressions(b"s" * 32))
PENDING, ACTIVE, LEFT, BOUNCED, COMPLAINED = Standing
WHO_GETS_IT = {
    "confirm": {PENDING, LEFT},
    "welcome": {ACTIVE},
    "already-subscribed": {ACTIVE},
    "goodbye": {LEFT},
    "change-address": {ACTIVE},
    "address-changed": set(Standing),
    "your-data": {ACTIVE},
}


@pytest.mark.parametrize("notice", NOTICES)
def test_whom_it_is_for(notice: str) -> None:
    """Every notice there is, and every standing."""
    fits = {one for one in Standing if why_no_notice(notice, one, asked=True) is None}
    assert fits == WHO_GETS_IT[notice]


def test_a_confirmation_that_does_not_count_any_more() -> None:
    """Its link is void, whatever they stand at."""
    assert [why_no_notice("confirm", one, asked=False) is None for one in Standing] == [False] * 5


def test_who_left_meanwhile_gets_no_welcome(database: Database) -> None:
    """Only their goodbye, and no link to their data; the ledger says why."""
    with database.write() as session:
        ann = add_subscriber(session, "ann@example.org", Standing.UNSUBSCRIBED)
        for notice in ("confirm", "welcome", "your-data", "goodbye"):
            owe_notice(session, notice, ann, NOW)
        worker = workers.register(session, NOW)
    with database.write() as session:
        jobs = claiming.claim(session, worker, RULES, NOW, 10).jobs
    assert [job.notice for job in jobs] == ["goodbye"]
    with database.read() as session:
        query = select(Delivery.detail).where(Delivery.state == State.DROPPED).order_by(Delivery.mailing_id)
        left = "the reader is unsubscribed"
        assert list(session.scalars(query)) == ["there is nothing to confirm any more", left, left]
