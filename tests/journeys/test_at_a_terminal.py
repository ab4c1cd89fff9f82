"""Long work at a terminal: a bar of how far a file has been read, and whole lines above it."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from tests.journeys.installation import COMMAND, SECONDS, Installation, installed

REJECTED = "rejected: list.csv:3: email: expected an address such as ann@example.org"
LIST = "email\nann@example.org\nnobody\nbob@example.org\n"


@pytest.fixture
def made(tmp_path: Path) -> Installation:
    """Nobody on the list yet, and a file with one bad row among three."""
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    return installed(tmp_path, f"sqlite:///{tmp_path / 'digest.db'}", 9)


def at_terminal(made: Installation, *words: str) -> tuple[str, str]:
    """What the command prints on standard output, and what it shows at the terminal that it stands at."""
    ours, theirs = pty.openpty()
    environment = made.environment | {"TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        [*COMMAND, *words], cwd=made.folder, env=environment, stdout=subprocess.PIPE, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        while block := _some(ours):
            shown += block
        said = process.communicate(timeout=SECONDS)[0]
    os.close(ours)
    return said.decode(), shown.decode()


def _some(terminal: int) -> bytes:
    """Linux reports an error where the other end is closed, others nothing."""
    try:
        return os.read(terminal, 1 << 16)
    except OSError:
        return b""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("suppress", "--file", "list.csv"), "2 suppressed, 0 were so already, 1 rejected\n"),
        (
            ("import", "list.csv", "--consent", "a fair"),
            "2 added, 0 known already, 0 suppressed, 1 rejected\n",
        ),
    ],
    ids=["suppress", "import"],
)
def test_a_file_at_a_terminal(made: Installation, words: tuple[str, ...], said: str) -> None:
    """Rows and bytes to the end of it; what is rejected stands in a line of its own, not in the bar's."""
    printed, shown = at_terminal(made, "subscribers", *words)
    assert printed == said
    assert re.search(r"━.* 3 rows; [\d,]+ a second; 0 s left", shown)
    begins = re.compile(rf"(?:^|\n|\x1b\[2K|\x1b\[\?25[lh]){re.escape(REJECTED)}")
    assert begins.search(shown), shown


def test_no_bar_where_nobody_looks(made: Installation) -> None:
    """What goes to a file or a program holds the rejected row alone."""
    done = made.run("subscribers", "suppress", "--file", "list.csv", exits=1)
    assert done.stderr.decode() == f"{REJECTED}\n"
