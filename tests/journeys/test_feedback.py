"""`digest feedback`: readers who leave by mail, from the header of their edition to the goodbye."""

from __future__ import annotations

import os
import re
import smtplib
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from digest.app.parts import open_app
from digest.audience.joining import find
from digest.clock import iso
from digest.config import load_settings
from digest.tokens import Purpose, tag_of
from tests.faults.smtp_server import FaultyServer
from tests.journeys.installation import READERS, Installation, filled, installed, joined, slot_just_passed

LEAVE = "leave@example.org"
NONE = {"left": 0, "gone": 0, "outdated": 0, "not_for_us": 0, "unreadable": 0}
ADA, GRACE, ZOE = READERS


@pytest.fixture
def made(tmp_path: Path) -> Installation:
    """Three readers and an address to leave at; nothing is sent."""
    url = f"sqlite:///{tmp_path / 'digest.db'}"
    return joined(installed(tmp_path, url, 9, NEWSLETTER__UNSUBSCRIBE_ADDRESS=LEAVE))


def tag(made: Installation, email: str, purpose: Purpose = Purpose.UNSUBSCRIBE) -> str:
    """A reader's own."""
    settings = load_settings(made.folder / "digest.toml", made.environment)
    with open_app(settings) as app, app.database.read() as session:
        reader = find(session, email)
        assert reader
        return tag_of(app.keyring.issue(purpose, reader.public_id, app.clock.now()))


def maildir(folder: Path) -> Path:
    """An empty one."""
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir(parents=True)
    return folder


def mail(to: str, more: str = "") -> bytes:
    """As a phone writes it: no subject, no body."""
    return f"From: somebody@else.example\n{more}To: {to}\nSubject: \n\n".encode()


def test_from_the_edition_to_the_goodbye(tmp_path: Path, database_url: str) -> None:
    """The header's mail address unsubscribes whose copy it stood in, by real SMTP both ways."""
    with FaultyServer() as server:
        settings = slot_just_passed() | {"NEWSLETTER__UNSUBSCRIBE_ADDRESS": LEAVE}
        made = filled(
            installed(tmp_path, database_url, server.port, **settings), READERS, iso(datetime.now(UTC)) or ""
        )
        assert made.json("run")["sent"] == len(READERS)
        copy = next(one for one in server.received if one.recipient == ADA)
        header = re.search(
            rb"(?m)^List-Unsubscribe: <(https?://[^<>]+)>, <mailto:(leave\+[a-z2-7]{42}@example\.org)>\r$",
            copy.data,
        )
        assert header
        _write_to(server.port, header[2].decode())
        arrived = server.received[-1]
        assert arrived.recipient == header[2].decode()
        done = made.run("feedback", "--json", given=arrived.data)
        assert done.stdout.count(b'"left": 1') == 1
        assert made.statuses() == dict.fromkeys(READERS, "active") | {ADA: "unsubscribed"}
        assert made.json("run")["sent"] == 1
        assert server.received[-1].recipient == ADA
        assert b"Subject: You have left" in server.received[-1].data


def _write_to(port: int, address: str) -> None:
    """A mail with nothing in it."""
    message = EmailMessage()
    message["From"], message["To"] = "a-phone@example.net", address
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(message)


def test_a_maildir(made: Installation) -> None:
    """What was acted on is seen; the rest stays as it is; once more does nothing."""
    box = maildir(made.folder / "Maildir")
    (box / "new" / "1").write_bytes(mail(f"leave+{tag(made, ADA).upper()}@example.org"))
    (box / "new" / "2").write_bytes(mail(LEAVE))
    (box / "new" / "3").write_bytes(mail(f"leave+{tag(made, ZOE, Purpose.PREFERENCES)}@example.org"))
    (box / "cur" / "4:2,F").write_bytes(
        mail("x@y.org", f"Delivered-To: leave+{tag(made, GRACE)}@example.org\n")
    )
    assert made.json("feedback", str(box)) == NONE | {"left": 2, "not_for_us": 2}
    assert {file.name for file in (box / "new").iterdir()} == {"2", "3"}
    assert {file.name for file in (box / "cur").iterdir()} == {"1:2,S", "4:2,FS"}
    assert made.statuses() == {ADA: "unsubscribed", GRACE: "unsubscribed", ZOE: "active"}
    assert made.json("feedback", str(box)) == NONE | {"not_for_us": 2}


