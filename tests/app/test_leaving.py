"""Taken off by an operator: as by one's own link, but for the mail."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from digest.app import leaving
from digest.audience.addresses import NotAnAddress
from digest.audience.models import Consent
from digest.delivery.models import Delivery
from digest.errors import NotFound
from tests.support.newsrooms import Newsroom
from tests.support.tables import standings

ANN = "ann@example.org"


def test_taken_off_without_a_mail(room: Newsroom) -> None:
    """Once, whatever the spelling; the history says by whom."""
    room.join(ANN, "bob@example.org")
    for email in (ANN, "Ann@Example.ORG"):
        leaving.take_off(room.app, email, source="taken off by zoe")
    assert standings(room.app.database) == {ANN: "unsubscribed", "bob@example.org": "active"}
    assert room.count(Delivery) == 0
    with room.app.database.read() as session:
        history = session.execute(select(Consent.event, Consent.source)).all()
    assert [tuple(entry) for entry in history] == [("unsubscribed", "taken off by zoe")]


def test_only_who_is_there_can_be_taken_off(room: Newsroom) -> None:
    """Else it is a slip of the keyboard."""
    with pytest.raises(NotFound, match=f"{ANN} is not on the list"):
        leaving.take_off(room.app, ANN, source="test")
    with pytest.raises(NotAnAddress):
        leaving.take_off(room.app, "ann", source="test")
