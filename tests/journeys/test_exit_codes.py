"""What the command's exit codes promise to whoever wrote the cron line."""

from __future__ import annotations

import socket
import sqlite3
import stat
from pathlib import Path

import pytest

from tests.faults.smtp_server import Fault, FaultyServer, Script
from tests.journeys.installation import (
    SLOT,
    Installation,
    as_csv,
    filled,
    installed,
    joined,
    settings_for,
)
from tests.support.ports import silent_port


@pytest.fixture
def url(tmp_path: Path) -> str:
    """One engine is enough here."""
    return f"sqlite:///{tmp_path / 'digest.db'}"


def test_bad_settings_and_a_missing_database_are_78(tmp_path: Path, url: str) -> None:
    """Configuration that makes no sense is told apart from everything else, and named."""
    settings = settings_for(tmp_path, url, 2525)
    no_file = Installation(tmp_path, settings).run("run", exits=78)
    assert b"digest.toml" in no_file.stderr
    del settings["CONFIG"]
    no_database = Installation(tmp_path, settings).run("run", exits=78)
    assert b"digest init" in no_database.stderr
    no_number = Installation(tmp_path, settings | {"SMTP__PORT": "many"}).run("run", exits=78)
    assert b"DIGEST_SMTP__PORT: smtp.port" in no_number.stderr


def test_wrong_use_is_2(tmp_path: Path, url: str) -> None:
    """Words that are no command, and values that are none."""
    made = Installation(tmp_path, settings_for(tmp_path, url, 2525))
    made.run("rnu", exits=2)
    made.run("run", "--now", "yesterday", exits=2)
    made.run("import", exits=2)


NO_MOMENTS = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+05:00",
    "9999-12-31T23:59:59-05:00",
    "2107-01-01T00:00Z",
]


@pytest.mark.parametrize("moment", NO_MOMENTS)
def test_a_moment_at_the_calendars_edge_is_2(tmp_path: Path, url: str, moment: str) -> None:
    """No week there has a key, and no link could hold it; the nearest ones inside do work."""
    made = installed(tmp_path, url, 2525)
    for words in (("run", "--now", moment), ("import", "--published-at", moment, ".")):
        assert b"expected a" in made.run(*words, exits=2).stderr
    for edge in ("2001-01-01T00:00:00Z", "2099-12-31T23:59:59Z"):
        made.run("status", "--now", edge)
        made.run("run", "--now", edge)


def test_words_in_another_encoding_are_2(tmp_path: Path, url: str) -> None:
    """Wherever they stand; they would end in the database otherwise."""
    made = installed(tmp_path, url, 2525)
    for words in (("send", "M\udcfc"), ("comparisons", "show", "M\udcfc"), ("M\udcfc",)):
        assert rb"expected UTF-8 text, not 'M\udcfc'" in made.run(*words, exits=2).stderr
    made.run("subscribers", "add", "ann@example.org", "--consent", "M\udcfcller", exits=2)
    assert made.statuses() == {}


@pytest.mark.parametrize(
    "words",
    [
        ("serve", "--port", "99999"),
        ("serve", "--port", "-1"),
        *[("schedule", "--every", every) for every in ("nan", "inf", "1e9")],
    ],
    ids=" ".join,
)
def test_numbers_that_make_no_sense_are_2(tmp_path: Path, url: str, words: tuple[str, ...]) -> None:
    """They are named with what was expected."""
    said = installed(tmp_path, url, 2525).run(*words, exits=2).stderr
    assert words[1].encode() in said


def test_a_database_of_another_program_is_78(tmp_path: Path, url: str) -> None:
    """It is named with the tables in the way, and stays as it is."""
    made = Installation(tmp_path, {"DATABASE__URL": url})
    for statement in ("CREATE TABLE tools (a)", "INSERT INTO tools VALUES ('hammer')"):
        with sqlite3.connect(tmp_path / "digest.db") as connection:
            connection.execute(statement)
        connection.close()
    for _ in range(2):
        said = made.run("init", exits=78).stderr
        assert said.startswith(b"digest: database.url: this database has tables of another program (tools);")
        assert said.count(b"\n") == 1
    assert made.query("SELECT name FROM sqlite_master") == [("tools",)]
    assert made.query("SELECT a FROM tools") == [("hammer",)]


KEYLESS = {"KEYS__SIGNING__1": "abcd"}


@pytest.mark.parametrize("words", [("serve",), ("serve", "--all"), ("schedule",), ("run",)], ids=" ".join)
def test_broken_keys_are_78(tmp_path: Path, url: str, words: tuple[str, ...]) -> None:
    """Nothing that needs them starts, and `status` says why."""
    made = filled(installed(tmp_path, url, 2525))
    broken = Installation(made.folder, made.settings | KEYLESS)
    assert broken.run(*words, exits=78).stderr.startswith(b"digest: keys.signing: there is no usable key;")
    assert broken.json("status")["needs_attention"][0].startswith("keys.signing: there is no usable key;")
    assert made.query("SELECT * FROM editions") == []


def test_a_scheduler_without_its_password_is_78(tmp_path: Path, url: str) -> None:
    """It would only find out at the next slot; pages alone need none."""
    made = installed(tmp_path, url, 2525, SMTP__PASSWORD_FILE="missing", SMTP__USERNAME="digest")
    for words in (("schedule",), ("serve", "--all")):
        assert b"smtp.password_file: " in made.run(*words, exits=78).stderr
    with made.serving():
        pass


