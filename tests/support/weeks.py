"""Weeks of a newsroom: their editions' keys, and what happens in them that takes more than a call."""

from __future__ import annotations

from digest.app.delivering import RunReport
from digest.content.listing import withdraw
from tests.faults.smtp_server import FaultyServer
from tests.support.newsrooms import DAY, Newsroom, newsroom

W46, W47, W48, W49 = "2026-W46", "2026-W47", "2026-W48", "2026-W49"
WEEK = 7 * DAY


def send(url: str, room: Newsroom, **groups: dict[str, object]) -> RunReport:
    """A run at the room's moment, under more settings, whose mail really goes out to its one reader."""
    with (
        FaultyServer() as server,
        newsroom(url, room.clock.now(), smtp={"port": server.port}, **groups) as sender,
    ):
        report = sender.run()
        assert sorted(server.recipients) == ["a@example.org"] * report.sent
        return report


def withdrawn(room: Newsroom, slug: str) -> None:
    """Take a comparison off the site."""
    with room.app.database.write() as session:
        withdraw(session, slug, room.clock.now())
