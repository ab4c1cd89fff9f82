"""When the weekly run sends, when it waits for a person, and what it never uses up."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest

from digest.app import editors, pausing, standing, subscribing, weekly
from digest.app.delivering import RunReport
from digest.content.listing import withdraw
from digest.content.models import Comparison
from digest.delivery.models import Delivery, Mailing
from digest.editions import editing
from digest.editions.models import Edition, Status
from digest.errors import ConfigError, Conflict
from tests.faults.smtp_server import FaultyServer
from tests.support.newsrooms import DAY, HOUR, SLOT, TUESDAY, Newsroom, newsroom
from tests.support.ports import silent_port

W46, W47, W48 = "2026-W46", "2026-W47", "2026-W48"
WEEK = 7 * DAY
KEY = "ab" * 32
READER = "a@example.org"


def sent(url: str, now: datetime, **groups: dict[str, object]) -> tuple[RunReport, list[str]]:
    """A run at that moment before a willing relay: its report, and who got mail."""
    with FaultyServer() as server, newsroom(url, now, smtp={"port": server.port}, **groups) as room:
        return room.run(), server.recipients


def status(room: Newsroom) -> dict[str, Any]:
    """What `digest status --json` prints."""
    return standing.status(room.app)


def attention(room: Newsroom) -> str:
    """What needs a person."""
    return "\n".join(status(room)["needs_attention"])


def ready(room: Newsroom, now: datetime = SLOT) -> str:
    """A site with one comparison and a list with one reader."""
    room.clock.moment = now
    room.join(READER)
    return room.publish_many(1)[0]


def in_rhythm(room: Newsroom) -> None:
    """A week before has run its course, so that a missed slot is no newcomer's."""
    room.plan(W46)
    room.skip(W46)


# --- what is missing ---


def test_an_empty_site_uses_up_no_edition(room: Newsroom, database_url: str) -> None:
    """A newcomer's first run says what is missing, and the week is still there afterwards."""
    room.join(READER)
    room.clock.moment = SLOT
    report = room.run()
    assert (report.edition, report.status, report.exit_code) == (W47, None, 0)
    assert report.reason is not None
    assert "digest import" in report.reason
    assert "digest import" in attention(room)
    assert room.count(Edition) == 0
    room.publish_many(1)
    assert sent(database_url, SLOT)[1] == [READER]


def test_an_empty_list_uses_up_no_edition(room: Newsroom, database_url: str) -> None:
    """Nor does a list on which nobody is."""
    room.clock.moment = SLOT
    room.publish_many(1)
    report = room.run()
    assert (report.status, report.exit_code) == (None, 0)
    assert report.reason is not None
    assert "nobody to send to" in report.reason
    assert room.count(Edition) == 0
    room.join(READER)
    assert sent(database_url, SLOT)[1] == [READER]


def test_an_approved_edition_waits_for_the_first_reader(room: Newsroom) -> None:
    """Approved before anybody came: it stays approved, and no mailing is made of nobody."""
    room.publish_many(1)
    room.plan()
    room.approve(W47)
    room.clock.moment = SLOT
    assert room.run().status == "approved"
    assert room.count(Mailing) == 0


@pytest.mark.parametrize("missing", ["readers", "approval", "nothing"])
def test_a_dry_run_gives_the_reason_that_a_run_gives(missing: str, database_url: str) -> None:
    """Of a draft that holds too little as well: whatever a person must do is said first."""
    schedule: dict[str, object] = {
        "min_items": 3,
        "approval": "editor" if missing == "approval" else "automatic",
    }
    with newsroom(database_url, SLOT, schedule=schedule) as room:
        room.publish_many(1)
        if missing != "readers":
            room.join(READER)
        said = {"readers": "there is nobody", "approval": "it waits for an editor", "nothing": "too little"}
        assert (room.plan(W47).reason or "").startswith("too little: 1")
        dry = weekly.what_is_due(room.app, SLOT)
        assert (dry.reason or "").startswith(said[missing])
        assert f"edition {W47}: {dry.reason}" in attention(room)
        report = room.run()
        assert (report.edition, report.reason) == (dry.edition, dry.reason)


# --- nothing new ---


def test_nothing_new_is_skipped_and_the_window_moves_on(room: Newsroom, database_url: str) -> None:
    """The week is closed with its reason, once, and the next one begins where it ended."""
    ready(room)
    assert sent(database_url, SLOT)[0].status == "sent"
    for now in (SLOT + WEEK, SLOT + WEEK + HOUR):
        report, mailed = sent(database_url, now)
        assert (report.edition, report.status, report.reason) == (W48, "skipped", "nothing new")
        assert (report.exit_code, mailed) == (0, [])
    room.clock.moment = SLOT + 2 * WEEK
    room.publish_many(1)
    edition = room.plan()
    assert edition.window_start == SLOT + WEEK
    assert status(room)["last_edition"]["reason"] == "nothing new"