def test_an_mbox_read_twice(made: Installation) -> None:
    """Acting again is nothing new; and whoever came back since stays, however often it is read."""
    file, start = made.folder / "mbox", b"From x Thu Nov 19 09:00:00 2026\n"
    stamp = "Received: by mx.example.org; Tue, 17 Nov 2026 09:00:00 +0000\n"
    old = mail(f"leave+{tag(made, ZOE)}@example.org", stamp)
    file.write_bytes(start + mail(f"leave+{tag(made, ADA)}@example.org") + start + old)
    before = file.read_bytes()
    assert made.json("feedback", str(file)) == NONE | {"left": 1, "outdated": 1}
    assert made.json("feedback", str(file)) == NONE | {"gone": 1, "outdated": 1}
    assert file.read_bytes() == before
    assert made.statuses() == {ADA: "unsubscribed", GRACE: "active", ZOE: "active"}


HOSTILE = {
    "nothing": b"",
    "no header": b"\n\nTo: leave+x@example.org\n",
    "bytes": bytes(range(256)) * 100,
    "a thousand stamps": b"Received: from a by b; Thu, 19 Nov 2026 09:00:00 +0000\r\n" * 1000,
    "a line of ten megabytes": b"To: " + b"a" * 10_000_000,
    "broken MIME": b"Content-Type: multipart/mixed; boundary=\n\n--\n--\n",
    "many tags": b"To: " + b"leave+" + b"a" * 42 + b"@example.org, " * 10_000,
}


def test_hostile_mails(made: Installation) -> None:
    """Nothing happens, nothing breaks, and the mail server's pipe is read to its end."""
    box = maildir(made.folder / "Maildir")
    for number, message in enumerate(HOSTILE.values()):
        (box / "new" / f"{number}").write_bytes(message)
    assert made.json("feedback", str(box)) == NONE | {"not_for_us": len(HOSTILE)}
    assert len(list((box / "new").iterdir())) == len(HOSTILE)
    done = made.run("feedback", given=HOSTILE["a line of ten megabytes"])
    assert (done.stdout, done.stderr) == (b"mails: 1 were not for us\n", b"")
    assert set(made.statuses().values()) == {"active"}


def test_odd_files_in_a_maildir(made: Installation) -> None:
    """They are told of and counted, also a mail that cannot be marked, and the others are acted on."""
    box = maildir(made.folder / "Maildir")
    os.mkfifo(box / "new" / "1\nfifo")
    (box / "new" / "2").symlink_to("2")
    long = "3" * 254  # no room for the flags
    (box / "new" / long).write_bytes(mail(f"leave+{tag(made, ADA)}@example.org"))
    (box / "new" / "4").write_bytes(mail(f"leave+{tag(made, ZOE)}@example.org"))
    done = made.run("feedback", str(box))
    assert done.stdout == b"mails: 2 left the list, 2 could not be read\n"
    said = done.stderr.decode().splitlines()
    assert [line.rpartition(": ")[2] for line in said] == [
        "this is no file",
        "Too many levels of symbolic links",
        "it cannot be marked as seen (File name too long)",
    ]
    assert made.statuses() == {ADA: "unsubscribed", GRACE: "active", ZOE: "unsubscribed"}
    assert made.json("feedback", str(box)) == NONE | {"gone": 1, "unreadable": 2}


def test_what_cannot_be_read(made: Installation) -> None:
    """A folder that is no Maildir, and a file that is not there; a database that is not has the mail kept."""
    made.run("feedback", str(made.folder), exits=1)
    made.run("feedback", "nowhere", exits=2)
    message = mail(f"leave+{tag(made, ADA)}@example.org")
    away = Installation(made.folder, made.settings | {"DATABASE__URL": "postgresql://nobody@127.0.0.1:9/x"})
    away.run("feedback", exits=75, given=message)
