"""Asks another program, for as long as it is worth waiting, and leaves none of its children behind."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress

from digest.errors import DigestError


class NoOutput(DigestError):
    """The program does not start, takes too long, or failed; the message says which."""


def output(command: Sequence[str], *, given: bytes = b"", seconds: float) -> bytes:
    """What a program prints when `given` this to read; raises NoOutput, after `seconds` at the latest."""
    pipe = subprocess.PIPE
    try:
        program = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
    except OSError as error:
        raise NoOutput(f"{command[0]} does not start: {error.strerror}") from error
    with program:
        try:
            said, complaints = program.communicate(given, timeout=seconds)
        except subprocess.TimeoutExpired as error:
            with suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)  # with its children
            raise NoOutput(f"{command[0]} was not done within {seconds:g} seconds") from error
    if program.returncode:
        last = complaints.decode(errors="replace").strip().splitlines()[-1:]
        raise NoOutput(f"{command[0]} ended with {program.returncode}: {''.join(last)[:200]}")
    return said
