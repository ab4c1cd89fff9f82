"""Other programs: what they print, how they fail, and that none outlives its time."""

from __future__ import annotations

from pathlib import Path
from time import monotonic, sleep

import pytest

from digest.programs import NoOutput, output

LONG = 60.0  # seconds; far more than any of these needs


def ended(stat: Path, patience: float = 10.0) -> bool:
    """Whether the process behind a stat file of /proc is gone, or only waits to be forgotten."""
    end = monotonic() + patience
    while monotonic() < end:
        if not stat.exists() or ") Z " in stat.read_text():
            return True
        sleep(0.01)
    return False


@pytest.mark.parametrize("given", [b"", b"one\r\ntwo \xff", b"x" * 1_000_000], ids=["nothing", "odd", "much"])
def test_what_is_given_comes_back(given: bytes) -> None:
    """Every byte, also when it is more than a pipe holds, and nothing of what goes to standard error."""
    assert output(["sh", "-c", "echo never mind >&2; cat"], given=given, seconds=LONG) == given


def test_nobody_has_to_read() -> None:
    """A program may be done before all is given to it."""
    assert output(["sh", "-c", "exec 0<&-; echo done"], given=b"x" * 1_000_000, seconds=LONG) == b"done\n"


def test_no_such_program(tmp_path: Path) -> None:
    """Said with its name."""
    with pytest.raises(NoOutput, match=r"/nobody does not start: No such file or directory"):
        output([str(tmp_path / "nobody")], seconds=LONG)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo half; echo first >&2; echo the last words >&2; exit 3", "sh ended with 3: the last words"),
        ("exit 1", "sh ended with 1: "),
        ("kill -9 $$", "sh ended with -9: "),
        ("printf '%0300d' 0 >&2; exit 1", f"sh ended with 1: {'0' * 200}"),
    ],
)
def test_a_program_that_fails(script: str, reason: str) -> None:
    """What it printed before does not count; its last complaint says why."""
    with pytest.raises(NoOutput) as caught:
        output(["sh", "-c", script], seconds=LONG)
    assert str(caught.value) == reason


def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    """With its children, so that none is left behind."""
    script = f"sleep 3600 & echo $! > '{tmp_path}/child'; wait"
    with pytest.raises(NoOutput, match=r"sh was not done within 2 seconds"):
        output(["sh", "-c", script], seconds=2)
    child = Path(f"/proc/{(tmp_path / 'child').read_text().strip()}/stat")
    assert ended(child)
