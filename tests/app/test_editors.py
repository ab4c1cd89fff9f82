"""What editors do, together: nobody overwrites anybody, and what is approved is what was looked at."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from digest.app import editors, looking
from digest.app.parts import App
from digest.editions import editing
from digest.editions.models import Edition, Status
from digest.errors import Conflict, NotFound, Stale
from tests.support.newsrooms import DAY, SLOT, TUESDAY, Newsroom, newsroom, tool

W47 = "2026-W47"
ACTS: dict[str, Callable[[App, int], Edition]] = {
    "edit": lambda app, seen: editors.edit_edition(
        app, W47, lambda _, e: editing.set_words(e, intro="Hi"), seen
    ),
    "approve": lambda app, seen: editors.approve(app, W47, "Ed", seen),
    "skip": lambda app, seen: editors.skip(app, W47, "holiday", seen),
    "cancel": lambda app, seen: editors.cancel(app, W47, "holiday", seen),
}
CHANGES: dict[str, Callable[[Session, Edition], None]] = {
    "subject": lambda _, e: editing.set_words(e, subject="Ours"),
    "preheader": lambda _, e: editing.set_words(e, preheader="Own"),
    "intro": lambda _, e: editing.set_words(e, intro="Hi"),
    "pin": lambda s, e: editing.order(s, e, ["alpha-vs-beta"]),
    "leave out": lambda s, e: editing.leave_out(s, e, "alpha-vs-beta", "wrong price"),
    "voices": lambda s, e: editing.choose_voices(s, e, "alpha", [2]),
}


@pytest.fixture
def slug(room: Newsroom) -> str:
    """One comparison to tell."""
    return room.publish("Alpha", "Beta", published_at=TUESDAY - DAY)


@pytest.mark.parametrize("act", ACTS)
def test_who_was_overtaken_changes_nothing(room: Newsroom, slug: str, act: str) -> None:
    """Whatever the act; with what stands now in sight it works."""
    seen = room.plan(W47).version
    now = editors.edit_edition(
        room.app, W47, lambda _, e: editing.set_words(e, subject="Quicker"), seen
    ).version
    before = room.rows()
    with pytest.raises(Stale, match="somebody else changed edition 2026-W47"):
        ACTS[act](room.app, seen)
    assert room.rows() == before
    assert ACTS[act](room.app, now).version == now + 1


@pytest.mark.parametrize("too_little", [False, True])
def test_a_run_overtakes_as_well(database_url: str, too_little: bool) -> None:
    """What was meant for the draft is not done to the edition that is on its way, or was skipped."""
    rules: dict[str, object] = {"min_items": 2 if too_little else 1}
    with newsroom(database_url, SLOT, schedule=rules) as room:
        room.publish_many(1)
        room.join("ada@example.org")
        seen = room.plan(W47).version
        assert room.run().status == ("skipped" if too_little else "sending")  # there is no relay
        before = room.rows()
        for act in ACTS.values():
            with pytest.raises(Stale, match="somebody else changed edition 2026-W47"):
                act(room.app, seen)
        assert room.rows() == before


def test_withdrawing_asks_as_well(room: Newsroom, slug: str) -> None:
    """An approval that was taken back by one and given again by another is not taken back by the first."""
    room.plan(W47)
    seen = room.approve(W47).version
    room.thaw(W47)
    room.approve(W47)
    with pytest.raises(Stale):
        editors.withdraw_approval(room.app, W47, seen - 1)
    assert room.edition(W47).status is Status.APPROVED


@pytest.mark.parametrize("act", ACTS)
def test_an_act_on_a_week_without_edition_begins_it(room: Newsroom, slug: str, act: str) -> None:
    """For who saw that there is none; for two at once only the first does."""
    assert looking.look(room.app, W47).edition["version"] == 0
    assert ACTS[act](room.app, 0).version == 2  # begun, and then changed
    with pytest.raises(Stale):
        ACTS[act](room.app, 0)


def test_without_a_version_there_must_be_an_edition(room: Newsroom, slug: str) -> None:
    """As the command line has it."""
    with pytest.raises(NotFound):
        editors.approve(room.app, W47, "Ed")


def test_only_the_bytes_that_were_seen_are_approved(room: Newsroom, slug: str) -> None:
    """A price that changed meanwhile is looked at first, even though the draft itself did not change."""
    seen = room.plan(W47).version
    shown = looking.look(room.app, W47).require().sha256()
    room.publish(tool("Alpha", entry="Paid"), "Beta", published_at=TUESDAY - DAY)
    with pytest.raises(Stale, match="look again"):
        editors.approve(room.app, W47, "Ed", seen, shown)
    assert room.edition(W47).html is None
    shown = looking.look(room.app, W47).require().sha256()
    assert editors.approve(room.app, W47, "Ed", seen, shown).sha256 == shown


def test_planning_again_is_a_new_version_only_if_something_changed(room: Newsroom, slug: str) -> None:
    """An editor at the desk is not disturbed by every run."""
    first = room.plan(W47).version
    assert room.plan(W47).version == first
    room.publish("Gamma", "Delta", published_at=TUESDAY - DAY)
    assert room.plan(W47).version == first + 1


def test_a_draft_with_nothing_in_it_is_a_draft_as_any(room: Newsroom) -> None:
    """Planned again it is the same, with the same reason; taken up after it was skipped it is another."""
    first = room.plan(W47)
    again = room.plan(W47)
    assert (again.version, again.reason) == (first.version, "nothing new")
    skipped = editors.skip(room.app, W47, "nothing new", first.version)
    assert skipped.version == first.version + 1
    assert room.plan(W47).version == skipped.version + 1


@pytest.mark.parametrize("what", CHANGES)
def test_every_change_is_a_new_version_and_only_a_change(room: Newsroom, slug: str, what: str) -> None:
    """Whatever of it an editor decided; who decides the same again has changed nothing."""
    change = CHANGES[what]
    first = room.plan(W47).version
    changed = editors.edit_edition(room.app, W47, change, first)
    assert changed.version == first + 1
    assert editors.edit_edition(room.app, W47, change, changed.version).version == changed.version


def test_chosen_voices_are_heard(room: Newsroom, slug: str) -> None:
    """In the mail, in that order, until the choice is undone; planning keeps them."""
    room.plan(W47)

    def choose(numbers: list[int]) -> str:
        editors.edit_edition(room.app, W47, lambda s, e: editing.choose_voices(s, e, "alpha", numbers))
        room.plan(W47)
        return looking.look(room.app, W47).require().text

    assert choose([2]).count("Not cheap.") == 2  # Beta says so too
    assert "Alpha is quick." not in choose([2])
    assert "Alpha is quick." in choose([])
    for wrong in ([3], [0], [1, 1]):
        with pytest.raises(Conflict, match="alpha has 2 quotes"):
            choose(wrong)
    with pytest.raises(NotFound):
        editors.edit_edition(room.app, W47, lambda s, e: editing.choose_voices(s, e, "nobody", [1]))
