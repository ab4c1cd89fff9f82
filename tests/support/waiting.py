"""Waits for what a test needs to be so, far longer than it takes: a machine may stall."""

from __future__ import annotations

import time
from collections.abc import Callable

SECONDS, STEP = 60, 0.01


def wait_until(what: Callable[[], object], words: str = "") -> None:
    """Until it is so; after a minute the test has failed, with these words."""
    deadline = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < deadline, words
        time.sleep(STEP)
