"""Asks another program, and ends it with its children when it takes too long."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress

from digest.errors import DigestError

SHOWN = 200  # characters of a program's last complaint


class NoAnswer(DigestError):
    """The program does not start, takes too long or fails; the words say which."""


def answer_of(command: Sequence[str], seconds: float, given: bytes = b"") -> bytes:
    """What a program writes to its standard output, with `given` at its standard input; raises NoAnswer."""
    pipe = subprocess.PIPE
    try:
        program = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
    except OSError as error:
        raise NoAnswer(f"{command[0]} does not start: {error.strerror}") from error
    with program:
        try:
            said, complaints = program.communicate(given, timeout=seconds)
        except subprocess.TimeoutExpired as error:
            with suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)  # with its children
            raise NoAnswer(f"{command[0]} did not end within {seconds:g} seconds") from error
    if program.returncode:
        raise NoAnswer(f"{command[0]} ended with {program.returncode}{_last_words(complaints)}")
    return said


def _last_words(complaints: bytes) -> str:
    last = complaints.decode(errors="replace").strip().splitlines()[-1:]
    return f": {last[0][:SHOWN]}" if last else ""
