"""A comparison taken out of what is to come, and let back in."""

from __future__ import annotations

import pytest

from digest.app.withdrawing import restore, withdraw
from digest.errors import NotFound
from tests.support.newsrooms import Newsroom


def drafted(room: Newsroom) -> set[str]:
    """What stands in this week's draft, made anew."""
    return set(room.items(room.plan().key))


def test_out_and_in_again(room: Newsroom) -> None:
    """A draft follows; twice is fine."""
    slugs = set(room.publish_many(4))
    gone = min(slugs)
    for _ in range(2):
        withdraw(room.app, gone)
    assert drafted(room) == slugs - {gone}
    for _ in range(2):
        restore(room.app, gone)
    assert drafted(room) == slugs


def test_only_what_is_there(room: Newsroom) -> None:
    """Else it is a slip of the keyboard."""
    for act in (withdraw, restore):
        with pytest.raises(NotFound, match="no comparison 'a-vs-b'"):
            act(room.app, "a-vs-b")
