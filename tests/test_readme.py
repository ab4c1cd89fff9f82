"""README.md's first week, run as it stands: every block in order, in one shell, against a real server."""

from __future__ import annotations

import email
import email.policy
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from digest.app.samples import SAMPLE
from digest.config import load_settings
from tests.faults.smtp_server import FaultyServer, Received

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCK = re.compile(r"^<!-- test -->\n```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CLAIM = re.compile(r"# → (.+)$", re.MULTILINE)
CRON = re.compile(r"^\*/10 \* \* \* \* cd /srv/my-newsletter && (.+)$", re.MULTILINE)
TOML = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SAMPLE_READERS = ["ada@example.org", "grace@example.net", "no-name@example.org", "zoe@example.com"]


@dataclass(frozen=True)
class Week:
    """What the README's commands left behind."""

    folder: Path
    environ: Mapping[str, str]
    output: str
    mails: list[Received]


def environ(bin_folder: Path, server: FaultyServer) -> dict[str, str]:
    """A newcomer's environment: `digest` on PATH, and the relay is ours."""
    shim = bin_folder / "digest"
    shim.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m digest "$@"\n')
    shim.chmod(0o755)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
    return clean | {
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        "DIGEST_SMTP__HOST": server.host,
        "DIGEST_SMTP__PORT": str(server.port),
        "DIGEST_SMTP__SECURITY": "none",
    }


def shell(script: str, folder: Path, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a script as somebody would who pastes it, stopping at the first failure."""
    return subprocess.run(
        ["bash", "-e"],
        input=script,
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    """The first week, lived through once."""
    checkout = tmp_path_factory.mktemp("checkout")
    for name in ("examples", "subscribers"):
        shutil.copytree(ROOT / name, checkout / name)
    with FaultyServer() as server:
        variables = environ(tmp_path_factory.mktemp("bin"), server)
        done = shell("\n".join(BLOCK.findall(README)), checkout, variables)
        assert done.returncode == 0, done.stdout + done.stderr
        yield Week(checkout / "my-newsletter", variables, done.stdout, server.received)


def test_there_are_blocks_to_run() -> None:
    """Nobody has lost the marks that make this file test anything."""
    assert len(BLOCK.findall(README)) >= 5
    assert len(CLAIM.findall("\n".join(BLOCK.findall(README)))) >= 10


def test_the_commands_say_what_the_readme_says_they_say(week: Week) -> None:
    """Each `# → …` is found in the output, in its order."""
    at = 0
    for claim in CLAIM.findall("\n".join(BLOCK.findall(README))):
        found = week.output.find(claim, at)
        assert found >= 0, f"{claim!r} is missing below {week.output[:at][-200:]!r} in\n{week.output}"
        at = found + len(claim)


def test_the_mails_arrive_once(week: Week) -> None:
    """Four readers get the edition, the fifth is asked to confirm."""
    assert sorted(mail.recipient for mail in week.mails) == sorted([*SAMPLE_READERS, "you@example.org"])
    confirmation = next(mail for mail in week.mails if mail.recipient == "you@example.org")
    assert "/confirm/" in html_of(confirmation.data)


def test_what_was_previewed_is_what_arrived(week: Week) -> None:
    """The preview's HTML and the mail's differ in the reader's own links only, and the intro is in it."""
    previewed = (week.folder / "edition.html").read_text("utf-8")
    edition = next(mail for mail in week.mails if mail.recipient == "ada@example.org")
    arrived = re.sub(r"/(unsubscribe|preferences)/[\w-]+", rf"/\1/{SAMPLE}", html_of(edition.data))
    assert arrived.split() == previewed.split()
    assert "<strong>first</strong>" in re.sub(r"<strong[^>]*>", "<strong>", previewed)


def test_the_cron_line_runs_and_is_silent(week: Week) -> None:
    """Cron mails whatever a line prints, so a run without trouble prints nothing."""
    lines = CRON.findall(README)
    assert len(lines) == 1
    done = shell(lines[0], week.folder, week.environ)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("block", TOML.findall(README))
def test_the_settings_shown_make_sense(block: str, tmp_path: Path) -> None:
    """What the README shows for digest.toml is accepted."""
    (tmp_path / "digest.toml").write_text(block, encoding="utf-8")
    load_settings(tmp_path / "digest.toml", {})


def html_of(data: bytes) -> str:
    """The HTML part of a mail as a reader's program decodes it."""
    part = email.message_from_bytes(data, policy=email.policy.default).get_body(("html",))
    assert part is not None
    return str(part.get_content())