def test_withdrawn_comparisons_alone_are_nothing_new(room: Newsroom) -> None:
    """The site is not empty, but there is nothing to send."""
    slug = ready(room)
    with room.app.database.write() as session:
        withdraw(session, slug, SLOT)
    assert (room.run().status, room.count(Comparison)) == ("skipped", 1)


def test_before_the_slot_nothing_of_this_week_happens(room: Newsroom) -> None:
    """A draft of the coming edition is left alone until its time."""
    ready(room, SLOT - HOUR)
    room.plan(W47)
    room.run()
    assert room.statuses()[W47] is Status.DRAFT


# --- whose slot has passed ---


@pytest.mark.parametrize("before", ["nothing", "a draft", "one approved", "one cancelled"])
def test_a_newcomers_first_edition_is_not_last_weeks(before: str, room: Newsroom) -> None:
    """Imported before the slot, first run after it: it waits for this week's, whatever was begun before."""
    ready(room, SLOT - 8 * DAY)
    if before != "nothing":
        room.plan("2026-W45")
    if before == "one approved":
        room.approve("2026-W45")
    if before == "one cancelled":
        room.cancel("2026-W45")
    room.clock.moment = TUESDAY
    report = room.run()
    assert (report.edition, report.status, report.sent) == (W47, "not due", 0)
    assert W46 not in room.statuses()
    assert status(room)["next_edition"]["key"] == W47


def test_after_a_skipped_week_a_missed_slot_is_made_up(room: Newsroom, database_url: str) -> None:
    """Who runs every week, if only to find nothing, has missed the slot in earnest."""
    slug = ready(room, SLOT - 2 * WEEK)
    with room.app.database.write() as session:
        withdraw(session, slug, room.clock.now())
    assert room.run().status == "skipped"
    room.clock.moment = SLOT - WEEK - HOUR
    room.publish_many(1)
    report, mailed = sent(database_url, TUESDAY)
    assert (report.edition, report.status, mailed) == (W46, "sent", [READER])


# --- a clock set wrong ---


def test_a_run_in_the_future_empties_no_window(room: Newsroom, database_url: str) -> None:
    """`--now` with a mistyped year: later windows begin where the last real one ended; a person is told."""
    ready(room)
    assert sent(database_url, SLOT)[0].status == "sent"
    assert sent(database_url, SLOT + 160 * WEEK)[0].status == "skipped"
    room.clock.moment = SLOT + WEEK
    slug = room.publish_many(1)[0]
    edition = room.plan()
    assert (edition.window_start, edition.window_end) == (SLOT, SLOT + WEEK)
    assert room.reasons(W48)[slug] == "new this week"
    assert status(room)["last_edition"]["key"] == W47
    key = room.app.rhythm.key_of(SLOT + 160 * WEEK)
    assert f"edition {key} was skipped under a clock that ran ahead" in attention(room)
    room.plan(key)
    assert key not in attention(room)


# --- late ---


@pytest.mark.parametrize("planned", ["no draft", "draft", "approved"])
def test_an_overdue_edition_is_held(planned: str, room: Newsroom, database_url: str) -> None:
    """Past max_age it does not go out by itself, approved or not; status names it and says how to send it."""
    in_rhythm(room)
    ready(room, SLOT - HOUR)
    if planned != "no draft":
        room.plan(W47)
    if planned == "approved":
        room.approve(W47)
    late = SLOT + 6 * DAY + HOUR
    report, mailed = sent(database_url, late)
    assert (mailed, report.exit_code) == ([], 0)
    assert report.reason == f"overdue by 6 d 1 h: {weekly.UNSENT}"
    room.clock.moment = late
    assert f"edition {W47}: overdue by 6 d 1 h" in attention(room)
    assert status(room)["next_edition"]["key"] == W47
    assert room.count(Delivery) == 0


def test_a_person_may_send_what_is_overdue(room: Newsroom, database_url: str) -> None:
    """`digest send` is the word it waits for; twice sends nothing twice."""
    ready(room, SLOT - HOUR)
    room.plan(W47)
    room.approve(W47)
    late = SLOT + 6 * DAY + HOUR
    with FaultyServer() as server, newsroom(database_url, late, smtp={"port": server.port}) as own:
        assert weekly.send_edition(own.app, W47).status == "sent"
        assert weekly.send_edition(own.app, W47).status == "sent"
        assert server.recipients == [READER]
    with pytest.raises(Conflict, match="is sent"):
        room.cancel(W47)


def test_just_in_time_is_not_overdue(room: Newsroom, database_url: str) -> None:
    """To the second."""
    in_rhythm(room)
    ready(room, SLOT - HOUR)
    assert sent(database_url, SLOT + 6 * DAY)[1] == [READER]


