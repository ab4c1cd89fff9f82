"""Readers whose server says that they are not there bounce, once, and are not mailed again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from digest.audience.models import Standing, Subscriber
from digest.audience.suppressing import Suppressions
from digest.db import Database
from digest.delivery.models import Delivery, Mailing, State
from digest.feedback.refusals import apply_refusals
from tests.support.tables import NOW, add_subscriber, history, standings

LATER = NOW + timedelta(hours=1)
ANN = "ann@example.org"


def deliver(session: Session, reader: Subscriber, state: State, gone: bool, at: datetime = LATER) -> None:
    """A notice to somebody that ended like that."""
    mailing = Mailing(notice="confirm", seed="x", created_at=NOW)
    session.add(mailing)
    session.flush()
    row = Delivery(mailing_id=mailing.id, subscriber_id=reader.id, state=state, gone=gone, changed_at=at)
    session.add(row)
    session.flush()


@pytest.mark.parametrize(
    ("standing", "state", "gone", "after"),
    [
        (Standing.ACTIVE, State.FAILED, True, Standing.BOUNCED),
        (Standing.PENDING, State.FAILED, True, Standing.BOUNCED),
        (Standing.ACTIVE, State.FAILED, False, Standing.ACTIVE),
        (Standing.ACTIVE, State.SENT, False, Standing.ACTIVE),
        (Standing.ACTIVE, State.DEFERRED, False, Standing.ACTIVE),
        (Standing.UNSUBSCRIBED, State.FAILED, True, Standing.UNSUBSCRIBED),
        (Standing.COMPLAINED, State.FAILED, True, Standing.COMPLAINED),
        (Standing.BOUNCED, State.FAILED, True, Standing.BOUNCED),
    ],
)
def test_who_bounces(
    database: Database,
    suppressions: Suppressions,
    standing: Standing,
    state: State,
    gone: bool,
    after: Standing,
) -> None:
    """Those that are on the list and are certainly not there; the second time changes nothing."""
    with database.write() as session:
        reader = add_subscriber(session, ANN, standing)
        deliver(session, reader, state, gone)
        deliver(session, reader, State.SENT, gone=False)
    bounced = standing is not after
    for expected in ([ANN] if bounced else [], []):
        with database.write() as session:
            assert apply_refusals(session, suppressions, LATER) == expected
    assert standings(database) == {ANN: after.value}
    with database.read() as session:
        assert suppressions.reason(session, ANN) == ("bounce" if bounced else None)
        reader = session.get_one(Subscriber, 1)
        assert [entry.event for entry in history(session, reader)] == (["bounced"] if bounced else [])


def test_a_refusal_from_before_their_last_yes_is_history(
    database: Database, suppressions: Suppressions
) -> None:
    """A mailbox that was missing once and from which somebody has confirmed since."""
    with database.write() as session:
        reader = add_subscriber(session, ANN)
        deliver(session, reader, State.FAILED, gone=True, at=NOW - timedelta(days=1))
        assert apply_refusals(session, suppressions, LATER) == []
    assert standings(database) == {ANN: "active"}
