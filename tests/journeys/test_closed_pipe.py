"""`digest … | head`: a reader that has seen enough ends a command, and nothing is said about it."""

from __future__ import annotations

import fcntl
import os
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.journeys.installation import (
    COMMAND,
    SECONDS,
    SLOT,
    Installation,
    filled,
    installed,
    joined,
    many_readers,
)


@pytest.fixture
def made(tmp_path: Path) -> Installation:
    """One engine is enough here."""
    return installed(tmp_path, f"sqlite:///{tmp_path / 'digest.db'}", 2525)


@contextmanager
def piped(made: Installation, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command as a process whose output goes into a pipe."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*COMMAND, *words], cwd=made.folder, env=made.environment, stdout=pipe, stderr=pipe
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ending(process: subprocess.Popen[bytes]) -> tuple[int, bytes]:
    """The exit code, and what was said on standard error; nobody reads the rest of the output."""
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    said = process.stderr.read()
    return process.wait(SECONDS), said


def printed_into(output: int, made: Installation, *words: str) -> tuple[int, bytes]:
    """Run the command to its end, its output going there: the exit code, and what was said besides."""
    done = subprocess.run(
        [*COMMAND, *words],
        cwd=filled(made).folder,
        env=made.environment,
        stdout=output,
        stderr=subprocess.PIPE,
        timeout=SECONDS,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("status",),
        ("subscribers", "list", "--json"),
        ("subscribers", "export"),
        ("preview", "--now", SLOT, "--text", "-"),
    ],
    ids=" ".join,
)
def test_output_that_nobody_reads_is_1_without_a_word(made: Installation, words: tuple[str, ...]) -> None:
    """Python's own code for it; whether the words are few or many, printed or written as a file."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert printed_into(writing, made, *words) == (1, b"")
    finally:
        os.close(writing)


def test_a_long_list_ends_where_its_reader_stops(made: Installation) -> None:
    """The first line is there as soon as it is printed."""
    with piped(joined(made, many_readers(10_000)), "subscribers", "list") as process:
        assert process.stdout
        assert b"reader000@example.org" in process.stdout.readline()
        assert ending(process) == (1, b"")


def test_another_broken_pipe_is_told(made: Installation) -> None:
    """A file that is a pipe, while standard output is well."""
    fifo = made.folder / "mail.eml"
    os.mkfifo(fifo)
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(reading, fcntl.F_SETPIPE_SZ, 4096)  # less than the mail, which waits to be written then
    with piped(filled(made), "preview", "--now", SLOT, "--eml", str(fifo)) as process:
        assert select.select([reading], [], [], SECONDS)[0]
        os.close(reading)
        assert process.stderr
        assert process.stderr.read() == b"digest: [Errno 32] Broken pipe\n"
        assert process.wait(SECONDS) == 1


def test_a_full_disk_is_told(made: Installation) -> None:
    """An output that fails for another reason than its reader."""
    with Path("/dev/full").open("wb") as full:
        ended = printed_into(full.fileno(), made, "preview", "--now", SLOT, "--text", "-")
    assert ended == (1, b"digest: [Errno 28] No space left on device\n")