def test_an_approved_edition_whose_week_passed_is_named(room: Newsroom) -> None:
    """Approved, then nobody ran for nine days: its comparisons are spoken for, so a person must know."""
    slug = ready(room, SLOT - HOUR)
    room.plan(W47)
    room.approve(W47)
    room.clock.moment = SLOT + 9 * DAY
    room.run()
    assert room.statuses()[W47] is Status.APPROVED
    assert room.reasons(W48)[slug] == f"already sent in {W47}"
    assert W47 in attention(room)


# --- editors ---


def test_an_editors_edition_waits_for_approval(database_url: str) -> None:
    """With approval = editor a draft stays a draft, is named, and goes out once it is approved."""
    editor: dict[str, object] = {"approval": "editor"}
    with newsroom(database_url, SLOT, schedule=editor) as room:
        ready(room)
        for _ in ("without a draft", "with one"):
            report, mailed = sent(database_url, SLOT, schedule=editor)
            assert mailed == []
            assert report.reason == "it waits for an editor's approval (digest edition approve)"
            assert f"edition {W47}: it waits for an editor's approval" in attention(room)
            assert room.plan(W47).status is Status.DRAFT
        room.approve(W47)
        assert attention(room).count(W47) == 0
        assert sent(database_url, SLOT, schedule=editor)[1] == [READER]
        assert (room.edition(W47).approved_by, room.edition(W47).status) == ("Ed", Status.SENT)


def test_an_automatic_edition_is_signed_so(room: Newsroom, database_url: str) -> None:
    """Nobody is said to have approved what nobody looked at."""
    ready(room)
    sent(database_url, SLOT)
    assert room.edition(W47).approved_by == "automatic"


@pytest.mark.parametrize("approval", ["automatic", "editor"])
def test_a_stopped_edition_stays_stopped(approval: str, database_url: str) -> None:
    """Cancelled by a person before its slot, no run brings it back."""
    groups: dict[str, dict[str, object]] = {"schedule": {"approval": approval}}
    with newsroom(database_url, SLOT - HOUR, **groups) as room:
        ready(room, SLOT - HOUR)
        room.plan(W47)
        room.cancel(W47)
    report, mailed = sent(database_url, SLOT, **groups)
    assert (report.status, report.reason, mailed) == ("cancelled", "wrong prices", [])
    with newsroom(database_url, SLOT, **groups) as room:
        assert room.statuses() == {W47: Status.CANCELLED}
        assert status(room)["next_edition"]["key"] == W48


@pytest.mark.parametrize("standing_at", [Status.DRAFT, Status.SKIPPED, Status.CANCELLED])
def test_only_what_was_approved_can_be_sent(standing_at: Status, room: Newsroom) -> None:
    """`digest send` is no way round approval."""
    ready(room)
    room.plan(W47)
    if standing_at is not Status.DRAFT:
        {Status.SKIPPED: room.skip, Status.CANCELLED: room.cancel}[standing_at](W47)
    with pytest.raises(Conflict, match=f"is {standing_at.value}"):
        weekly.send_edition(room.app, W47)


# --- settings that stop the mail ---


BROKEN: dict[str, tuple[dict[str, dict[str, object]], str]] = {
    "no keys": ({"keys": {"suppression": "cd" * 32}}, r"keys\.signing"),
    "a short suppression key": ({"keys": {"signing": {"1": KEY}, "suppression": "cd"}}, r"keys\.suppression"),
    "no password file": ({"smtp": {"password_file": "/nowhere/password"}}, r"smtp\.password_file: /nowhere"),
    "no certificate": ({"smtp": {"ca_file": "/nowhere/ca.pem"}}, r"smtp\.ca_file: /nowhere"),
}


