"""`digest demo`: what a newcomer types first must work, and everything it says must be true."""

from __future__ import annotations

import os
import shlex
import subprocess
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from digest.demo.folder import MARKER, OURS, demo_folder
from digest.demo.people import LEAVES, READERS
from digest.errors import DigestError
from tests.journeys.installation import COMMAND

# Neither the operator's settings nor a broken environment may matter.
HOSTILE = {"DIGEST_SMTP__PORT": "none of your business", "http_proxy": "http://127.0.0.1:1"}


def test_the_demo_does_what_it_says(tmp_path: Path) -> None:
    """Twelve mails, then eleven, as files; and each command it recommends works as printed."""
    said = _run([*COMMAND, "demo", "--folder", "here"], tmp_path, HOSTILE)
    outbox = tmp_path / "here" / "outbox"
    expected = {"confirm": set(READERS), "welcome": set(READERS), "goodbye": {LEAVES}}
    expected |= {"week-1": set(READERS), "week-2": set(READERS) - {LEAVES}}
    assert {
        folder.name: {eml.stem for eml in folder.glob("*.eml")} for folder in outbox.iterdir()
    } == expected
    for eml in outbox.rglob("*.eml"):
        message_from_bytes(eml.read_bytes(), policy=policy.SMTP.clone(raise_on_defect=True)).as_bytes()
    commands = [
        shlex.split(line) for line in said.splitlines() if line.startswith("  ") and "--config" in line
    ]
    assert [command[-1] for command in commands][-1] == "serve"
    for command in commands:
        if "preview" in command:
            _answers([*command, "--no-open"], tmp_path, "The desk is open at http://127.0.0.1:")
        elif command[-1] == "serve":
            _answers(command, tmp_path, "listening on http://127.0.0.1:")
        else:
            assert _run(command, tmp_path, {})
    for edition in ("2026-W47", "2026-W48"):
        assert "<html" in (tmp_path / "here" / "editions" / f"{edition}.html").read_text("utf-8")


def test_a_former_demo_is_replaced_and_nothing_else_is_touched(tmp_path: Path) -> None:
    """What a demo made goes; what somebody put beside it stays."""
    folder = demo_folder(tmp_path / "demo")
    (folder / "digest.toml").write_text("old")
    (folder / "notes.txt").write_text("mine")
    assert demo_folder(folder) == folder
    assert {path.name for path in folder.iterdir()} == {MARKER, "editions", "notes.txt"}
    assert "notes.txt" not in OURS


def test_a_folder_that_is_no_demo_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named, it is an error; met by default, the demo goes elsewhere."""
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "digest.toml").write_text("precious")
    with pytest.raises(DigestError, match="something other than a demo"):
        demo_folder(tmp_path / "demo")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert demo_folder(None).name.startswith("digest-demo-")
    assert (tmp_path / "demo" / "digest.toml").read_text() == "precious"


def _run(command: list[str] | tuple[str, ...], folder: Path, more: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=folder, env=_clean() | more, capture_output=True, timeout=250, check=False, text=True
    )
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    assert done.stderr == ""
    return done.stdout


def _answers(command: list[str], folder: Path, says: str) -> None:
    """The command says where it listens, and ends when it is told to."""
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, cwd=folder, env=_clean(), text=True, **pipes) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith(says)
            process.terminate()
            assert process.wait(20) == 0
        finally:
            process.kill()


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
