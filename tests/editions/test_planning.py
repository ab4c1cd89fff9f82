"""Editions in the database, on both engines: planned, edited, frozen, run late, run twice."""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, datetime, timedelta

import pytest

from digest.app import editors, looking
from digest.app.delivering import RunReport
from digest.content.listing import restore, withdraw
from digest.delivery.models import Delivery, Mailing
from digest.editions import editing, stories
from digest.editions.models import Edition, SeenFact, Status
from digest.editions.planning import find_edition, get_edition
from digest.errors import Conflict, NotFound
from tests.faults.smtp_server import FaultyServer
from tests.support.newsrooms import DAY, HOUR, SLOT, TUESDAY, Newsroom, newsroom, tool

W46, W47, W48, W49 = "2026-W46", "2026-W47", "2026-W48", "2026-W49"
WEEK = 7 * DAY


def send(url: str, room: Newsroom) -> RunReport:
    """A run whose mail really goes out."""
    with FaultyServer() as server, newsroom(url, room.clock.now(), smtp={"port": server.port}) as sender:
        report = sender.run()
        assert sorted(server.recipients) == ["a@example.org"] * report.sent
        return report


def withdrawn(room: Newsroom, slug: str) -> None:
    """Take a comparison off the site."""
    with room.app.database.write() as session:
        withdraw(session, slug, room.clock.now())


def frozen(edition: Edition) -> tuple[str | None, ...]:
    """What an approved edition must never change."""
    return edition.subject, edition.html, edition.text, edition.marker, str(edition.sha256)


# --- planning ---


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


# --- freezing ---


def test_frozen_bytes_do_not_follow_the_site(room: Newsroom) -> None:
    """After approval everything about the content changes, and the edition does not."""
    slug = room.publish("Axolotl", "Newt")
    room.clock.advance(HOUR)
    room.plan()
    looked_at = looking.look(room.app, W47).require()
    room.approve(W47)
    edition = room.edition(W47)
    assert (edition.subject, edition.html, edition.text) == (
        looked_at.subject,
        looked_at.html,
        looked_at.text,
    )
    assert edition.sha256 == {
        "subject": hashlib.sha256(edition.subject.encode()).hexdigest(),
        "html": hashlib.sha256((edition.html or "").encode()).hexdigest(),
        "text": hashlib.sha256((edition.text or "").encode()).hexdigest(),
    }
    room.publish(tool("Axolotl", 1, tagline="Gone bad"), "Newt", blurb="Neither.", title="Axolotl vs Newt?!")
    withdrawn(room, slug)
    room.plan()
    assert frozen(room.edition(W47)) == frozen(edition)
    assert looking.look(room.app, W47).require() == looked_at


def test_a_frozen_edition_takes_no_edits(room: Newsroom) -> None:
    """Neither words nor items, nor a second approval."""
    one = room.publish("Axolotl", "Newt", published_at=TUESDAY - DAY)
    room.plan()
    room.approve(W47)
    before = room.rows()
    with pytest.raises(Conflict):
        room.approve(W47)
    with pytest.raises(Conflict):
        room.skip(W47)
    with pytest.raises(Conflict):
        editors.edit_edition(room.app, W47, lambda s, e: editing.pin(s, e, one))
    assert room.rows() == before


def test_an_empty_draft_is_not_approved(room: Newsroom) -> None:
    """The refusal says why there is nothing in it."""
    room.plan()
    with pytest.raises(Conflict, match="nothing new"):
        room.approve(W47)
    assert room.statuses() == {W47: Status.DRAFT}


def test_a_comparison_is_not_frozen_twice(room: Newsroom) -> None:
    """Two drafts may hold the same comparison; only one of them can be approved with it."""
    room.publish_many(2)
    room.plan(W47)
    room.plan(W48)
    room.approve(W47)
    with pytest.raises(Conflict, match="sent in 2026-W47"):
        room.approve(W48)
    assert room.plan(W48).reason == "nothing new"


def test_what_was_withdrawn_since_is_not_frozen(room: Newsroom) -> None:
    """A draft does not know yet that one of its comparisons is gone; approving it says so."""
    one, two = room.publish_many(2)
    room.plan()
    withdrawn(room, one)
    with pytest.raises(Conflict, match="withdrawn"):
        room.approve(W47)
    room.plan()
    room.approve(W47)
    assert room.items(W47) == [two]


