"""What the editor does: the same as by command, on what was seen, and never over somebody else's work."""

from __future__ import annotations

import pytest

from digest.app import editors
from digest.editions import editing
from digest.editions.models import Status
from tests.desk.conftest import KEY, Desk
from tests.faults.smtp_server import FaultyServer


def test_words_are_kept_and_shown(desk: Desk) -> None:
    """A subject, a preheader and an intro stand in the edition, the inbox and the picture at once."""
    answer = desk.act("edit", words={"subject": "Ours", "preheader": "Read on", "intro": "Hello **you**"})
    assert answer.status_code == 200
    state = answer.json()
    assert (state["edition"]["subject"], state["edition"]["intro"]) == ("Ours", "Hello **you**")
    assert {row["subject"] for row in state["inbox"]["rows"]} == {"Ours"}
    assert "<strong" in desk.client.get("/render/desktop.html").text
    desk.act("edit", words={"subject": ""})
    assert desk.state()["edition"]["own"] == {"subject": None, "preheader": "Read on"}


def test_the_order_is_the_editors(desk: Desk) -> None:
    """What is named comes first, in that order; the rest follows."""
    last = desk.slugs()[-1]
    assert desk.act("edit", order=[last]).status_code == 200
    assert desk.slugs()[0] == last
    assert desk.state()["edition"]["items"][0]["decided"] == "pin"
    desk.act("edit", undo=last)
    assert desk.slugs()[-1] == last


def test_left_out_with_its_reason_and_pulled_in(desk: Desk) -> None:
    """The reason is kept beside it; pulling it in forgets it."""
    slug = desk.slugs()[0]
    state = desk.act("edit", leave_out=slug, reason="the prices are old").json()
    (left,) = state["edition"]["left_out"]
    assert (left["comparison"], left["decided"]) == (slug, "leave_out")
    assert "the prices are old" in left["reason"]
    assert desk.act("edit", pin=slug).json()["edition"]["left_out"] == []
    assert slug in desk.slugs()


def test_voices_are_chosen(desk: Desk) -> None:
    """Which quotes are heard is told, changed, and taken back."""
    tool = desk.state()["tools"][0]
    assert [voice["heard"] for voice in tool["voices"]] == [True, True]
    state = desk.act("edit", voices={"tool": tool["slug"], "numbers": [2]}).json()
    told = next(one for one in state["tools"] if one["slug"] == tool["slug"])
    assert told["chosen"]
    assert [voice["heard"] for voice in told["voices"]] == [False, True]
    assert desk.act("edit", voices={"tool": tool["slug"], "numbers": [9]}).status_code == 409
    desk.act("edit", voices={"tool": tool["slug"], "numbers": []})
    assert desk.room.edition(KEY).voices == []


def test_what_was_seen_is_approved(desk: Desk) -> None:
    """A week that nobody planned is planned and frozen to the bytes that were looked at."""
    seen = desk.state()["rendered"]["sha256"]
    picture = desk.client.get("/render/source").text
    state = desk.act("approve", sha256=seen).json()
    assert (state["edition"]["status"], state["edition"]["approved_by"]) == ("approved", "Ed")
    assert state["edition"]["sha256"] == seen
    assert desk.client.get("/render/source").text == picture
    assert desk.act("edit", words={"subject": "Too late"}).status_code == 409
    assert desk.act("withdraw").json()["edition"]["status"] == "draft"


def test_other_bytes_are_not_approved(desk: Desk) -> None:
    """A template that changed under the question is not frozen in the editor's name."""
    desk.act("plan")
    seen = desk.state()["rendered"]["sha256"]
    desk.template("edition/subject.txt", "Something else")
    answer = desk.act("approve", sha256=seen)
    assert (answer.status_code, answer.json()["error"]) == (409, "stale")
    assert desk.room.statuses() == {KEY: Status.DRAFT}


def test_a_week_is_skipped_and_taken_up_again(desk: Desk) -> None:
    """With its reason, which is kept."""
    state = desk.act("skip", reason="holiday").json()
    assert (state["edition"]["status"], state["edition"]["reason"]) == ("skipped", "holiday")
    assert desk.act("plan").json()["edition"]["status"] == "draft"


@pytest.mark.parametrize(("act", "fields"), [("skip", {}), ("edit", {"leave_out": "left1-vs-right1"})])
def test_a_reason_is_needed(desk: Desk, act: str, fields: dict[str, object]) -> None:
    """Blanks are none: nothing is done, and nothing stored."""
    desk.act("plan")
    before = desk.room.rows()
    answer = desk.act(act, reason=" ", **fields)
    assert (answer.status_code, answer.json()["error"]) == (409, "conflict")
    assert "reason" in answer.json()["message"]
    assert desk.room.rows() == before


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        ("edit", {"words": {"subject": "Mine"}}),
        ("edit", {"order": []}),
        ("approve", {"sha256": {"subject": "", "html": "", "text": ""}}),
        ("skip", {"reason": "holiday"}),
        ("plan", {}),
    ],
)
def test_nobody_is_overwritten_unseen(desk: Desk, act: str, fields: dict[str, object]) -> None:
    """Whoever was slower is told so, and nothing of theirs is stored."""
    desk.act("plan")
    seen = desk.state()["edition"]["version"]
    editors.edit_edition(desk.room.app, KEY, lambda _session, one: editing.set_words(one, subject="Theirs"))
    before = desk.room.rows()
    answer = desk.act(act, seen=seen, **fields)
    assert (answer.status_code, answer.json()["error"]) == (409, "stale")
    assert "somebody else changed" in answer.json()["message"]
    assert desk.room.rows() == before


def test_an_approval_is_not_withdrawn_unseen(desk: Desk) -> None:
    """Not even by somebody who looked at an older one."""
    desk.act("approve", sha256=desk.state()["rendered"]["sha256"])
    seen = desk.state()["edition"]["version"]
    editors.withdraw_approval(desk.room.app, KEY)
    desk.room.approve(KEY)
    assert desk.act("withdraw", seen=seen).json()["error"] == "stale"
    assert desk.room.statuses() == {KEY: Status.APPROVED}


def test_what_is_not_there_is_said(desk: Desk) -> None:
    """Unknown weeks, comparisons and tools."""
    assert desk.act("plan", key="2026-W99").status_code == 404
    assert desk.act("edit", pin="nobody-vs-nobody").status_code == 404
    assert desk.act("edit", voices={"tool": "nobody", "numbers": []}).status_code == 404
    assert desk.room.statuses() == {}


def test_a_test_mail_goes_to_these_and_leaves_no_trace(desk: Desk) -> None:
    """The edition as it stands, to the addresses given; what the relay says is told."""
    with FaultyServer() as server:
        smtp = desk.room.app.settings.smtp.model_copy(update={"host": "127.0.0.1", "port": server.port})
        desk.settings = desk.room.app.settings.model_copy(update={"smtp": smtp})
        before = desk.room.rows()
        answer = desk.act("test-send", addresses=["ann@example.org", "ben@example.org"])
        assert [one["sent"] for one in answer.json()["tried"]] == [True, True]
        assert sorted(server.recipients) == ["ann@example.org", "ben@example.org"]
        assert desk.act("test-send", addresses=["no address"]).status_code == 422
        assert desk.act("test-send", addresses=[]).status_code == 409
    assert desk.room.rows() == before
    assert desk.act("test-send", addresses=["ann@example.org"]).status_code == 502
