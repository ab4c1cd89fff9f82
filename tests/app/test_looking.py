"""Looking at an edition that cannot be shown."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.app.looking import Look, coming_key, look
from digest.errors import Conflict, Place, RenderError
from tests.support.newsrooms import SLOT, Newsroom, newsroom

PROBLEMS = [Conflict("nothing new"), RenderError(places=(Place("edition/body.txt", 4, "no"),))]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    """One database will do: what is told is the same on both."""
    with newsroom(f"sqlite:///{tmp_path / 'digest.db'}") as room:
        yield room


@pytest.mark.parametrize("problem", PROBLEMS, ids=["empty", "template"])
def test_a_problem_is_raised_afresh(room: Newsroom, problem: Conflict | RenderError) -> None:
    """However often somebody asks: the same words and places, and no traceback that grows."""
    story = look(room.app).story
    looked = Look("2026-W47", {}, story, None, problem)
    lengths = set()
    for _ in range(3):
        with pytest.raises(type(problem)) as raised:
            looked.require()
        assert str(raised.value) == str(problem)
        assert getattr(raised.value, "places", None) == getattr(problem, "places", None)
        lengths.add(len(traceback.extract_tb(raised.value.__traceback__)))
    assert len(lengths) == 1
    assert problem.__traceback__ is None


def test_the_coming_edition_is_the_next_open_one(room: Newsroom) -> None:
    """Until it is sealed, then the next week's."""
    room.publish_many(1)
    assert coming_key(room.app) == look(room.app).key == "2026-W47"
    room.plan("2026-W47")
    room.skip("2026-W47")
    assert coming_key(room.app) == look(room.app).key == "2026-W48"
    room.clock.moment = SLOT
    assert coming_key(room.app) == "2026-W48"
