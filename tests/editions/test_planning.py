"""Editions in the database, on both engines: planned again and again, edited, and told what moved."""

from __future__ import annotations

import pytest

from digest.app import editors
from digest.content.listing import restore
from digest.editions import editing, stories
from digest.editions.models import Edition, Status
from digest.editions.planning import get_edition
from digest.errors import NotFound
from tests.support.newsrooms import DAY, HOUR, SLOT, TUESDAY, Newsroom, tool
from tests.support.weeks import W47, W48, W49, WEEK, send, withdrawn


def test_planning_twice_changes_nothing(room: Newsroom) -> None:
    """The second plan of the same moment leaves the rows as they are."""
    room.publish_many(12)
    room.plan()
    first = room.rows("id")
    room.plan()
    assert room.rows("id") == first
    assert len(room.items(W47)) == 10


def test_planning_again_takes_in_what_came_out(room: Newsroom) -> None:
    """A draft follows the site: new pages come in, the subject is written anew, the window's end moves."""
    before = room.publish("Axolotl", "Newt")
    first = room.plan()
    room.clock.advance(HOUR)
    after = room.publish(tool("Frog", 100), "Toad", published_at=room.clock.now() - HOUR / 2)
    second = room.plan()
    assert room.items(W47) == [after, before]
    assert second.window_end == first.window_end + HOUR
    assert "Frog" in second.subject


def test_the_editor_is_kept(room: Newsroom) -> None:
    """Pins, order, what is left out, subject, preheader and intro survive any number of plans."""
    slugs = room.publish_many(5)

    def edit(session: object, edition: Edition) -> None:
        editing.order(session, edition, [slugs[4], slugs[0]])  # type: ignore[arg-type]
        editing.leave_out(session, edition, slugs[1], "wrong price")  # type: ignore[arg-type]
        editing.pin(session, edition, slugs[3])  # type: ignore[arg-type]
        editing.set_words(edition, subject="Ours", preheader="Own", intro="*Hello*")

    room.plan()
    editors.edit_edition(room.app, W47, edit)
    room.clock.advance(HOUR)
    room.publish(tool("Frog", 100), "Toad", published_at=room.clock.now() - HOUR / 2)
    edition = room.plan()
    assert room.items(W47)[:3] == [slugs[4], slugs[0], slugs[3]]
    assert room.reasons(W47)[slugs[1]] == "left out by the editor: wrong price"
    assert (edition.subject, edition.preheader, edition.intro) == ("Ours", "Own", "*Hello*")


def test_an_editor_may_think_again(room: Newsroom) -> None:
    """Pin turns to leave-out and back, is forgotten, and empty words give the written ones back."""
    one, two = room.publish_many(2)
    written = room.plan().subject
    for change, shown in [
        (lambda s, e: editing.pin(s, e, one), [one, two]),
        (lambda s, e: editing.pin(s, e, one), [one, two]),
        (lambda s, e: editing.leave_out(s, e, one, "no"), [two]),
        (lambda s, e: editing.order(s, e, [one, one, two]), [one, two]),
        (lambda s, e: editing.undecide(s, e, one), [two, one]),
        (lambda s, e: editing.undecide(s, e, two), [two, one]),
    ]:
        editors.edit_edition(room.app, W47, change)
        assert room.items(W47) == shown
    editors.edit_edition(room.app, W47, lambda _, e: editing.set_words(e, subject="Ours"))
    again = editors.edit_edition(room.app, W47, lambda _, e: editing.set_words(e, subject=""))
    assert again.subject == written


def test_an_unknown_comparison_leaves_no_trace(room: Newsroom) -> None:
    """One wrong slug among several undoes the whole edit."""
    slugs = room.publish_many(2)
    room.plan()
    before = room.rows()
    with pytest.raises(NotFound):
        editors.edit_edition(room.app, W47, lambda s, e: editing.order(s, e, [*slugs, "nobody"]))
    assert room.rows() == before


def test_what_is_left_out_this_week_is_in_the_next(room: Newsroom) -> None:
    """An editor's no is for one edition."""
    one, two = room.publish_many(2)
    room.plan()
    editors.edit_edition(room.app, W47, lambda s, e: editing.leave_out(s, e, one, "later"))
    room.approve(W47)
    room.clock.advance(WEEK)
    room.plan()
    assert room.reasons(W48) == {one: "carried over", two: f"already sent in {W47}"}


def test_withdrawn_and_not_yet_published(room: Newsroom) -> None:
    """Both stay out, and come in when that changes."""
    gone = room.publish("Axolotl", "Newt", published_at=TUESDAY - DAY)
    future = room.publish("Frog", "Toad", published_at=TUESDAY + DAY)
    withdrawn(room, gone)
    edition = room.plan()
    assert room.reasons(W47) == {gone: "withdrawn", future: "not published yet"}
    assert edition.reason == "nothing new"
    with room.app.database.write() as session:
        restore(session, gone)
    room.clock.advance(2 * DAY)
    room.plan()
    assert set(room.items(W47)) == {gone, future}


def test_the_first_edition_looks_back_a_week(room: Newsroom) -> None:
    """With no edition before it there is no end to start from."""
    room.publish_many(1)
    edition = room.plan()
    assert edition.slot == SLOT
    assert (edition.window_start, edition.window_end) == (SLOT - WEEK, TUESDAY)


