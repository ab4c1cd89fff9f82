"""Who may talk to the desk, and who may not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import Message

from digest.desk import guards
from digest.desk.application import create_desk
from tests.desk.conftest import ADDRESS, KEY, SECRET, Desk, opened

READ = (
    "/",
    "/static/desk.js",
    "/api/edition",
    "/api/checks",
    "/api/events",
    "/render/desktop.html",
    "/render/text",
    "/render/source",
    "/render/message.eml",
)
ACTS = ("edit", "approve", "withdraw", "skip", "plan", "test-send")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """One desk will do: the database has no say in who is let in."""
    with opened(f"sqlite:///{tmp_path / 'digest.db'}", tmp_path) as desk:
        yield desk


def post(client: TestClient, act: str, **headers: str) -> int:
    """The answer to an act that would plan the week."""
    known = {"Origin": ADDRESS, "Content-Type": "application/json", **headers}
    answer = client.post(f"/api/{act}", content=f'{{"key":"{KEY}","seen":0}}', headers=known)
    return int(answer.status_code)


def test_the_desk_lies_below_the_secret(desk: Desk) -> None:
    """Who knows it is in, without any cookie, which other ports of this machine would get as well."""
    answer = desk.browser().get(f"/{SECRET}/")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert not re.search(r'(href|src)="/', answer.text)


@pytest.mark.parametrize("secret", ["", "wrong", SECRET[:-1], SECRET + "x", "é", f"x/{SECRET}"])
def test_a_wrong_secret_opens_nothing(desk: Desk, secret: str) -> None:
    """However near the guess; nor does the secret without what is below it."""
    assert desk.browser().get(f"/{secret}/").status_code == 401
    assert desk.browser().get(f"/{SECRET}").status_code == 401


@pytest.mark.parametrize("path", READ)
def test_nothing_is_read_without_the_secret(desk: Desk, path: str) -> None:
    """Other people on this machine, who can reach the port, see nothing."""
    assert desk.browser().get(path).status_code == 401
    assert desk.browser("/another-secret-that-is-none").get(path).status_code == 401


@pytest.mark.parametrize("act", ACTS)
def test_nothing_is_done_from_elsewhere(desk: Desk, act: str) -> None:
    """Without the secret, from another site or port, or as a form: refused, and nothing is stored."""
    before = desk.room.rows()
    assert post(desk.browser(), act) == 401
    for origin in ("http://evil.example", "http://127.0.0.1:8701", "http://localhost:8700", "null", ""):
        assert post(desk.client, act, Origin=origin) == 403
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        assert post(desk.client, act, **{"Content-Type": kind}) == 415
    assert desk.client.get(f"/api/{act}").status_code == 405
    assert desk.room.rows() == before


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8700", "127.0.0.1", "127.0.0.1:8701", "127.0.0.1:8700.evil.example", ""],
)
def test_a_rebound_name_is_refused(desk: Desk, host: str) -> None:
    """A name of somebody else's that leads to this machine gets nothing, not even with the secret."""
    for path in READ:
        assert desk.client.get(path, headers={"Host": host}).status_code == 403


def test_localhost_is_this_machine(desk: Desk) -> None:
    """Both names of this machine work."""
    assert desk.client.get("/", headers={"Host": "localhost:8700"}).status_code == 200


def test_the_usual_port_is_not_in_the_address(desk: Desk) -> None:
    """Browsers leave :80 out."""
    app = create_desk(desk.bench, key=None, by="Ed", offline=True, secret=SECRET)
    browser = TestClient(app, base_url=f"http://127.0.0.1/{SECRET}")
    assert browser.get("/").status_code == 200
    assert browser.get("/", headers={"Host": "127.0.0.1:8700"}).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_pages_cannot_embed_it(desk: Desk, site: str) -> None:
    """A page on another site, or on another port of this machine, can neither frame nor fetch."""
    framed = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
    fetched = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}
    opened = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert desk.client.get("/render/desktop.html", headers=framed).status_code == 403
    assert desk.client.get("/static/desk.js", headers=fetched).status_code == 403
    assert desk.client.get("/", headers=opened).status_code == 200


