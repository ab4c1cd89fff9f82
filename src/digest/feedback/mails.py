"""Reads the headers of mail that came back to us: one message, a Maildir, or an mbox, of any size."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from digest.errors import SourceError

HEAD = 512 * 1024  # bytes of a header that are looked at
LINE = 64 * 1024
ENDS = (b"\n", b"\r\n", b"")
FROM = b"From "


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail's header, and where it lies if that is a file of its own in a Maildir."""

    head: bytes
    file: Path | None = None


def read_message(stream: BinaryIO) -> Mail:
    """The one message of a stream, read to its end: a mail server's pipe must not break."""
    mail = Mail(_head(stream, _line(stream)))
    while stream.read(LINE):
        pass
    return mail


def read_mails(source: Path, on_unreadable: Callable[[SourceError], None]) -> Iterator[Mail]:
    """What lies there, new and not yet seen where it is a Maildir; raises SourceError for another folder.

    What cannot be read of a Maildir is told, and the others are read all the same.
    """
    if source.is_dir():
        yield from _maildir(source, on_unreadable)
        return
    with source.open("rb") as stream:
        if stream.read(len(FROM)) == FROM:
            stream.seek(0)
            yield from _mbox(stream)
        else:
            stream.seek(0)
            yield read_message(stream)


def mark_seen(mail: Mail) -> None:
    """Have a mail that lies in a Maildir count as read; a mail program may move it at the same time.

    Raises OSError where it cannot be renamed.
    """
    if mail.file is None:
        return
    name, _, flags = mail.file.name.partition(":2,")
    seen = "".join(sorted({*flags, "S"}))
    with suppress(FileNotFoundError):
        mail.file.rename(mail.file.parent.parent / "cur" / f"{name}:2,{seen}")


def _maildir(folder: Path, on_unreadable: Callable[[SourceError], None]) -> Iterator[Mail]:
    if not (folder / "new").is_dir() or not (folder / "cur").is_dir():
        raise SourceError(str(folder), None, None, "expected a Maildir, with the folders cur and new in it")
    for name in ("new", "cur"):
        for file in sorted(folder.joinpath(name).iterdir()):
            if _is_seen(file):
                continue
            try:
                yield from _in_maildir(file)
            except OSError as error:
                on_unreadable(SourceError(str(file), None, None, error.strerror or str(error)))


def _is_seen(file: Path) -> bool:
    return file.name.startswith(".") or "S" in file.name.partition(":2,")[2]


def _in_maildir(file: Path) -> Iterator[Mail]:
    with suppress(FileNotFoundError, IsADirectoryError), open(file, "rb", opener=_at_once) as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(errno.EINVAL, "this is no file")
        yield Mail(_head(stream, _line(stream)), file)


def _at_once(path: str, flags: int) -> int:
    """Opens without waiting for whoever would write into a pipe."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)


def _mbox(stream: BinaryIO) -> Iterator[Mail]:
    """Each message begins with a line "From …" behind an empty one (RFC 4155, Appendix A)."""
    empty, line = True, _line(stream)
    while line:
        if empty and line.startswith(FROM):
            yield Mail(_head(stream, line))
            empty = True  # what ended the header
        else:
            empty = line in ENDS
        line = _line(stream)


def _head(stream: BinaryIO, line: bytes) -> bytes:
    """The lines from `line` up to the empty one, without the envelope's; the start of a header too long."""
    if line.startswith(FROM):
        line = _line(stream)
    lines: list[bytes] = []
    size = 0
    while line not in ENDS and size < HEAD:
        lines.append(line)
        size += len(line)
        line = _line(stream)
    return b"".join(lines)


def _line(stream: BinaryIO) -> bytes:
    """The next line, or as much of it as any honest one has; empty at the end."""
    line = stream.readline(LINE)
    if len(line) < LINE or line.endswith(b"\n"):
        return line
    while (rest := stream.readline(LINE)) and not rest.endswith(b"\n"):
        pass
    return line + b"\n"
