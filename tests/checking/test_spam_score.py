"""SpamAssassin's score: its reports are read, its absence and its silence are borne."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from digest.checking import spam_score
from digest.checking.findings import Level
from digest.checking.spam_score import check_spam_score, read_score
from tests.checking.samples import edition, good, levels, told

REPORT = """\
the message (99.0 points, 5.0 required)

Content analysis details:   (%s points, 5.0 required)

 pts rule name              description
---- ---------------------- --------------------------------------------------
-0.0 NO_RECEIVED            Informational: message has no Received headers
1000 GTUBE                  BODY: Generic Test for Unsolicited Bulk Email
 1.8 DRUGS_ERECTILE         Refers to an erectile drug
                            [and says more about it]
"""
needs_spamassassin = pytest.mark.skipif(
    shutil.which("spamassassin") is None,
    reason="spamassassin is not installed (Debian: apt-get install spamassassin)",
)


def program(folder: Path, name: str, script: str) -> None:
    """A program of that name, found by PATH."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def ended(stat: Path, patience: float = 60.0) -> bool:
    """Whether the process behind a stat file of /proc is gone, or only waits to be forgotten."""
    end = monotonic() + patience
    while monotonic() < end:
        if not stat.exists() or ") Z " in stat.read_text():
            return True
        sleep(0.01)
    return False


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_a_report_is_read_from_its_end() -> None:
    """The last details count: the message before them may say what it likes."""
    score = read_score(REPORT % "1001.8")
    assert score is not None
    assert score.points == 1001.8
    assert score.rules == (
        "1000 GTUBE BODY: Generic Test for Unsolicited Bulk Email",
        "1.8 DRUGS_ERECTILE Refers to an erectile drug [and says more about it]",
    )


@pytest.mark.parametrize("answer", ["", "0/0\n", "nonsense"])
def test_no_score_is_no_score(answer: str) -> None:
    """`0/0` is what spamc says when nobody answers."""
    assert read_score(answer) is None


def test_a_daemons_summary_is_enough() -> None:
    """The report below it may be missing."""
    score = read_score("2.5/5.0\n")
    assert score is not None
    assert score.points == 2.5


@pytest.mark.parametrize(
    ("points", "level"), [("5.1", Level.ERROR), ("3.1", Level.WARNING), ("-1.0", Level.OK)]
)
def test_points_decide_the_level(programs: Path, points: str, level: Level) -> None:
    """Above five is spam, above three is doubtful; the daemon is asked first."""
    (programs / "report").write_text(REPORT % points)
    program(
        programs,
        "spamc",
        f'while read -r _; do :; done; while read -r line; do echo "$line"; done < {programs}/report',
    )
    program(programs, "spamassassin", "exit 1")
    findings = list(check_spam_score(good()))
    assert levels(findings) == {level}
    assert f"SpamAssassin gives {points.removesuffix('.0')} points" in findings[0].message


def test_absence_is_a_note_with_a_way_out(programs: Path) -> None:
    """How to get it is said."""
    assert "apt-get install spamassassin" in told(check_spam_score(good()), Level.NOTE)


def test_a_program_that_fails_is_a_note(programs: Path) -> None:
    """Neither the daemon's client nor the program has to work."""
    program(programs, "spamc", "exit 69")
    program(programs, "spamassassin", "exec 0<&-; exit 2")
    assert "gave no score" in told(check_spam_score(good(message=b"x" * 1_000_000)), Level.NOTE)


def test_a_program_that_hangs_is_ended(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its children, so that none is left behind."""
    monkeypatch.setattr(spam_score, "PROGRAM_SECONDS", 0.3)
    child, usual = programs / "child", subprocess.Popen.communicate

    def once_it_hangs(running: subprocess.Popen[Any], *given: Any, **more: Any) -> Any:
        end = monotonic() + 60
        while not (child.exists() and child.read_text().endswith("\n")):
            assert monotonic() < end
            sleep(0.01)
        return usual(running, *given, **more)

    monkeypatch.setattr(subprocess.Popen, "communicate", once_it_hangs)
    program(programs, "spamassassin", f"/bin/sleep 3600 & echo $! > {child}; wait")
    assert "gave no score in time" in told(check_spam_score(good()), Level.NOTE)
    assert child.read_text().strip().isdecimal()
    assert ended(Path(f"/proc/{child.read_text().strip()}/stat"))


@needs_spamassassin
def test_spamassassin_likes_the_edition() -> None:
    """Really asked."""
    findings = list(check_spam_score(edition()))
    assert levels(findings) == {Level.OK}
    assert findings[0].message.startswith("SpamAssassin gives ")


@needs_spamassassin
def test_spamassassin_knows_its_own_test_line() -> None:
    """The line that every filter calls spam."""
    line = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
    message = good().message.replace(b"The verdict on Ace", line, 1)
    assert "GTUBE" in told(check_spam_score(good(message=message)), Level.ERROR)
