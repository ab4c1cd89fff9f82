"""Keys rotated while the web application runs: no link that anybody holds stops working."""

from __future__ import annotations

import json
from pathlib import Path

import httpx

from digest.app.parts import open_app
from digest.audience.joining import find
from digest.config import load_settings
from digest.tokens import Purpose
from tests.journeys.installation import READERS, Installation, installed, joined

ADA, GRACE, ZOE = READERS


def link(made: Installation, base: str, email: str) -> str:
    """A reader's unsubscribe link, signed as whatever starts at this moment would."""
    settings = load_settings(made.folder / "digest.toml", made.environment)
    with open_app(settings) as app, app.database.read() as session:
        reader = find(session, email)
        assert reader
        token = app.keyring.issue(Purpose.UNSUBSCRIBE, reader.public_id, app.clock.now())
        return f"{base}/unsubscribe/{token}"


def test_keys_are_rotated_while_serve_runs(tmp_path: Path, database_url: str) -> None:
    """Links of the old key and of each new one work at once, for looking and for one-click."""
    made = joined(installed(tmp_path, database_url, 9))
    before = (made.folder / "digest.toml").read_text("utf-8")
    with made.serving() as base, httpx.Client(trust_env=False) as browser:
        links = [link(made, base, ADA)]
        made.run("keys", "rotate")
        links.append(link(made, base, GRACE))
        made.run("keys", "rotate", "--prepare")
        made.run("keys", "rotate")
        links.append(link(made, base, ZOE))
        assert [browser.get(one).status_code for one in links] == [200] * 3
        assert [browser.post(one, content=b"List-Unsubscribe=One-Click").status_code for one in links] == [
            200
        ] * 3
        forged = links[2][:-2] + ("AA" if links[2][-2:] != "AA" else "BB")
        assert browser.get(forged).status_code == 404
    assert set(made.statuses().values()) == {"unsubscribed"}
    numbers = [(one["number"], one["signs"]) for one in json.loads(made.run("keys", "list", "--json").stdout)]
    assert numbers == [(1, False), (2, False), (3, True)]
    lines = (made.folder / "digest.toml").read_text("utf-8").splitlines()
    assert [line for line in lines if not line.startswith(("2 = ", "3 = "))] == before.splitlines()
    shown = made.run("keys", "list").stdout.decode().splitlines()
    assert shown == ["  1  checks links that it signed", "  2  checks links that it signed", "  3  signs"]


def test_what_cannot_be_rotated(tmp_path: Path) -> None:
    """It says why, and changes nothing."""
    made = installed(tmp_path, f"sqlite:///{tmp_path / 'digest.db'}", 9)
    before = (made.folder / "digest.toml").read_bytes()
    outside = Installation(made.folder, made.settings | {"KEYS__SIGNING__2": "ab" * 32})
    assert (
        b"DIGEST_KEYS__SIGNING__2: keys from the environment"
        in outside.run("keys", "rotate", exits=78).stderr
    )
    nowhere = Installation(made.folder, made.settings | {"CONFIG": str(tmp_path / "none.toml")})
    nowhere.run("keys", "rotate", exits=78)
    assert (made.folder / "digest.toml").read_bytes() == before
