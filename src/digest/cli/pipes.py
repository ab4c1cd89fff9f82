"""What nobody reads any more: `digest … | head` has seen enough, and a command ends there without a word."""

from __future__ import annotations

import select
import sys


def nobody_reads() -> bool:
    """Whether standard output is a pipe, or a terminal, whose other end is closed."""
    if sys.__stdout__ is None or sys.__stdout__.closed:
        return False
    asked = select.poll()
    asked.register(sys.__stdout__, 0)  # both answers below come unasked
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in asked.poll(0))
