"""`digest preview` and `digest test-send` from outside: files, checks, pictures, and no trace of it."""

from __future__ import annotations

import email
import re
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest
from playwright.sync_api import Browser

from tests.faults.smtp_server import Fault, FaultyServer, Script
from tests.journeys.installation import COMMAND, EDITION, Installation, filled, installed
from tests.support.browsers import NAMES

TUESDAY = ("--now", "2026-11-18T10:00:00Z")


@pytest.fixture
def made(tmp_path: Path) -> Installation:
    """A week's comparisons, three readers, and no draft yet; its public address is a real one."""
    url = f"sqlite:///{tmp_path / 'digest.db'}"
    return filled(installed(tmp_path, url, 9, WEB__BASE_URL="https://digest.example.org"))


def trace(made: Installation) -> list[object]:
    """Every row of every table."""
    tables = [name for (name,) in made.query("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return [(name, sorted(map(repr, made.query(f"SELECT * FROM {name}")))) for name in tables]  # noqa: S608 - our own tables


def test_looking_leaves_no_trace(made: Installation) -> None:
    """Whatever is written or checked; what goes to a file and to stdout is the same."""
    before = trace(made)
    files = ("--html", "p.html", "--text", "p.txt", "--eml", "p.eml")
    made.run("preview", *TUESDAY, *files)
    page, text, message = ((made.folder / name).read_bytes() for name in ("p.html", "p.txt", "p.eml"))
    assert made.run("preview", *TUESDAY, "--html", "-").stdout == page
    assert made.run("preview", EDITION, *TUESDAY, "--text", "-").stdout == text
    parts = list(email.message_from_bytes(message, policy=policy.SMTP).iter_parts())
    assert [part.get_content().replace("\r\n", "\n").encode() for part in parts] == [text, page]
    made.run("preview", *TUESDAY, "--check", "--offline")
    assert trace(made) == before


def test_two_things_do_not_fit_into_stdout(made: Installation) -> None:
    """Nor does JSON go with anything but the checks."""
    one_file = ("--html", "same", "--text", "same")
    for words in (("--html", "-", "--eml", "-"), ("--text", "-", "--check"), ("--json",), one_file):
        assert b"Error: " in made.run("preview", *TUESDAY, *words, exits=2).stderr


def test_the_checks_pass_and_fail(made: Installation) -> None:
    """Our own look passes; ink on paper of its own colour is an error, exit code 1."""
    report = made.json("preview", *TUESDAY, "--check", "--offline")
    assert report["ok"] is True
    assert {finding["check"] for finding in report["findings"]} >= {"size", "links", "contrast", "text-part"}
    assert "error" not in {finding["level"] for finding in report["findings"]}
    unreadable = Installation(made.folder, made.settings | {"THEME__INK": "#fdfcf9"})
    report = unreadable.json("preview", *TUESDAY, "--check", "--offline", exits=1)
    assert report["ok"] is False
    assert {"contrast"} == {finding["check"] for finding in report["findings"] if finding["level"] == "error"}


def test_a_broken_template_names_its_line(made: Installation) -> None:
    """In the operator's own folder, in one line of error."""
    own = made.folder / "mine" / "edition"
    own.mkdir(parents=True)
    (own / "body.mjml").write_text(
        '<mjml lang="en"><mj-body>\n<mj-sektion>\n</mj-sektion></mj-body></mjml>\n'
    )
    broken = Installation(made.folder, made.settings | {"NEWSLETTER__TEMPLATES": str(made.folder / "mine")})
    said = broken.run("preview", *TUESDAY, "--check", "--offline", exits=1).stderr.decode()
    assert f"{own}/body.mjml:2: " in said
    assert "mj-section" in said


def test_an_empty_week_says_so(tmp_path: Path) -> None:
    """There is nothing to write, and that is no success."""
    made = installed(tmp_path, f"sqlite:///{tmp_path / 'digest.db'}", 9)
    assert b"nothing new" in made.run("preview", "--html", "-", *TUESDAY, exits=1).stderr


@pytest.mark.skipif(
    not any(map(shutil.which, NAMES)), reason="no Chromium is installed (apt-get install chromium)"
)
@pytest.mark.parametrize(("view", "width"), [("all", 1526), ("phone", 375)])
def test_a_picture(made: Installation, view: str, width: int) -> None:
    """As wide as its frames, and as tall as the edition."""
    made.run("preview", *TUESDAY, "--png", "p.png", "--view", view)
    png = (made.folder / "p.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    seen = struct.unpack(">II", png[16:24])
    assert seen[0] == width
    assert 2000 < seen[1] < 16_000


def test_without_chromium_there_is_a_line_how_to_get_it(
    made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no half-written file."""
    monkeypatch.setenv("PATH", str(made.folder))
    said = made.run("preview", *TUESDAY, "--png", "p.png", exits=1).stderr.decode()
    assert re.search(r"apt install chromium", said)
    assert not (made.folder / "p.png").exists()


def test_a_chromium_that_fails_says_why(made: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last complaint is in the one line of error."""
    monkeypatch.setenv("PATH", str(made.folder))
    (made.folder / "chromium").write_text("#!/bin/sh\necho no profile here >&2\nexit 7\n")
    (made.folder / "chromium").chmod(0o755)
    said = made.run("preview", *TUESDAY, "--png", "p.png", exits=1).stderr.decode()
    assert "chromium ended with 7: no profile here" in said
    assert not (made.folder / "p.png").exists()


@contextmanager
def at_the_desk(made: Installation, **environment: str) -> Iterator[str]:
    """`digest preview` as a process of its own; gives the address it prints, and ends it with SIGTERM."""
    command = [*COMMAND, "preview", *TUESDAY, "--offline"]
    known = {**made.environment, **environment}
    with subprocess.Popen(command, cwd=made.folder, env=known, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert re.fullmatch(r"The desk is open at http://127\.0\.0\.1:\d+/[\w-]{32}/\n", line), line
            yield line.split()[-1]
            process.terminate()
            assert process.wait(20) == 0
        finally:
            process.kill()


def test_the_browser_is_not_told_the_secret_by_command_line(made: Installation, browser: Browser) -> None:
    """It opens a page that only we can read, which leads to the desk and is gone with it."""
    told = made.folder / "told.txt"
    opener = made.folder / "opener"
    opener.write_text(f'#!/bin/sh\necho "$@" > {told}.part && mv {told}.part {told}\n', "utf-8")
    opener.chmod(0o700)
    with at_the_desk(made, BROWSER=str(opener), DISPLAY=":99") as address:
        for _ in range(400):
            if told.exists():
                break
            time.sleep(0.05)
        given = told.read_text("utf-8").strip()
        file = Path(url2pathname(urlsplit(given).path))
        assert given == file.as_uri()
        assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        assert address in file.read_text("utf-8")
        page = browser.new_page()
        page.goto(given)
        page.wait_for_selector("html[data-ready]")
        assert page.url == address
        page.close()
    assert not file.parent.exists()


def test_a_test_send_is_the_very_mail(made: Installation) -> None:
    """To the addresses named and nobody else, outside of the ledger; only sample links stand in it."""
    with FaultyServer() as server:
        online = Installation(made.folder, made.settings | {"SMTP__PORT": str(server.port)})
        online.run("edition", "plan", EDITION, *TUESDAY)
        before = trace(made)
        said = online.json("test-send", EDITION, "ed@example.org", "Ann@example.net", *TUESDAY)
        assert [one["sent"] for one in said] == [True, True]
        online.run("preview", EDITION, "--html", "p.html", *TUESDAY)
    assert server.recipients == ["ed@example.org", "Ann@example.net"]
    seen = (made.folder / "p.html").read_text("utf-8")
    for received in server.received:
        _, page = email.message_from_bytes(received.data, policy=policy.SMTP).iter_parts()
        assert page.get_content().replace("\r\n", "\n") == seen
    assert trace(made) == before


def test_a_refused_test_send_is_told(made: Installation) -> None:
    """Which address, and what the server said; what is no address is refused before anything is sent."""
    with FaultyServer(Script(faults={"rcpt": Fault(reply="550 5.1.1 no such mailbox")})) as server:
        online = Installation(made.folder, made.settings | {"SMTP__PORT": str(server.port)})
        online.run("edition", "plan", EDITION, *TUESDAY)
        said = online.json("test-send", EDITION, "ed@example.org", *TUESDAY, exits=1)
        assert said[0]["sent"] is False
        assert "no such mailbox" in said[0]["reply"]
        online.run("test-send", EDITION, "ed@example.org", "nobody", *TUESDAY, exits=1)
    assert len([line for line in server.commands if line.upper().startswith("RCPT")]) == 1


def test_who_was_overtaken_is_told(made: Installation) -> None:
    """With --if-version nothing is changed that somebody else changed in the meantime."""
    made.run("edition", "plan", EDITION, *TUESDAY)
    seen = str(made.json("edition", "show", EDITION)["version"])
    made.run("edition", "edit", EDITION, "--subject", "First", "--if-version", seen)
    late = made.run("edition", "edit", EDITION, "--subject", "Second", "--if-version", seen, exits=1)
    assert b"somebody else changed edition" in late.stderr
    late = made.run("edition", "approve", EDITION, "--if-version", seen, exits=1)
    assert b"somebody else changed edition" in late.stderr
    assert made.json("edition", "show", EDITION)["subject"] == "First"


def test_an_editor_chooses_voices(made: Installation) -> None:
    """By tool and number; a tool that is not there and a quote that nobody said are refused."""
    made.run("edition", "plan", EDITION, *TUESDAY)
    made.run("edition", "edit", EDITION, "--voices", "yardstick-2-1=4,1")
    assert made.json("edition", "show", EDITION)["voices"] == {"yardstick-2-1": [4, 1]}
    made.run("edition", "edit", EDITION, "--voices", "yardstick-2-1=9", exits=1)
    made.run("edition", "edit", EDITION, "--voices", "nobody=1", exits=1)
    made.run("edition", "edit", EDITION, "--voices", "yardstick", exits=2)
    made.run("edition", "edit", EDITION, "--voices", "yardstick-2-1=")
    assert made.json("edition", "show", EDITION)["voices"] == {}


def test_an_editor_changes_a_draft(made: Installation) -> None:
    """Words, order, what is in and what is not, all in one go; planning keeps it, and undo forgets it."""
    made.run("edition", "plan", EDITION, *TUESDAY)
    slugs = [item["comparison"] for item in made.json("edition", "show", EDITION)["items"]]
    *_, second, first, out = slugs
    (made.folder / "intro.md").write_text("Hello, and welcome.", "utf-8")
    words = ("--subject", "Ours", "--preheader", "Read on", "--intro", "@intro.md")
    ordered = ("--order", f"{first},", "--pin", second)
    made.run("edition", "edit", EDITION, *words, *ordered, "--leave-out", out, "--reason", "old prices")
    made.run("edition", "plan", EDITION, *TUESDAY)
    changed = made.json("edition", "show", EDITION)
    assert (changed["subject"], changed["preheader"]) == ("Ours", "Read on")
    assert [item["comparison"] for item in changed["items"]][:2] == [first, second]
    assert [(one["comparison"], one["reason"]) for one in changed["left_out"]] == [
        (out, "left out by the editor: old prices")
    ]
    assert "Hello, and welcome." in made.run("preview", EDITION, "--text", "-", *TUESDAY).stdout.decode()

    made.run("edition", "edit", EDITION, "--undo", first, "--undo", out, "--subject", "")
    changed = made.json("edition", "show", EDITION)
    assert changed["subject"] != "Ours"
    assert [item["comparison"] for item in changed["items"]][:2] == [second, slugs[0]]
    assert changed["left_out"] == []


def test_a_change_that_cannot_be_made(made: Installation) -> None:
    """It says why, and nothing of it is done."""
    made.run("edition", "plan", EDITION, *TUESDAY)
    before = made.json("edition", "show", EDITION)
    (made.folder / "latin.md").write_bytes(b"caf\xe9")
    for words, said in (
        (("--intro", "@none.md"), "none.md: --intro: No such file or directory"),
        (("--intro", "@latin.md"), "latin.md: --intro: expected text in UTF-8"),
        (("--leave-out", before["items"][0]["comparison"]), "needs a reason"),
        (("--pin", "nobody-vs-nobody"), "nobody-vs-nobody"),
    ):
        error = made.run("edition", "edit", EDITION, "--subject", "Ours", *words, exits=1).stderr.decode()
        assert said in error
    assert made.json("edition", "show", EDITION) == before