def test_thawing_gives_the_draft_back(room: Newsroom) -> None:
    """An approval withdrawn before mailing leaves nothing frozen and nothing seen."""
    one = room.publish_many(1)[0]
    room.plan()
    room.approve(W47)
    assert room.count(SeenFact) == 2
    room.thaw(W47)
    edition = room.edition(W47)
    assert (edition.status, edition.approved_at, edition.approved_by) == (Status.DRAFT, None, None)
    assert (edition.html, edition.text, edition.marker, edition.sha256) == (None, None, None, None)
    assert room.count(SeenFact) == 0
    room.plan()
    assert room.items(W47) == [one]
    assert room.approve(W47).status is Status.APPROVED


def test_no_thaw_once_mailing_began(room: Newsroom, database_url: str) -> None:
    """What somebody has in the inbox stays as it is."""
    room.join("a@example.org")
    room.publish_many(1)
    room.clock.moment = SLOT
    send(database_url, room)
    with pytest.raises(Conflict, match="is sent"):
        room.thaw(W47)


def test_cancelling_before_mailing_frees_what_was_in_it(room: Newsroom) -> None:
    """Nobody got it: it waits for the next edition."""
    one = room.publish_many(1)[0]
    room.plan()
    room.approve(W47)
    room.cancel(W47)
    edition = room.edition(W47)
    assert (edition.status, edition.reason, edition.finished_at) == (
        Status.CANCELLED,
        "wrong prices",
        TUESDAY,
    )
    room.clock.advance(WEEK)
    room.plan()
    assert room.items(W48) == [one]


def test_cancelling_after_mailing_began_does_not(room: Newsroom) -> None:
    """Somebody may have got it: it is not sent again."""
    room.join("a@example.org")
    one = room.publish_many(1)[0]
    room.clock.moment = SLOT
    assert room.run().status == "sending"  # there is no relay
    room.cancel(W47)
    room.clock.advance(WEEK)
    room.plan()
    assert room.reasons(W48) == {one: f"already sent in {W47}"}


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


# --- the weekly run ---


def test_a_thin_week_is_carried_over(database_url: str) -> None:
    """One of two: skipped, with its reason; with the second, a week later, both go out."""
    with newsroom(database_url, SLOT, schedule={"min_items": 2}) as room:
        room.join("a@example.org")
        one = room.publish_many(1)[0]
        report = room.run()
        skipped = "too little: 1 of at least 2; they wait for the next edition"
        assert (report.edition, report.status, report.reason) == (W47, "skipped", skipped)
        assert room.reasons(W47) == {one: "carried over: fewer than 2 this week; it waits"}
        room.clock.advance(WEEK)
        two = room.publish_many(1)[0]
        assert send_in_place(database_url, room, schedule={"min_items": 2}).status == "sent"
        assert room.reasons(W48) == {one: "carried over", two: "new this week"}
        assert room.edition(W48).window_start == SLOT


def test_a_busy_week_is_capped(database_url: str) -> None:
    """Five for three places: the rest goes out a week later."""
    with newsroom(database_url, SLOT, schedule={"max_items": 3}) as room:
        room.join("a@example.org")
        slugs = room.publish_many(5)
        send_in_place(database_url, room, schedule={"max_items": 3})
        room.clock.advance(WEEK)
        send_in_place(database_url, room, schedule={"max_items": 3})
        assert sorted(room.items(W47)) == slugs[:3]
        assert sorted(room.items(W48)) == slugs[3:]


@pytest.mark.parametrize(
    ("late", "key"),
    [
        (timedelta(), W47),
        (9 * HOUR, W47),
        (4 * DAY, W47),  # a Monday, in the next ISO week
        (9 * DAY, W48),
    ],
)
def test_a_late_run(late: timedelta, key: str, room: Newsroom, database_url: str) -> None:
    """However late: one edition, of the last slot, whose window starts where the last one ended."""
    room.join("a@example.org")
    room.clock.moment = SLOT - WEEK
    room.publish_many(1)
    assert send(database_url, room).edition == W46
    room.clock.moment = SLOT + late
    missed = [
        room.publish("Axolotl", "Newt", published_at=SLOT - 5 * DAY),
        room.publish("Frog", "Toad", published_at=SLOT + late - HOUR),
    ]
    report = send(database_url, room)
    assert (report.edition, report.status, report.sent) == (key, "sent", 1)
    assert room.statuses() == {W46: Status.SENT, key: Status.SENT}
    assert set(room.items(key)) == set(missed)
    edition = room.edition(key)
    assert (edition.window_start, edition.window_end) == (SLOT - WEEK, SLOT + late)