@pytest.mark.parametrize("how", ["run", "send"])
@pytest.mark.parametrize(("groups", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_settings_that_stop_the_mail_leave_no_trace(
    how: str, groups: dict[str, dict[str, object]], said: str, database_url: str
) -> None:
    """They are found before an edition is planned or anybody owed it, and `status` names them."""
    with newsroom(database_url, SLOT) as room:
        ready(room)
        if how == "send":
            room.plan(W47)
            room.approve(W47)
        before = room.rows()
    with newsroom(database_url, SLOT, **groups) as room:
        with pytest.raises(ConfigError, match=said):
            room.run() if how == "run" else weekly.send_edition(room.app, W47)
        assert room.rows() == before
        assert re.search(said, attention(room))
    assert sent(database_url, SLOT)[1] == [READER]


# --- the postal address ---


def elsewhere(port: int = 9) -> dict[str, object]:
    """A relay that is not this machine by its name, and is all the same."""
    return {"host": "0.0.0.0", "port": port, "allow_plaintext": True}


def test_no_postal_address_no_newsletter(database_url: str) -> None:
    """Through a relay elsewhere `send` refuses, and nothing is used up."""
    with newsroom(database_url, SLOT, smtp=elsewhere()) as room:
        ready(room)
        room.plan(W47)
        room.approve(W47)
        before = room.rows()
        with pytest.raises(ConfigError, match=r"newsletter\.postal_address"):
            weekly.send_edition(room.app, W47)
        assert room.rows() == before
        assert "newsletter.postal_address is empty" in attention(room)


@pytest.mark.parametrize("planned", ["no draft", "approved"])
def test_no_postal_address_holds_up_nobody_else(planned: str, database_url: str) -> None:
    """A run leaves the edition as it is, sends the rest and ends with 78; with the address all is sent."""
    with FaultyServer() as server, newsroom(database_url, SLOT, smtp=elsewhere(server.port)) as room:
        ready(room)
        if planned == "approved":
            room.plan(W47)
            room.approve(W47)
        editions = room.statuses()
        subscribing.subscribe(room.app, "new@example.org", source="test")
        for _ in range(2):
            report = room.run()
            assert server.recipients == ["new@example.org"]
            assert (report.edition, report.exit_code) == (W47, 78)
            assert "newsletter.postal_address: expected" in str(report.stopped)
            assert room.statuses() == editions
    address: dict[str, object] = {"postal_address": "1 Example Street, 10115 Berlin"}
    assert sent(database_url, SLOT, newsletter=address)[1] == [READER]


def test_no_postal_address_is_said_before_a_relay_in_trouble(database_url: str) -> None:
    """By the dry run too: what a person must do would be hidden by what may pass."""
    with silent_port() as port, newsroom(database_url, SLOT, smtp=elsewhere(port)) as room:
        ready(room)
        subscribing.subscribe(room.app, "new@example.org", source="test")
        would = weekly.would_do(room.app, weekly.what_is_due(room.app, SLOT))
        assert would == f"it would not be sent: {weekly.NO_ADDRESS}"
        report = room.run()
        assert (str(report.stopped), report.exit_code) == (weekly.NO_ADDRESS, 78)


def test_with_a_postal_address_nothing_is_missing(database_url: str) -> None:
    """Status is quiet, and so is a relay on this machine without one."""
    address: dict[str, object] = {"postal_address": "1 Example Street, 10115 Berlin"}
    with newsroom(database_url, SLOT, newsletter=address) as room:
        ready(room)
        assert attention(room) == ""
    assert sent(database_url, SLOT)[1] == [READER]


# --- an edition that cannot be rendered ---


def test_what_cannot_be_rendered_holds_up_nobody_else(room: Newsroom, database_url: str) -> None:
    """The draft stays, the run says why and exits 1, confirm mails go out, and status asks for a person."""
    ready(room)
    room.plan(W47)
    words = "word " * 15_000
    editors.edit_edition(room.app, W47, lambda _, e: editing.set_words(e, intro=words))
    subscribing.subscribe(room.app, "new@example.org", source="test")
    report, mailed = sent(database_url, SLOT)
    assert mailed == ["new@example.org"]
    assert (report.edition, report.status, report.exit_code) == (W47, "draft", 1)
    assert "shorten its intro" in str(report.stopped)
    assert f"edition {W47} cannot be rendered" in attention(room)
    editors.edit_edition(room.app, W47, lambda _, e: editing.set_words(e, intro=""))
    assert sent(database_url, SLOT)[1] == [READER]


# --- what comes late ---


def test_what_was_not_tried_in_time_waits_for_a_person(database_url: str) -> None:
    """The relay was away from the slot on, for longer than max_age: nobody gets it late by itself."""
    with newsroom(database_url, smtp={"port": 1}) as room:
        ready(room)
        assert room.run().stopped is not None
    with FaultyServer() as server, newsroom(database_url, smtp={"port": server.port}) as room:
        room.clock.moment = SLOT + 40 * DAY
        room.run()
        assert server.recipients == []
        assert f"edition {W47} is paused" in attention(room)
        assert "not all were tried" in attention(room)
        pausing.resume(room.app, W47)
        room.run()
        assert server.recipients == [READER]
        assert "is paused" not in attention(room)


def test_a_late_edition_on_a_persons_word_is_not_paused_again(database_url: str) -> None:
    """Whoever says `digest send` knows what time it is; the next run goes on with it."""
    with newsroom(database_url, smtp={"port": 1}) as room:
        ready(room)
        editors.plan_edition(room.app, W47)
        editors.approve(room.app, W47, by="ed")
        room.clock.moment = SLOT + 40 * DAY
        assert weekly.send_edition(room.app, W47).stopped is not None
    with FaultyServer() as server, newsroom(database_url, smtp={"port": server.port}) as room:
        room.clock.moment = SLOT + 41 * DAY
        room.run()
        assert server.recipients == [READER]
