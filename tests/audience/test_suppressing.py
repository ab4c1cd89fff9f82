"""Suppressions: which reasons a person can undo, and which never give way."""

from __future__ import annotations

import pytest

from digest.audience.addresses import read_address
from digest.audience.suppressing import Suppressions, liftable
from digest.db import Database
from tests.support.tables import NOW

ANN = read_address("ann@example.org")


@pytest.mark.parametrize(
    ("reason", "can"),
    [
        (None, True),
        ("unsubscribe", True),
        ("moved", True),
        ("erased", True),
        ("bounce", False),
        ("complaint", False),
        ("operator", False),
        ("", False),
        ("Unsubscribe", False),
    ],
)
def test_what_a_person_can_undo(reason: str | None, can: bool) -> None:
    """What they did themselves; whatever we do not know is not theirs to undo."""
    assert liftable(reason) is can


@pytest.mark.parametrize("first", ["unsubscribe", "moved", "erased", "bounce", "complaint", "operator"])
@pytest.mark.parametrize("second", ["unsubscribe", "moved", "erased", "bounce", "complaint", "operator"])
def test_no_reason_is_weakened(
    database: Database, suppressions: Suppressions, first: str, second: str
) -> None:
    """The second word counts only where the first could be undone; lifting heeds the outcome."""
    with database.write() as session:
        assert suppressions.suppress(session, ANN, first, "a test", NOW)
        assert not suppressions.suppress(session, ANN, second, "a test", NOW)
        stands = second if liftable(first) else first
        assert suppressions.reason(session, ANN.canonical) == stands
        suppressions.lift(session, ANN.canonical)
        assert suppressions.reason(session, ANN.canonical) == (None if liftable(stands) else stands)


def test_a_key_is_told_from_others_without_telling_it() -> None:
    """The same for the same key."""
    one, two = Suppressions(b"s" * 32), Suppressions(b"t" * 32)
    assert one.fingerprint == Suppressions(b"s" * 32).fingerprint != two.fingerprint
    assert len(one.fingerprint) == 8