@pytest.mark.parametrize(
    ("zone", "before", "slot", "after"),
    [
        ("Europe/Berlin", "2026-03-22T01:30", "2026-03-29T01:30", "2026-04-05T00:30"),
        ("Europe/Berlin", "2026-10-18T00:30", "2026-10-25T00:30", "2026-11-01T01:30"),
        ("America/New_York", "2026-03-01T07:30", "2026-03-08T07:30", "2026-03-15T06:30"),
        ("America/New_York", "2026-10-25T06:30", "2026-11-01T07:30", "2026-11-08T07:30"),
    ],
)
def test_the_nights_when_clocks_change(
    zone: str, before: str, slot: str, after: str, database_url: str
) -> None:
    """A run every half hour around the change: one edition a week, none early, none twice."""
    settings: dict[str, object] = {"timezone": zone, "weekday": "sunday", "time": "02:30"}
    moments = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (before, slot, after)]
    with newsroom(database_url, moments[0], schedule=settings) as room:
        room.join("a@example.org")
        for number, moment in enumerate(moments, 1):
            room.clock.moment = moment - HOUR
            room.publish_many(1)
            for _ in range(6):
                room.run()
                due = number - (room.clock.now() < moment)
                assert list(room.statuses().values()) == [Status.SENDING] * due
                room.clock.advance(HOUR / 2)
        with room.app.database.read() as session:
            keys = [room.app.rhythm.key_of(moment) for moment in moments]
            assert all(find_edition(session, key) for key in keys)


@pytest.mark.parametrize("now", ["2020-12-31", "2026-12-31", "2027-01-07"])
def test_new_year(now: str, database_url: str) -> None:
    """Week 53 and week 1 are sent like any other, each once."""
    keys = {"2020-12-31": "2020-W53", "2026-12-31": "2026-W53", "2027-01-07": "2027-W01"}
    moment = datetime.fromisoformat(now).replace(hour=9, tzinfo=UTC)
    with newsroom(database_url, moment) as room:
        room.join("a@example.org")
        room.publish_many(1)
        for _ in range(3):
            assert send_in_place(database_url, room).edition == keys[now]
            room.clock.advance(DAY)
        assert room.statuses() == {keys[now]: Status.SENT}


def send_in_place(url: str, room: Newsroom, **groups: dict[str, object]) -> RunReport:
    """A run at the room's moment, whose mail really goes out, with more settings."""
    with (
        FaultyServer() as server,
        newsroom(url, room.clock.now(), smtp={"port": server.port}, **groups) as sender,
    ):
        return sender.run()


def test_two_runs_at_once(room: Newsroom, database_url: str) -> None:
    """Two machines at the same second: one edition, one mailing, one mail each."""
    readers = [f"reader{number}@example.org" for number in range(12)]
    room.join(*readers)
    room.publish_many(3)
    room.clock.moment = SLOT
    reports: list[RunReport] = []
    start = threading.Barrier(3)
    with FaultyServer() as server:

        def run() -> None:
            with newsroom(database_url, SLOT, smtp={"port": server.port}) as own:
                start.wait(30)
                reports.append(own.run())

        threads = [threading.Thread(target=run) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sorted(server.recipients) == sorted(readers)
    assert [report.status for report in reports] == ["sent"] * 3
    assert sum(report.sent for report in reports) == len(readers)
    assert room.statuses() == {W47: Status.SENT}
    assert (room.count(Mailing), room.count(Delivery)) == (1, len(readers))


def test_two_editors_at_once(room: Newsroom) -> None:
    """Planning and approving together: one edition, approved by one of them."""
    room.publish_many(3)
    start = threading.Barrier(4)
    outcomes: list[str] = []

    def edit() -> None:
        start.wait(30)
        room.plan(W47)
        try:
            outcomes.append(room.approve(W47).status.value)
        except Conflict as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=edit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    refused = f"edition {W47} is approved; this needs one that is draft"
    assert sorted(outcomes) == ["approved", *[refused] * 3]
    assert len(room.items(W47)) == 3
