"""Why somebody gets the next edition or does not: what is said is what the ledger then does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from digest.app.why import everything_held
from digest.audience import joining
from digest.audience.addresses import read_address
from digest.audience.models import Standing
from digest.errors import NotFound
from tests.faults.smtp_server import FaultyServer
from tests.support.newsrooms import DAY, SLOT, Newsroom, newsroom

ANN = "ann@example.org"
CASES: list[tuple[dict[str, Any], str | None, str | None]] = [
    ({}, None, None),
    ({"status": Standing.PENDING}, None, "the reader is pending"),
    ({"status": Standing.UNSUBSCRIBED}, None, "the reader is unsubscribed"),
    ({"status": Standing.COMPLAINED}, None, "the reader is complained"),
    ({"paused_until": SLOT + DAY}, None, "the reader paused until 2026-11-20T09:00:00Z"),
    ({"paused_until": SLOT - timedelta(hours=1)}, None, None),  # it will be over by then
    ({}, "complaint", "the address is suppressed"),
    ({}, "unsubscribe", "the address is suppressed"),
]


def held(room: Newsroom, email: str = ANN) -> dict[str, Any]:
    """What `subscribers show --json` says."""
    with room.app.database.read() as session:
        return everything_held(room.app, session, read_address(email))


@pytest.mark.parametrize(("changes", "suppression", "why"), CASES)
def test_it_comes_as_was_said(
    database_url: str, changes: dict[str, Any], suppression: str | None, why: str | None
) -> None:
    """Asked on Tuesday; sent on Thursday, or not."""
    with FaultyServer() as server, newsroom(database_url, smtp={"port": server.port}) as room:
        room.publish("Claude", "Axolotl")
        room.join(ANN, "bob@example.org")
        with room.app.database.write() as session:
            ann = joining.get(session, read_address(ANN))
            for name, value in changes.items():
                setattr(ann, name, value)
            if suppression:
                room.app.suppressions.add(
                    session, room.app.suppressions.hash(ANN), suppression, room.clock.now()
                )
        said = held(room)["next_edition"]
        assert said["key"] == "2026-W47"
        assert said["gets"] is (why is None)
        assert said["why"] == (why or "the reader is active, not paused and not suppressed")
        room.clock.advance(2 * DAY)
        room.run()
        assert (ANN in [mail.recipient for mail in server.received]) is said["gets"]


def test_an_address_that_is_only_suppressed(room: Newsroom) -> None:
    """Is no unknown one: it says why and since when."""
    with room.app.database.write() as session:
        room.app.suppressions.suppress(session, read_address(ANN), "complaint", "a test", room.clock.now())
    found = held(room)
    assert found["suppression"] == {"reason": "complaint", "at": "2026-11-17T09:00:00Z"}
    assert found["next_edition"]["gets"] is False
    with pytest.raises(NotFound, match="not on the list"):
        held(room, "bob@example.org")
