"""One installation in a folder of its own, driven from outside by the real command."""

from __future__ import annotations

import io
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from click.testing import CliRunner
from sqlalchemy import text

from digest.app.parts import open_app
from digest.audience.importing import import_csv
from digest.cli import cli
from digest.clock import parse_moment
from digest.config import load_settings
from digest.config.template import settings_template
from digest.content.importing import import_comparisons
from digest.content.sources import read_sources
from digest.db import Database
from tests.support.ports import free_port
from tests.support.tables import open_tables

EXAMPLES = Path(__file__).parents[2] / "examples"
COMMAND = (sys.executable, "-m", "digest")
SECONDS = 250
LEFT = timedelta(minutes=2)  # of the week, for a test that needs it to go on

# Thursday of 2026-W47, a minute after the default slot.
SLOT = "2026-11-19T09:01:00Z"
EDITION = "2026-W47"
PUBLISHED = "2026-11-18T08:00:00Z"
READERS = ("ada@example.org", "grace@example.net", "zoe@example.com")


@dataclass(frozen=True)
class Installation:
    """A folder with settings, and the environment its commands run in."""

    folder: Path
    settings: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """Ours, without what the developer may have set, and with this installation's settings."""
        own = {f"DIGEST_{name}": value for name, value in self.settings.items()}
        return {k: v for k, v in os.environ.items() if not k.startswith("DIGEST_")} | own

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """The command as a process that goes on; its output goes to files in the folder."""
        with (self.folder / "stderr.txt").open("ab") as log:
            return subprocess.Popen(
                [*COMMAND, *words],
                cwd=self.folder,
                env=self.environment,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def run(
        self, *words: str, exits: int = 0, given: bytes | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """The command, run to its end, which must be the exit code `exits`."""
        done = subprocess.run(
            [*COMMAND, *words],
            cwd=self.folder,
            env=self.environment,
            input=given,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        shown = (done.stdout + done.stderr).decode("utf-8", "replace")
        assert done.returncode == exits, f"digest {' '.join(words)}: exit code {done.returncode}\n{shown}"
        assert "Traceback" not in shown, shown
        return done

    def die(self, number: int, statement: str, *words: str) -> None:
        """The command, killed (SIGKILL) before the statement that begins so, at its such and such time."""
        dying = [sys.executable, "-m", "tests.journeys.dying", str(number), statement, *words]
        ours = {"PYTHONPATH": str(EXAMPLES.parent)}
        done = subprocess.run(
            dying, cwd=self.folder, env=self.environment | ours, timeout=SECONDS, check=False
        )
        assert done.returncode == -signal.SIGKILL, done

    def json(self, *words: str, exits: int = 0) -> Any:
        """What the command prints with --json."""
        return json.loads(self.run(*words, "--json", exits=exits).stdout)

    def statuses(self) -> dict[str, str]:
        """Every subscriber's status by address."""
        return dict(self.query("SELECT email, status FROM subscribers"))

    def deliveries(self) -> dict[str, int]:
        """How many deliveries stand at each state."""
        return dict(self.query("SELECT state, count(*) FROM deliveries GROUP BY state"))

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Look into the database behind the command's back."""
        database = Database(self.settings["DATABASE__URL"])
        try:
            with database.read() as session:
                return [tuple(row) for row in session.execute(text(statement))]
        finally:
            database.close()

    @contextmanager
    def serving(self) -> Iterator[str]:
        """The web application in a process of its own; gives its base URL, and ends it with SIGTERM."""
        port = self.settings["WEB__PORT"]
        command = [*COMMAND, "serve"]
        process = subprocess.Popen(command, cwd=self.folder, env=self.environment, stderr=subprocess.PIPE)
        with process:
            try:
                assert process.stderr is not None
                line = process.stderr.readline().decode()
                assert re.fullmatch(rf"listening on http://127\.0\.0\.1:{port}\n", line), line
                yield self.settings["WEB__BASE_URL"]
                process.terminate()
                assert process.wait(20) == 0
            finally:
                process.kill()


@dataclass(frozen=True)
class Called(Installation):
    """The same, its commands called in this process, which takes a tenth of the time."""

    def run(
        self, *words: str, exits: int = 0, given: bytes | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """The command, called; a fault in it comes through."""
        theirs: dict[str, str | None] = dict.fromkeys(n for n in os.environ if n.startswith("DIGEST_"))
        before = structlog.get_config()
        try:
            done = CliRunner().invoke(
                cli, words, input=given, env={**theirs, **self.environment}, catch_exceptions=False
            )
        finally:
            structlog.configure(**before)
        assert done.exit_code == exits, f"digest {' '.join(words)}: exit code {done.exit_code}\n{done.output}"
        return subprocess.CompletedProcess(words, done.exit_code, done.stdout_bytes, done.stderr_bytes)


def installed(folder: Path, url: str, smtp_port: int, **more: str) -> Installation:
    """Settings and tables as `digest init` makes them; mail goes to `smtp_port` of this machine."""
    made = Installation(folder, settings_for(folder, url, smtp_port) | more)
    keys = secrets.token_hex(32), secrets.token_hex(32)
    (folder / "digest.toml").write_text(settings_template(*keys), encoding="utf-8")
    with open_tables(url):
        return made


def settings_for(folder: Path, url: str, smtp_port: int) -> dict[str, str]:
    """The settings that every installation here shares."""
    web = free_port()
    return {
        "CONFIG": str(folder / "digest.toml"),
        "DATABASE__URL": url,
        "SMTP__HOST": "127.0.0.1",
        "SMTP__PORT": str(smtp_port),
        "SMTP__SECURITY": "none",
        "WEB__PORT": str(web),
        "WEB__BASE_URL": f"http://127.0.0.1:{web}",
        "NEWSLETTER__POSTAL_ADDRESS": "1 Example Street, 10115 Berlin",
    }


def filled(
    made: Installation, readers: tuple[str, ...] = READERS, published: str = PUBLISHED
) -> Installation:
    """With readers, and with the sample pages of one week."""
    with open_app(load_settings(made.folder / "digest.toml", made.environment)) as app:
        moment = parse_moment(published)
        pages = read_sources([str(EXAMPLES / "pages" / "week-1")], io.BytesIO())
        assert not import_comparisons(app.database, pages, now=moment, published_at=moment).rejected
    return joined(made, readers)


def joined(made: Installation, readers: tuple[str, ...] = READERS) -> Installation:
    """With readers who agreed elsewhere; without the command, which takes a second each time."""
    with open_app(load_settings(made.folder / "digest.toml", made.environment)) as app:
        import_csv(
            app.database,
            io.BytesIO(as_csv(readers)),
            "list",
            suppressions=app.suppressions,
            now=parse_moment(PUBLISHED),
            consent="a sheet at the fair",
            on_pending=lambda session, pending: None,
        )
    return made


def as_csv(readers: tuple[str, ...]) -> bytes:
    """A list to import."""
    return ("email\n" + "".join(f"{reader}\n" for reader in readers)).encode()


def slot_just_passed() -> dict[str, str]:
    """Settings by which an edition is due at this very moment, for commands that run by the real clock.

    At the very end of a week it waits for the next one, since the edition's week is to last for the test.
    """
    while (left := begin_of_week(datetime.now(UTC)) + timedelta(weeks=1) - datetime.now(UTC)) < LEFT:
        time.sleep(max(left.total_seconds(), 0))
    return slot_before(datetime.now(UTC))


def slot_before(now: datetime) -> dict[str, str]:
    """Settings by which this week's slot is over, if only just."""
    slot = max(now - timedelta(minutes=2), begin_of_week(now))
    return {"SCHEDULE__WEEKDAY": f"{slot:%A}".lower(), "SCHEDULE__TIME": f"{slot:%H:%M}"}


def begin_of_week(now: datetime) -> datetime:
    """Monday, 00:00 UTC."""
    return datetime.combine(now.date() - timedelta(days=now.weekday()), datetime.min.time(), UTC)


def many_readers(number: int) -> tuple[str, ...]:
    """Addresses that nobody has."""
    return tuple(f"reader{n:03}@example.org" for n in range(number))
