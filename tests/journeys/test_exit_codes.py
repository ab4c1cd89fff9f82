"""What the command's exit codes promise to whoever wrote the cron line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.smtp_server import Fault, FaultyServer, Script
from tests.journeys.installation import (
    SLOT,
    Installation,
    as_csv,
    filled,
    free_port,
    installed,
    settings_for,
)


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
    made = filled(installed(tmp_path, url, free_port()))
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
    assert b'"suppressed": "bounce"' in made.run("subscribers", "show", "grace@example.net").stdout


def _nobody_blamed(made: Installation) -> None:
    assert made.deliveries() == {"pending": 3}
    assert set(made.statuses().values()) == {"active"}