def test_every_answer_is_guarded(desk: Desk) -> None:
    """Each answer, refusals and failures included, may be kept by nobody and runs no script of others."""
    for path in (
        "/",
        "/nowhere",
        "/static/desk.css",
        "/static/nothing.js",
        "/api/edition",
        "/api/edition?key=x",
    ):
        headers = desk.client.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "'unsafe-inline'" not in policy
        assert "frame-ancestors 'none'" in policy


def test_the_picture_runs_nothing(desk: Desk) -> None:
    """The email's own frame allows no script, no form, no frame."""
    for name in ("desktop", "dark", "no-images"):
        policy = desk.client.get(f"/render/{name}.html").headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "sandbox allow-same-origin" in policy
        assert "allow-scripts" not in policy
        assert "script-src" not in policy
        assert "frame-ancestors 'self'" in policy
    assert "img-src 'none'" in policy


@pytest.mark.parametrize("name", ["../desk.py", "..%2f__init__.py", "index.html", "Desk.css", ".css", "a.py"])
def test_only_our_own_files_are_served(desk: Desk, name: str) -> None:
    """No path leads out of the folder of the page."""
    assert desk.client.get(f"/static/{name}").status_code == 404


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"key": 1, "seen": 0}', b'{"seen": 0}']
)
def test_nonsense_is_answered(desk: Desk, body: bytes) -> None:
    """A body that is no request gets a message that names what is wrong."""
    headers = {"Origin": ADDRESS, "Content-Type": "application/json"}
    for act in ACTS:
        answer = desk.client.post(f"/api/{act}", content=body, headers=headers)
        assert answer.status_code == 422
        assert "expected" in answer.json()["message"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, "expected one of words"),
        ({"pin": "left1-vs-right1", "undo": "left1-vs-right1"}, "expected one of"),
        ({"words": {"subject": 7}}, "words.subject: expected a text"),
        ({"words": {"subject": "x" * 1001}}, "words.subject: expected at most 1,000"),
        ({"words": {"intro": "a\0b"}}, "words.intro"),
        ({"words": {"intro": "\ud800"}}, "words.intro"),
        ({"words": "x"}, "words: expected an object"),
        ({"order": "a"}, "order: expected a list"),
        ({"order": [1]}, "order: expected a text"),
        ({"leave_out": "left1-vs-right1"}, "reason"),
        ({"voices": {"tool": "left1", "numbers": [True]}}, "voices.numbers: expected a whole number"),
        ({"seen": -1, "pin": "x"}, "seen"),
        ({"seen": "1", "pin": "x"}, "seen"),
    ],
)
def test_a_wrong_field_is_named(desk: Desk, fields: dict[str, Any], named: str) -> None:
    """The message says which field and what was expected, and nothing is stored."""
    before = desk.room.rows()
    answer = desk.act("edit", **fields)
    assert answer.status_code == 422
    assert named in answer.json()["message"]
    assert desk.room.rows() == before


def test_too_much_is_refused(desk: Desk) -> None:
    """A body beyond a megabyte is not read to its end."""
    assert desk.act("edit", words={"intro": "x" * 1_100_000}).status_code == 413


def test_a_body_that_never_ends_is_given_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends byte by byte is told 408 in the end; a stranger is sent away before anything is read."""
    monkeypatch.setattr(guards, "BODY_SECONDS", 0.05)
    browser = desk.browser()
    assert trickle(browser, "") == 401
    assert trickle(browser, f"/{SECRET}") == 408


def trickle(browser: TestClient, below: str) -> int:
    """The answer to an act that comes byte by byte."""
    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b" ", "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    known = {"host": ADDRESS.removeprefix("http://"), "origin": ADDRESS, "content-type": "application/json"}
    headers = [(name.encode(), value.encode()) for name, value in known.items()]
    scope = {
        "type": "http",
        "method": "POST",
        "path": f"{below}/api/plan",
        "query_string": b"",
        "server": ("127.0.0.1", 8700),
        "headers": headers,
    }

    async def ask() -> None:
        await browser.app(scope, receive, send)

    asyncio.run(ask())
    return int(sent[0]["status"])
