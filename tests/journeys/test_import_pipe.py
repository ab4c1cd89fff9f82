"""An import from a pipe that nobody writes to any more can be ended by Ctrl-C."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import termios
import time
from pathlib import Path

from tests.journeys.installation import installed

ROWS = 6_000  # more than a batch, so that the first one is in while the second waits for more


def test_ctrl_c_ends_it_where_the_pipe_is_silent(tmp_path: Path, database_url: str) -> None:
    """At once, with what had come as far as that still on the list."""
    made = installed(tmp_path, database_url, 2525)
    pipe = tmp_path / "list.csv"
    os.mkfifo(pipe)
    # What a shell starts in the background ignores Ctrl-C, and what that starts does so too.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with made.start("subscribers", "import", "list.csv", "--consent", "the fair") as process:
        signal.signal(signal.SIGINT, before)
        try:
            with pipe.open("w") as file:
                file.write("email\n" + "".join(f"reader{number}@example.org\n" for number in range(ROWS)))
                file.flush()
                deadline = time.monotonic() + 60
                while not made.statuses() or _waiting_in(file.fileno()):
                    assert process.poll() is None
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
                process.send_signal(signal.SIGINT)
                assert process.wait(60) == 1
        finally:
            process.kill()
    assert 0 < len(made.statuses()) < ROWS
    assert "Aborted!" in (tmp_path / "stderr.txt").read_text()


def _waiting_in(pipe: int) -> int:
    """Octets that nobody has read yet."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)
