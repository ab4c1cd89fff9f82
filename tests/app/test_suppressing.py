"""What an operator has suppressed by name: all of it, or nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from digest.app.suppressing import suppress
from digest.audience.addresses import NotAnAddress
from digest.audience.models import Consent, Suppression
from digest.audience.suppressing_files import SuppressionReport
from tests.support.newsrooms import Newsroom
from tests.support.tables import standings

ANN, BOB = "ann@example.org", "bob@example.org"


def test_several_at_once(room: Newsroom) -> None:
    """Who is on the list leaves, and the history says by whom; known ones are counted apart."""
    room.join(ANN)
    done = suppress(room.app, [ANN, BOB, "Bob@example.org"], reason="complaint", source="suppressed by zoe")
    assert done == SuppressionReport(suppressed=2, known=1)
    assert standings(room.app.database) == {ANN: "complained"}
    with room.app.database.read() as session:
        assert session.scalars(select(Consent.source)).all() == ["suppressed by zoe"]
        found = room.app.suppressions.among(session, [ANN, BOB])
    assert found == {ANN: "complaint", BOB: "complaint"}


def test_none_where_one_is_no_address(room: Newsroom) -> None:
    """The good ones before it neither."""
    room.join(ANN)
    with pytest.raises(NotAnAddress):
        suppress(room.app, [ANN, "bob"], reason="complaint", source="test")
    assert standings(room.app.database) == {ANN: "active"}
    assert room.count(Suppression) == 0
