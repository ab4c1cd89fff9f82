"""A pause as it is felt: which week's mail comes and which does not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from digest.app import preferring
from digest.app.preferring import Absent
from digest.audience import joining
from digest.audience.addresses import read_address
from digest.audience.preferring import Pause, Resume, Wish
from digest.tokens import Purpose
from tests.faults.smtp_server import FaultyServer
from tests.support.newsrooms import DAY, HOUR, SLOT, Newsroom, newsroom

ANN, BOB = "ann@example.org", "bob@example.org"
WEEK = 7 * DAY


def choose(room: Newsroom, wish: Wish) -> Absent | None:
    """Ann presses a button."""
    with room.app.database.read() as session:
        public_id = joining.get(session, read_address(ANN)).public_id
    token = room.app.keyring.issue(Purpose.PREFERENCES, public_id, room.clock.now())
    return preferring.prefer(room.app, token, wish, source="test")


@pytest.mark.parametrize(
    ("after_edition", "weeks", "resumed", "comes"),
    [
        (HOUR, 1, False, [True, False, True, True]),
        (HOUR, 2, False, [True, False, False, True]),
        (-HOUR, 1, False, [False, True, True, True]),
        (HOUR, 12, False, [True, False, False, False]),
        (HOUR, 12, True, [True, False, True, True]),
    ],
)
def test_as_many_editions_stay_away_as_weeks_were_chosen(
    database_url: str, after_edition: timedelta, weeks: int, resumed: bool, comes: list[bool]
) -> None:
    """Real mail, four weeks long; who does not pause gets every edition."""
    with (
        FaultyServer() as server,
        newsroom(database_url, SLOT - DAY, smtp={"port": server.port}) as room,
    ):
        room.join(ANN, BOB)
        acts = [(SLOT + after_edition, Pause(weeks))] + [(SLOT + WEEK + HOUR, Resume())] * resumed
        slots = [(SLOT + week * WEEK, None) for week in range(len(comes))]
        got = []
        for moment, wish in sorted([*acts, *slots], key=lambda one: one[0]):
            room.clock.moment = moment
            if wish:
                choose(room, wish)
                continue
            room.publish_many(1)
            before = len(server.recipients)
            assert room.run().status == "sent"
            new = server.recipients[before:]
            assert BOB in new
            got.append(ANN in new)
        assert got == comes


def test_the_clocks_change_during_a_pause(database_url: str) -> None:
    """A week's pause covers the next edition, though that comes an hour later by the sun."""
    berlin: dict[str, object] = {"timezone": "Europe/Berlin"}
    october = SLOT - 4 * WEEK - 2 * HOUR  # Thursday 22 October 2026, nine o'clock in Berlin, in UTC
    with (
        FaultyServer() as server,
        newsroom(database_url, october, smtp={"port": server.port}, schedule=berlin) as room,
    ):
        room.join(ANN)
        room.clock.advance(HOUR / 2)
        choose(room, Pause(1))
        room.clock.moment = october + WEEK + HOUR  # nine o'clock again
        room.publish_many(1)
        assert room.run().status == "sent"
        assert server.recipients == []


def test_who_pauses_while_a_retry_waits_is_dropped(database_url: str) -> None:
    """The edition closes without them and says why."""
    with newsroom(database_url, SLOT) as room:
        room.join(ANN)
        room.publish_many(1)
        room.run()  # nothing listens at the relay's port
        choose(room, Pause(1))
    with FaultyServer() as server, newsroom(database_url, SLOT + HOUR, smtp={"port": server.port}) as room:
        assert room.run().status == "sent"
        assert server.recipients == []
        (delivery,) = room.rows()["deliveries"]
        assert "the reader paused until 2026-11-26T09:00:00Z" in delivery