@pytest.mark.parametrize("how", ["approved", "skipped", "sent"])
def test_the_window_starts_where_the_last_sealed_one_ended(
    how: str, room: Newsroom, database_url: str
) -> None:
    """Whether it was approved, skipped or sent; a cancelled one does not count."""
    room.join("a@example.org")
    one = room.publish_many(1)[0]
    room.plan()
    if how == "sent":
        room.clock.moment = SLOT + HOUR
        assert send(database_url, room).sent == 1
    else:
        {"approved": room.approve, "skipped": room.skip}[how](W47)
    ended = room.edition(W47).window_end
    room.clock.moment = TUESDAY + WEEK
    edition = room.plan()
    assert room.statuses() == {W47: Status(how), W48: Status.DRAFT}
    assert (edition.window_start, edition.window_end) == (ended, TUESDAY + WEEK)
    assert room.reasons(W48) == {one: "carried over" if how == "skipped" else f"already sent in {W47}"}


def test_a_skipped_week_may_be_planned_again(room: Newsroom) -> None:
    """Planning it by name is a person's word that it may be looked at again."""
    one = room.publish_many(1)[0]
    room.plan()
    room.skip(W47)
    edition = room.plan(W47)
    assert (edition.status, edition.reason) == (Status.DRAFT, None)
    assert room.items(W47) == [one]


def test_a_sealed_edition_is_not_planned_again(room: Newsroom) -> None:
    """Approved or cancelled: the plan gives it back as it is."""
    room.publish_many(1)
    room.plan()
    room.approve(W47)
    before = room.rows()
    room.clock.advance(HOUR)
    room.plan()
    assert room.rows() == before
    room.cancel(W47)
    before = room.rows()
    assert room.plan().status is Status.CANCELLED
    assert room.rows() == before


@pytest.mark.parametrize("key", ["", "2026-W60", "next", "2025-W53"])
def test_a_key_that_is_none(key: str, room: Newsroom) -> None:
    """Nothing is planned for it."""
    with pytest.raises(NotFound):
        room.plan(key or "2026")
    assert room.statuses() == {}


# --- updates ---


def test_a_fact_that_moved_is_an_update_once(room: Newsroom) -> None:
    """Readers saw 75%; now it is 100%: one line in the next edition, none in the one after."""
    room.publish(tool("Axolotl", 75), "Newt", published_at=TUESDAY - DAY)
    room.plan()
    room.approve(W47)
    room.clock.advance(WEEK)
    room.publish("Frog", "Toad", published_at=room.clock.now() - DAY)
    room.publish(tool("Axolotl", 100, entry="Paid", community=60), "Newt")
    room.plan()
    lines = updates(room, W48)
    assert sorted(lines) == [
        "Axolotl community — 60%",
        "Axolotl entry Free Paid",
        "Axolotl panel ship 75% 100%",
    ]
    room.approve(W48)
    assert sorted(updates(room, W48)) == sorted(lines)
    assert "100%" in (room.edition(W48).text or "")
    room.clock.advance(WEEK)
    room.publish_many(1)
    room.plan()
    assert updates(room, W49) == []


def test_a_tool_that_is_told_anyway_is_no_update(room: Newsroom) -> None:
    """Its new facts stand in the edition itself; a value that went away is none either."""
    room.publish(tool("Axolotl", 75), tool("Newt", 50), published_at=TUESDAY - DAY)
    room.plan()
    room.approve(W47)
    room.clock.advance(WEEK)
    room.publish(tool("Axolotl", 100), "Frog", published_at=room.clock.now() - DAY)
    room.publish(tool("Axolotl", 100), tool("Newt", None))
    room.plan()
    assert updates(room, W48) == []


def test_updates_come_in_the_same_order_every_time(room: Newsroom) -> None:
    """Whatever order the database finds the rows in."""
    names = ["Axolotl", "Newt", "Frog", "Toad", "Olm", "Eft"]
    pairs = list(zip(names[::2], names[1::2], strict=True))
    for left, right in reversed(pairs):
        room.publish(left, right, published_at=TUESDAY - DAY)
    room.plan()
    room.approve(W47)
    room.clock.advance(WEEK)
    for left, right in pairs:
        room.publish(tool(left, 80), tool(right, 80))
    room.publish_many(1)
    room.plan()
    told = [line.split()[0] for line in updates(room, W48)]
    assert told == ["Olm", "Eft", "Frog", "Toad", "Axolotl", "Newt"]


def test_of_very_many_updates_some_wait(room: Newsroom) -> None:
    """A dozen tools an edition, so that no edition grows too large to be sent; none is forgotten."""
    pairs = [(f"Old{number}", f"Elder{number}") for number in range(10)]
    for left, right in pairs:
        room.publish(left, right, published_at=TUESDAY - DAY)
    room.plan()
    room.approve(W47)
    for left, right in pairs:
        room.publish(tool(left, 90), tool(right, 90))
    told = []
    for key in (W48, W49):
        room.clock.advance(WEEK)
        room.publish_many(1)
        room.plan()
        told.append([line.split()[0] for line in updates(room, key)])
        room.approve(key)
    assert [len(names) for names in told] == [12, 8]
    assert {name for names in told for name in names} == {name for pair in pairs for name in pair}


def updates(room: Newsroom, key: str) -> list[str]:
    """An edition's update lines."""
    with room.app.database.read() as session:
        moved = stories.moved_since(session, get_edition(session, key))
    return [f"{one.tool} {one.fact} {one.before} {one.after}" for one in moved]
