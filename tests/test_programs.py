"""Other programs are asked: what they answer, and what is said where they do not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from digest.programs import NoAnswer, answer_of
from tests.support.waiting import wait_until


def python(words: str) -> list[str]:
    """A program that does that."""
    return [sys.executable, "-c", words]


def test_what_is_given_is_answered() -> None:
    """More than a pipe holds, both ways; complaints are no part of the answer."""
    loud = python("import sys; sys.stderr.write('x' * 99_999); sys.stdout.write(sys.stdin.read()[::-1])")
    assert answer_of(loud, 60, b"ab" * 100_000) == b"ba" * 100_000


def test_nothing_given_is_an_empty_input() -> None:
    """Nobody waits for words from the keyboard."""
    assert answer_of(python("import sys; print(len(sys.stdin.read()))"), 60).strip() == b"0"


def test_nobody_has_to_read() -> None:
    """A program may be done before all is given to it."""
    assert answer_of(["sh", "-c", "exec 0<&-; echo done"], 60, b"x" * 1_000_000) == b"done\n"


def test_a_program_that_is_not_there_is_named() -> None:
    """With the system's reason."""
    with pytest.raises(NoAnswer, match=r"^no-such-program does not start: No such file"):
        answer_of(["no-such-program"], 60)


def test_a_program_that_fails_is_told_by_its_last_words() -> None:
    """Whatever it answered; without words, by its number alone."""
    failing = python("import sys; print('half an answer'); sys.exit('first\\nlast ' + 'x' * 999)")
    with pytest.raises(NoAnswer, match=r" ended with 1: last x{195}$"):
        answer_of(failing, 60)
    with pytest.raises(NoAnswer, match=r" ended with 3$"):
        answer_of(python("raise SystemExit(3)"), 60)


def test_a_program_that_hangs_is_ended_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is left behind, and the reason is said; its time runs once the child is there."""
    note, usual = tmp_path / "child", subprocess.Popen.communicate

    def once_it_hangs(running: subprocess.Popen[Any], *given: Any, **more: Any) -> Any:
        wait_until(lambda: note.exists() and note.read_text().endswith("\n"))
        return usual(running, *given, **more)

    monkeypatch.setattr(subprocess.Popen, "communicate", once_it_hangs)
    with pytest.raises(NoAnswer, match=r"^/bin/sh did not end within 0\.3 seconds$"):
        answer_of(["/bin/sh", "-c", f'sleep 3600 & echo $! > "{note}"; wait'], 0.3)
    stat = Path(f"/proc/{int(note.read_text())}/stat")
    wait_until(lambda: not stat.exists() or ") Z " in stat.read_text())