def test_a_taken_port_is_78_and_ends_the_scheduler_too(tmp_path: Path, url: str) -> None:
    """`serve --all` does not go on without its pages."""
    made = installed(tmp_path, url, 2525)
    with socket.create_server(("127.0.0.1", int(made.settings["WEB__PORT"]))):
        assert b"cannot listen on" in made.run("serve", "--all", exits=78).stderr


def test_a_file_for_rejects_is_opened_first(tmp_path: Path, url: str) -> None:
    """Where it cannot be written nothing is imported, and the file to import is never taken for it."""
    made = installed(tmp_path, url, 2525)
    source, rejects = tmp_path / "list.csv", tmp_path / "rejects.csv"
    source.write_text("email\nada@example.org\nnobody\n")
    words = ("subscribers", "import", str(source), "--consent", "a sheet", "--rejects")
    assert b"No such file" in made.run(*words, str(tmp_path / "no" / "rejects.csv"), exits=1).stderr
    assert b"this is the file to import" in made.run(*words, str(source), exits=2).stderr
    assert (source.read_text().count("\n"), made.statuses()) == (3, {})
    settings = (tmp_path / "digest.toml").read_bytes()
    assert b"holds something else" in made.run(*words, str(tmp_path / "digest.toml"), exits=2).stderr
    assert (tmp_path / "digest.toml").read_bytes() == settings
    before = "what was rejected the last time, which was a lot more than it is now"
    rejects.write_text("line,field,reason,email\n" + f"9,email,{before},x\n" * 9)
    made.run(*words, str(rejects), exits=1)
    assert rejects.read_text().startswith("line,field,reason,email\n3,email,")
    assert len(rejects.read_text().splitlines()) == 2


def test_an_export_is_for_its_owner_only(tmp_path: Path, url: str) -> None:
    """It is full of addresses; a place that cannot be written is 1."""
    made = joined(installed(tmp_path, url, 2525))
    made.run("subscribers", "export", "readers.csv")
    assert stat.S_IMODE((tmp_path / "readers.csv").stat().st_mode) == 0o600
    written = (tmp_path / "readers.csv").read_bytes()
    assert made.run("subscribers", "export").stdout == written
    assert made.run("subscribers", "export", "-", "--status", "active").stdout == written
    assert b"No such file" in made.run("subscribers", "export", "no/readers.csv", exits=1).stderr


def test_a_deferral_is_75_until_the_retry_went_through(tmp_path: Path, url: str) -> None:
    """The others get theirs at once; the one that was put off gets it when it is due."""
    greylisted = {"grace@example.net": Fault("451 4.2.0 try again later", times=1)}
    with FaultyServer(Script(recipients=greylisted)) as server:
        made = filled(installed(tmp_path, url, server.port))
        made.run("run", "--now", SLOT, exits=75)
        assert made.deliveries() == {"sent": 2, "deferred": 1}
        made.run("run", "--now", "2026-11-19T09:02:00Z", exits=75)
        assert sorted(server.recipients) == ["ada@example.org", "zoe@example.com"]
        made.run("run", "--now", "2026-11-19T09:10:00Z")
        assert sorted(server.recipients) == ["ada@example.org", "grace@example.net", "zoe@example.com"]


def test_an_unreachable_relay_is_1_and_blames_nobody(tmp_path: Path, url: str) -> None:
    """Nothing is lost: when the relay is back, the next run sends everything."""
    with silent_port() as port:
        made = filled(installed(tmp_path, url, port))
        assert b"cannot be reached" in made.run("run", "--now", SLOT, exits=1).stderr
        _nobody_blamed(made)
    with FaultyServer() as server:
        again = Installation(made.folder, made.settings | {"SMTP__PORT": str(server.port)})
        again.run("run", "--now", "2026-11-19T09:02:00Z")
        assert len(server.received) == 3


def test_a_refused_login_is_1_and_blames_nobody(tmp_path: Path, url: str) -> None:
    """The password is wrong, and it is not shown."""
    with FaultyServer(Script(users={"digest": "right"})) as server:
        account = {"SMTP__USERNAME": "digest", "SMTP__PASSWORD": "mistyped-secret"}
        made = filled(installed(tmp_path, url, server.port, **account))
        said = made.run("run", "--now", SLOT, exits=1).stderr
    assert b"refuses us" in said
    assert b"mistyped" not in said
    assert not server.received
    _nobody_blamed(made)


def test_a_reader_who_is_gone_bounces_for_good(tmp_path: Path, url: str) -> None:
    """A mailbox that does not exist fails alone, is suppressed, and no import brings it back."""
    gone = {"grace@example.net": Fault("550 5.1.1 no such user here")}
    with FaultyServer(Script(recipients=gone)) as server:
        made = filled(installed(tmp_path, url, server.port))
        report = made.json("run", "--now", SLOT)
        assert (report["sent"], report["bounced"], report["deliveries"]["failed"]) == (2, 1, 1)
        again = as_csv(("grace@example.net", "new@example.org"))
        made.run("subscribers", "import", "-", "--consent", "another sheet", given=again)
    assert made.statuses() == {
        "ada@example.org": "active",
        "grace@example.net": "bounced",
        "zoe@example.com": "active",
        "new@example.org": "active",
    }
    assert made.json("subscribers", "show", "grace@example.net")["suppression"]["reason"] == "bounce"


def _nobody_blamed(made: Installation) -> None:
    assert made.deliveries() == {"pending": 3}
    assert set(made.statuses().values()) == {"active"}
