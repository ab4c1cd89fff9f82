"""The message's headers, parts and lines."""

from __future__ import annotations

import pytest

from digest.checking.findings import Level
from digest.checking.headers import check_headers
from tests.checking.samples import good, levels, told

MESSAGE = good().message


def found(message: bytes, level: Level = Level.ERROR) -> str:
    """What is said at one level."""
    return told(check_headers(good(message=message)), level)


def swapped(old: bytes, new: bytes) -> bytes:
    """The good message with one thing changed."""
    assert old in MESSAGE
    return MESSAGE.replace(old, new, 1)


def test_a_composed_message_passes() -> None:
    """As our own composing makes it."""
    assert levels(check_headers(good())) == {Level.OK}


@pytest.mark.parametrize(
    "name",
    [
        "From",
        "To",
        "Date",
        "Message-ID",
        "Subject",
        "MIME-Version",
        "List-Id",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
    ],
)
def test_each_header_must_be_there_once(name: str) -> None:
    """Missing or doubled, it is named."""
    field = next(line for line in MESSAGE.split(b"\r\n") if line.startswith(name.encode() + b":")) + b"\r\n"
    assert f"{name} is missing" in found(swapped(field, b"X-Was: here\r\n"))
    assert f"{name} stands there 2 times" in found(swapped(field, field + field))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"To: reader@example.org", b"To: a@example.org, b@example.org", "To is not one address"),
        (b" <weekly@example.org>", b" <weekly>", "From is not one address"),
        (b"Message-ID: <", b"Message-ID: <a b", "Message-ID is not"),
        (b"Date: Thu, 19 Nov 2026", b"Date: some day", "Date is not a date"),
        (b"Subject: Ace", b"Subject: Bee", "Subject is not the subject"),
        (b"Subject: Ace", b"Subject: =?nonsense?b?!?= Ace", "Subject is not the subject"),
        (b"List-Unsubscribe: <https:", b"List-Unsubscribe: <mailto:", "one https address, not 0"),
        (b"List-Unsubscribe: <", b"List-Unsubscribe: <https://a.org/>, <", "one https address, not 2"),
        (b"List-Unsubscribe: <https://news.example.org", b"List-Unsubscribe: <http://a.org", "is http"),
        (b"=One-Click", b"=Two-Clicks", "List-Unsubscribe-Post must be"),
        (b"multipart/alternative", b"multipart/mixed", "not multipart/alternative"),
        (b"text/plain", b"text/html", "text/plain and then text/html"),
        (b"charset=utf-8", b"charset=latin-1", "does not say charset=utf-8"),
        (b"\r\n\r\n", b"\r\nX-Long: " + b"x" * 1000 + b"\r\n\r\n", "servers take 998"),
        (b"MIME-Version: 1.0\r\n", b"MIME-Version: 1.0\n", "does not end with CRLF"),
        (b"Precedence: bulk", "Präcedence: bulk".encode(), "not ASCII"),
    ],
)
def test_faults_are_named(old: bytes, new: bytes, why: str) -> None:
    """Each is an error."""
    assert why in found(swapped(old, new))


def test_unsubscribing_over_http_is_a_warning_when_trying_out() -> None:
    """As for every other link."""
    message = swapped(
        b"List-Unsubscribe: <https://news.example.org", b"List-Unsubscribe: <http://localhost:8000"
    )
    assert "is http" in found(message, Level.WARNING)
    assert not found(message)


def test_encoded_subjects_are_read() -> None:
    """Emoji and umlauts arrive as encoded words."""
    message = swapped(
        b"Subject: Ace wins the whole panel", b"Subject: =?utf-8?b?w4RjZQ==?=\r\n =?utf-8?b?IHdpbnM=?="
    )
    assert levels(check_headers(good(message=message, subject="Äce wins"))) == {Level.OK}
