"""Reading mail that came back: headers only, from wherever they lie, however large or broken they are."""

from __future__ import annotations

import io
import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.feedback.mails import HEAD, LINE, Mail, mark_seen, read_mails, read_message

HEADER = b"To: a@example.org\r\nSubject: x\r\n"


def maildir(folder: Path, **mails: bytes) -> Path:
    """A Maildir with new mails."""
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir(parents=True)
    for name, content in mails.items():
        (folder / "new" / name).write_bytes(content)
    return folder


def heads(source: Path, unreadable: list[SourceError] | None = None) -> list[bytes]:
    """The headers of what is read; what cannot be is a failure, or put down in `unreadable`."""
    tell = fail if unreadable is None else unreadable.append
    return [mail.head for mail in read_mails(source, tell)]


def fail(error: SourceError) -> None:
    """Everything was to be read."""
    pytest.fail(str(error))


@pytest.mark.parametrize(
    ("message", "head"),
    [
        (HEADER + b"\r\nTo: not@example.org\r\n", HEADER),
        (HEADER.replace(b"\r\n", b"\n") + b"\nBody\n", HEADER.replace(b"\r\n", b"\n")),
        (b"From MAILER-DAEMON Thu Nov 19 09:00:00 2026\n" + HEADER + b"\nBody", HEADER),
        (HEADER, HEADER),
        (b"\r\nTo: not@example.org\r\n", b""),
        (b"", b""),
        (b"no newline at all", b"no newline at all"),
        (b"\x00\xff\n\n", b"\x00\xff\n"),
    ],
)
def test_one_message(tmp_path: Path, message: bytes, head: bytes) -> None:
    """Its header, without the envelope's line and without the body; read to its end."""
    stream = io.BytesIO(message)
    assert read_message(stream).head == head
    assert stream.read() == b""
    (tmp_path / "one.eml").write_bytes(message)
    assert heads(tmp_path / "one.eml") == [head]


def test_headers_and_lines_without_end() -> None:
    """So much is kept as any honest mail has; the rest is read and forgotten, and the next line is whole."""
    long = b"X-Long: " + b"a" * 10 * LINE + b"\r\n"
    head = read_message(io.BytesIO(long + HEADER + b"\r\n")).head
    assert head == long[:LINE] + b"\n" + HEADER
    many = read_message(io.BytesIO(b"Received: from nowhere\r\n" * 1_000_000)).head
    assert HEAD <= len(many) < HEAD + LINE


def test_an_mbox(tmp_path: Path) -> None:
    """Each message once; a quoted "From" in a body is none, nor one that no empty line is before."""
    start = b"From ann@example.org Thu Nov 19 09:00:00 2026\n"
    one, two, three = (b"To: %d@example.org\n" % number for number in (1, 2, 3))
    file = tmp_path / "mbox"
    body = b"\nHi\nFrom here on\n>From there\n\n"
    file.write_bytes(start + one + body + start + two + b"\n" + start + three + b"\nBye\n\n")
    before = file.read_bytes()
    assert heads(file) == [one, two, three]
    assert file.read_bytes() == before


@given(
    st.binary(max_size=300)
    | st.lists(st.sampled_from([b"From x\n", b"\n", b"To: a\n", b"\r\n", b"F"])).map(b"".join)
)
def test_whatever_a_file_holds(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Nothing in it ends the reading."""
    file = tmp_path_factory.getbasetemp() / "hostile"
    file.write_bytes(content)
    for head in heads(file):
        assert head in content


def test_a_maildir(tmp_path: Path) -> None:
    """New mails and those that nobody has seen; each stays until it is marked, and then for good."""
    folder = maildir(tmp_path / "box", b=HEADER + b"\n", a=b"Subject: a\n\n")
    (folder / "cur" / "c:2,R").write_bytes(b"Subject: c\n\n")
    (folder / "cur" / "d:2,RS").write_bytes(b"Subject: seen\n\n")
    (folder / "cur" / ".hidden").write_bytes(b"Subject: hidden\n\n")
    (folder / "new" / "folder").mkdir()
    mails = list(read_mails(folder, fail))
    assert [mail.head for mail in mails] == [b"Subject: a\n", HEADER, b"Subject: c\n"]
    for mail in (mails[0], mails[2]):
        mark_seen(mail)
    assert {file.name for file in (folder / "cur").iterdir()} == {"a:2,S", "c:2,RS", "d:2,RS", ".hidden"}
    assert heads(folder) == [HEADER]
    assert (folder / "cur" / "a:2,S").read_bytes() == b"Subject: a\n\n"


def test_a_mail_that_a_program_moves_meanwhile(tmp_path: Path) -> None:
    """Whoever reads the mailbox may do so at the same time."""
    folder = maildir(tmp_path / "box", a=HEADER, b=HEADER)
    found = []
    for mail in read_mails(folder, fail):
        found.append(mail)
        (folder / "new" / "b").unlink(missing_ok=True)
        (folder / "new" / "a").unlink(missing_ok=True)
        mark_seen(mail)
    assert len(found) == 1
    assert list((folder / "cur").iterdir()) == []


def test_what_is_no_mail_does_not_keep_the_others(tmp_path: Path) -> None:
    """Each is told, and nothing is waited for; a link to nowhere is like a mail moved meanwhile."""
    folder = maildir(tmp_path / "box", a=HEADER, z=HEADER)
    new = folder / "new"
    os.mkfifo(new / "fifo")
    (new / "loop").symlink_to("loop")
    (new / "nowhere").symlink_to("nothing")
    (new / "torn").symlink_to("/proc/self/mem")  # a regular file, of which the first byte cannot be read
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(new / "socket"))
    expected = ["fifo", "loop", "socket", "torn"]
    if os.geteuid():  # root may read everything
        (new / "locked").touch(0o000)
        expected.insert(1, "locked")
    unreadable: list[SourceError] = []
    assert heads(folder, unreadable) == [HEADER, HEADER]
    assert [Path(error.source).name for error in unreadable] == expected
    assert str(unreadable[0]) == f"{new / 'fifo'}: this is no file"
    assert unreadable[1 - len(expected)].message in ("Too many levels of symbolic links", "Permission denied")
    assert {file.name for file in new.iterdir()} >= {"a", "z", *expected}


def test_what_lies_in_no_maildir_is_not_marked() -> None:
    """There is nothing to move."""
    mark_seen(Mail(HEADER))


def test_a_folder_that_is_no_maildir(tmp_path: Path) -> None:
    """It is an error that says what was expected."""
    with pytest.raises(SourceError, match="expected a Maildir"):
        heads(tmp_path)
