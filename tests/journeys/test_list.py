"""The list from outside: what an operator does with the command, one step after the other."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.faults.smtp_server import FaultyServer
from tests.journeys.installation import SLOT, Called, Installation, filled, installed

QUOTED = '"john doe"@example.org'
HERE = "ada@example.org"


@pytest.fixture
def made(tmp_path: Path) -> Installation:
    """Three readers and an edition to come."""
    return called(tmp_path, f"sqlite:///{tmp_path / 'digest.db'}")


@pytest.fixture(autouse=True)
def _at_the_keyboard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who it is that types, also where the system knows of nobody."""
    monkeypatch.setenv("LOGNAME", "ed")


def called(folder: Path, url: str) -> Installation:
    """An installation that starts no process for each command."""
    made = installed(folder, url, 9)
    return filled(Called(made.folder, made.settings))


def said(made: Installation, *words: str, exits: int = 0, given: bytes | None = None) -> str:
    """What the command prints, on both streams."""
    done = made.run("subscribers", *words, exits=exits, given=given)
    return (done.stdout + done.stderr).decode()


def test_everything_on_one_person(tmp_path: Path, database_url: str) -> None:
    """In sections, or as JSON; also for whom nothing but a suppression is left."""
    made = called(tmp_path, database_url)
    shown = said(made, "show", HERE)
    assert shown.startswith(f"{HERE}\n")
    assert "Next edition\n  2026-W" in shown
    assert "yes, the reader is active, not paused and not suppressed" in shown
    assert "Consent history\n" in shown
    held = made.json("subscribers", "show", HERE)
    assert held["next_edition"]["gets"] is True
    assert [one["event"] for one in held["consent"]] == ["imported"]
    said(made, "suppress", HERE, "new@example.org", "--reason", "bounce")
    assert "no, the address is suppressed" in said(made, "show", HERE)
    assert made.json("subscribers", "show", HERE)["consent"][-1]["source"] == "suppressed by ed"
    assert "Suppression\n  bounce, since" in said(made, "show", "new@example.org")
    assert "not on the list" in said(made, "show", "nobody@example.org", exits=1)


def test_erasing_asks_first(made: Installation) -> None:
    """Unless told not to; afterwards there is only the suppression, and an import changes nothing."""
    assert "Erase all that is held on" in said(made, "erase", HERE, exits=1, given=b"n\n")
    assert HERE in made.statuses()
    assert "erased" in said(made, "erase", HERE, given=b"y\n")
    assert HERE not in made.statuses()
    assert made.json("subscribers", "show", HERE)["suppression"]["reason"] == "erased"
    again = f"email\n{HERE}\n".encode()
    said(made, "import", "-", "--consent", "an old sheet", given=again)
    assert HERE not in made.statuses()
    assert "suppressed all the same" in said(made, "erase", "nobody@example.org", "--yes")
    assert "expected an address" in said(made, "erase", "nobody", "--yes", exits=1)


def test_lists_and_files(made: Installation, tmp_path: Path) -> None:
    """What is exported can be listed, suppressed, and carried elsewhere as hashes."""
    listed = json.loads(said(made, "list", "--status", "active", "--json"))
    assert len(listed) == 3
    assert (listed[0]["email"], listed[0]["status"], listed[0]["text_only"]) == (HERE, "active", False)
    assert json.loads(said(made, "list", "--status", "bounced", "--json")) == []
    gone = tmp_path / "gone.txt"
    gone.write_text(f"{HERE}\nnobody\n{QUOTED}\n", encoding="utf-8")
    shown = said(made, "suppress", "--file", str(gone), exits=1)
    assert "gone.txt:2: email: expected an address" in shown
    assert "2 suppressed, 0 were so already, 1 rejected" in shown
    hashes = tmp_path / "hashes.csv"
    said(made, "export", str(hashes), "--suppressions")
    assert hashes.stat().st_mode & 0o777 == 0o600
    text = hashes.read_text(encoding="utf-8")
    assert "@" not in text
    assert len(list(csv.reader(io.StringIO(text)))) == 3
    assert "0 suppressed, 2 were so already" in said(made, "suppress", "--file", str(hashes))
    for words in (("suppress",), ("suppress", HERE, "--file", str(gone))):
        assert "expected addresses, or --file" in said(made, *words, exits=2)
    assert "--status is about" in said(made, "export", "--suppressions", "--status", "active", exits=2)


def test_taking_somebody_off(made: Installation) -> None:
    """At once, without a mail, and on record by whom."""
    assert said(made, "unsubscribe", HERE) == "off the list\n"
    assert made.statuses()[HERE] == "unsubscribed"
    held = made.json("subscribers", "show", HERE)
    assert held["consent"][-1]["source"] == "taken off by ed"
    assert held.get("mail", []) == []
    assert "is not on the list" in said(made, "unsubscribe", "nobody@example.org", exits=1)


@pytest.mark.parametrize("words", [(), ("--consent", "in person")])
def test_names_are_made_fit(made: Installation, words: tuple[str, ...]) -> None:
    """As those of the form and of an import are."""
    said(made, "add", "new@example.org", "--name", f"  Ann\u202e \t{'n' * 150}", *words)
    assert made.json("subscribers", "show", "new@example.org")["name"] == "Ann " + "n" * 96


def test_purging_says_how_many_first(made: Installation) -> None:
    """Fresh ones are kept; who does it is on record."""
    said(made, "add", "new@example.org")
    history = made.json("subscribers", "show", "new@example.org")["consent"]
    assert history[0]["source"] == "added by ed"
    assert "0 would be deleted" in said(made, "purge", "--dry-run")
    assert "0 were deleted" in said(made, "purge")
    assert made.statuses()["new@example.org"] == "pending"


def test_mail_for_a_quoted_address(tmp_path: Path) -> None:
    """It goes out as it is written, on the envelope and in the header."""
    with FaultyServer() as server:
        made = filled(installed(tmp_path, f"sqlite:///{tmp_path / 'digest.db'}", server.port))
        said(made, "add", '"john\\ doe"@Example.org', "--consent", "in person")
        said(made, "add", '"a@b,c"@Example.org', "--consent", "in person")
        made.run("run", "--now", SLOT)
    mails = {mail.recipient: mail.data for mail in server.received}
    assert {QUOTED, '"a@b,c"@example.org'} <= set(mails)
    assert f"\r\nTo: {QUOTED}\r\n".encode() in mails[QUOTED]
    assert made.statuses()[QUOTED] == "active"
