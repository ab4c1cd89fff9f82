"""What the page is told, and that looking leaves no trace."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from starlette.testclient import TestClient

from digest.app import samples
from digest.app.looking import look
from digest.content.listing import withdraw
from digest.errors import ConfigError
from tests.desk.conftest import ADDRESS, KEY, SECRET, Desk

LOOKS = (
    "/api/edition",
    f"/api/edition?key={KEY}",
    "/api/checks?online=1",
    "/render/desktop.html",
    "/render/dark.html",
    "/render/no-images.html",
    "/render/text",
    "/render/source",
    "/render/message.eml",
)


def test_looking_leaves_no_trace(desk: Desk) -> None:
    """Neither before a week is planned, nor as a draft, nor approved; and it is no change to follow."""
    for step in ("look", "plan", "approve"):
        if step == "plan":
            desk.room.plan(KEY)
        if step == "approve":
            desk.room.approve(KEY)
        before, signature = desk.room.rows(), desk.bench.signature()
        assert {desk.client.get(path).status_code for path in LOOKS} == {200}
        assert desk.room.rows() == before
        assert desk.bench.signature() == signature


def test_everything_is_told(desk: Desk) -> None:
    """Facts, rows of the inbox, quotes, sizes, digests and the editions to choose from."""
    state = desk.state()
    assert state["edition"]["version"] == 0
    assert state["editions"] == [{"key": KEY, "status": "not planned yet", "subject": ""}]
    assert state["inbox"]["sender"] == "Weekly AI Tool Verdicts"
    assert len(state["inbox"]["rows"]) == 3
    assert state["inbox"]["phone"] == {"subject": 41, "preheader": 90}
    assert len(state["tools"]) == 6
    assert state["rendered"]["sha256"] == look(desk.room.app, KEY).require().sha256()
    assert state["rendered"]["html_bytes"] == len(desk.client.get("/render/source").content)
    assert state["rendered"]["text_bytes"] == len(desk.client.get("/render/text").content)
    assert state["problem"] is None
    desk.room.plan(KEY)
    assert desk.state()["edition"]["version"] == 1


def test_what_no_editor_can_change_is_final(desk: Desk) -> None:
    """Sent in another edition or withdrawn; what an editor left out is not."""
    sent, withdrawn, later = desk.slugs()
    for slug in (withdrawn, later):
        desk.act("edit", leave_out=slug, reason="withdrawn by mistake")
    desk.room.approve(KEY)
    with desk.room.app.database.write() as session:
        withdraw(session, withdrawn, desk.room.clock.now())
    desk.room.plan("2026-W48")
    desk.room.publish_many(1)
    key = "2026-W48"
    answer = desk.act("edit", key=key, seen=1, leave_out=later, reason="already sent in a letter")
    left = {one["comparison"]: one["final"] for one in answer.json()["edition"]["left_out"]}
    assert left == {sent: True, withdrawn: True, later: False}


def test_the_pictures_are_the_mail(desk: Desk) -> None:
    """Source and text are the bytes as read; the message is a whole mail with both."""
    shown = samples.as_read(desk.room.app, look(desk.room.app, KEY).require())
    assert desk.client.get("/render/source").text == shown.html
    assert desk.client.get("/render/text").text == shown.text
    answer = desk.client.get("/render/message.eml")
    assert answer.headers["content-disposition"] == f'attachment; filename="{KEY}.eml"'
    mail = message_from_bytes(answer.content, policy=policy.SMTP)
    assert [part.get_content_type() for part in mail.walk()][1:] == ["text/plain", "text/html"]
    assert desk.client.get("/render/elsewhere.html").status_code == 404


@pytest.mark.parametrize("key", ["x", "2026-W54", "2025-W53", "2026-W47%00"])
def test_no_week_is_not_there(desk: Desk, key: str) -> None:
    """Said as everywhere else, and not drawn."""
    answer = desk.client.get(f"/render/source?key={key}")
    assert answer.status_code == 404
    assert "names no ISO week; expected something like 2026-W47" in answer.json()["message"]


def test_a_week_without_anything_says_why(desk: Desk) -> None:
    """Nothing to show is no failure."""
    for slug in desk.slugs():
        desk.act("edit", leave_out=slug, reason="not yet")
    state = desk.state()
    assert (state["rendered"], state["problem"]["kind"]) == (None, "empty")
    assert "nothing new" in state["problem"]["message"]
    assert desk.client.get("/render/text").status_code == 409
    assert desk.client.get("/api/checks").status_code == 409


def test_a_broken_template_shows_its_place(desk: Desk) -> None:
    """File, line, message and the source around it; mended, the picture is back."""
    desk.template("edition/body.txt", "one\ntwo\nthree\n{{ story.nonsense }}\nfive\nsix\nseven\neight\n")
    state = desk.state()
    assert state["rendered"] is None
    assert state["problem"]["kind"] == "template"
    (place,) = state["problem"]["places"]
    assert (place["file"], place["line"]) == ("edition/body.txt", 4)
    assert "nonsense" in place["message"]
    assert [(line["number"], line["here"]) for line in place["source"]] == [
        (1, False),
        (2, False),
        (3, False),
        (4, True),
        (5, False),
        (6, False),
        (7, False),
    ]
    assert place["source"][3]["text"] == "{{ story.nonsense }}"
    assert "Traceback" not in desk.client.get("/render/text").text
    desk.template("edition/body.txt", "Mended\n")
    assert desk.client.get("/render/text").text == "Mended\n"
    (desk.templates / "edition" / "body.txt").unlink()
    assert desk.state()["rendered"]["text_bytes"] > 100


def test_settings_take_effect_at_once(desk: Desk) -> None:
    """A new name is in the picture; settings that cannot be read are told, and the last good ones stay."""
    newsletter = desk.room.app.settings.newsletter.model_copy(update={"name": "The Renamed"})
    desk.settings = desk.room.app.settings.model_copy(update={"newsletter": newsletter})
    assert desk.state()["newsletter"] == "The Renamed"
    assert "The Renamed" in desk.client.get("/render/source").text
    desk.settings = ConfigError("digest.toml:12: newsletter.name: expected a text")
    state = desk.state()
    assert state["settings_problem"] == "digest.toml:12: newsletter.name: expected a text"
    assert state["newsletter"] == "The Renamed"
    desk.template("edition/subject.txt", "Templates go on")
    assert desk.state()["rendered"]["subject"] == "Templates go on"
    desk.settings = desk.room.app.settings
    assert desk.state()["settings_problem"] is None


def test_another_database_is_opened(desk: Desk) -> None:
    """Where the new one does not work, that is told and the old one stays."""
    database = desk.room.app.settings.database.model_copy(update={"url": "sqlite:////nowhere/digest.db"})
    desk.settings = desk.room.app.settings.model_copy(update={"database": database})
    state = desk.state()
    assert "there is no database yet" in state["settings_problem"]
    assert len(state["edition"]["items"]) == 3


def test_every_change_changes_the_signature(desk: Desk) -> None:
    """Templates, settings and data, each as it is committed."""
    seen = [desk.bench.signature()]

    def follow() -> None:
        seen.append(desk.bench.signature())
        assert seen[-1] == desk.bench.signature()

    desk.room.publish("New", "Newer")
    follow()
    desk.room.publish("New", "Newer", blurb="Told differently")
    follow()
    desk.room.plan(KEY)
    follow()
    desk.act("edit", words={"subject": "Ours"})
    follow()
    desk.template("edition/subject.txt", "A template")
    follow()
    desk.settings = ConfigError("broken")
    follow()
    assert len(set(seen)) == len(seen)


def test_the_desk_stays_offline_when_told(desk: Desk) -> None:
    """`--offline` wins over what the page asks for."""
    assert checked(desk.client) >= {"size", "links", "contrast"}
    assert "answering" not in checked(desk.client)
    assert "answering" in checked(desk.client, online=1)
    browser = desk.browser(f"/{SECRET}", offline=True)
    assert browser.get("/api/checks?online=1").json()["offline"]
    assert "answering" not in checked(browser, online=1)
    assert browser.get("/api/edition", headers={"Origin": ADDRESS}).json()["offline"]


def checked(browser: TestClient, **fields: int) -> set[str]:
    """The names of the checks that had something to say."""
    return {finding["check"] for finding in browser.get("/api/checks", params=fields).json()["findings"]}
