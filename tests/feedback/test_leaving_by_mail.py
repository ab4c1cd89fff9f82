"""Mail to the unsubscribe address: the tag counts, and nothing else in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.audience.models import Standing, Subscriber
from digest.feedback.leaving_by_mail import MOST_TAGS, Answer, answer_to, received_at, tagged, tags
from digest.tokens import Keyring, Purpose, tag_of
from tests.support.tables import NOW

KEYS = Keyring({1: b"k" * 32}, 1)
ANN, BOB = "00112233445566778899aabb", "ffeeddccbbaa998877665544"


def tag(subscriber: str = ANN, keys: Keyring = KEYS, purpose: Purpose = Purpose.UNSUBSCRIBE) -> str:
    """A reader's tag."""
    return tag_of(keys.issue(purpose, subscriber, NOW))


def whose(head: str) -> str | None:
    """Who leaves by a mail with this header."""
    token = tagged(head.encode(), KEYS, NOW)
    return token.subscriber if token else None


TAG, OTHER = tag(), tag(BOB)
ANNS = {
    "To": f"To: leave+{TAG}@example.org",
    "folded": f"To:\n  Leave\n <leave+{TAG}@example.org>",
    "with CRLF": f"Subject: \r\nTo:\r\n\tleave+{TAG}@example.org\r\nX: y\r\n",
    "in capitals": f"TO: <LEAVE+{TAG.upper()}@EXAMPLE.ORG>",
    "Cc": f"To: editors@example.org\nCC: x@example.org, leave+{TAG}@example.org",
    "Delivered-To": f"Delivered-To: leave+{TAG}@mail.example.org\nTo: undisclosed-recipients:;",
    "X-Original-To": f"X-Original-To: leave+{TAG}@example.org",
    "an address of ours from before": f"To: unsubscribe+news+{TAG}@old.example.org",
    "the surest first": f"Cc: leave+{OTHER}@example.org\nTo: a@b.org\nDelivered-To: leave+{TAG}@example.org",
    "a forged one before it": f"To: leave+{'a' * 42}@example.org, leave+{TAG}@example.org",
    "blanks before the colon": f"To : leave+{TAG}@example.org",
    "among many": "Received: from a by b; whenever\n" * 1000 + f"To: leave+{TAG}@example.org\n",
    "as Postfix pipes it": f"Return-Path: <x@example.org>\nX-Original-To: leave+{TAG.upper()}@example.org\n"
    f"Delivered-To: leave+{TAG.upper()}@example.org\nReceived: from [127.0.0.1] (localhost [127.0.0.1])\n"
    f"\tby mx.example.org (Postfix) with ESMTP id 196089A1ECA\n\tfor <leave+{TAG}@example.org>; "
    "Sun, 22 Nov 2026 11:58:32 +0000 (UTC)\nFrom: x@example.net\nSubject: \n",
    "broken lines around it": f"\x00\x01\nno colon here\n: no name\nTo: leave+{TAG}@example.org\n==",
}
NOBODYS = {
    "nothing": "",
    "no tag": "To: leave@example.org",
    "the From": f"From: leave+{TAG}@example.org\nTo: leave@example.org",
    "a subject": f"To: leave@example.org\nSubject: leave+{TAG}@example.org",
    "a part of another field": f"X-To: leave+{TAG}@example.org\nTo-Do: leave+{TAG}@example.org",
    "in a line that is no field": f"words To: leave+{TAG}@example.org\n\x00To: leave+{TAG}@example.org",
    "cut short": f"To: leave+{TAG[:-1]}@example.org",
    "lengthened": f"To: leave+{TAG}a@example.org",
    "with a blank in it": f"To: leave+{TAG[:20]} {TAG[20:]}@example.org",
    "in another place": f"To: {TAG}@example.org, leave@{TAG}.example.org, x-{TAG}@example.org",
    "of another installation": f"To: leave+{tag(keys=Keyring({1: b'x' * 32}, 1))}@example.org",
    "of an unknown key": f"To: leave+{tag(keys=Keyring({2: b'k' * 32}, 2))}@example.org",
    "for preferences": f"To: leave+{tag(purpose=Purpose.PREFERENCES)}@example.org",
    "for confirming": f"To: leave+{tag(purpose=Purpose.CONFIRM)}@example.org",
    "behind more than anybody sends": "To: "
    + f"leave+{'a' * 42}@example.org, " * MOST_TAGS
    + f"leave+{TAG}@example.org",
}


@pytest.mark.parametrize("head", ANNS.values(), ids=ANNS)
def test_mails_that_ann_leaves_by(head: str) -> None:
    """Her tag, in an address that the mail went to."""
    assert whose(head) == ANN


@pytest.mark.parametrize("head", NOBODYS.values(), ids=NOBODYS)
def test_mails_that_nobody_leaves_by(head: str) -> None:
    """Forged, damaged, of another purpose, or elsewhere."""
    assert whose(head) is None


def test_long_lines_take_no_time() -> None:
    """A line of half a million letters without a colon, and one of as many plus signs."""
    for letter in ("a", "+", " ", "a+", "To"):
        assert not list(tags((letter * 500_000).encode()))
        assert not list(tags(b"To: " + (letter * 500_000).encode()))


@given(st.binary(max_size=400))
def test_hostile_headers(head: bytes) -> None:
    """Whatever arrives."""
    assert tagged(b"To: " + head + b"\nReceived: x;" + head, KEYS, NOW) is None
    for start in (b"Received: ", b"Received: from x; ", b"Received: ;"):
        moment = received_at(start + head)
        assert moment is None or moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("head", "moment"),
    [
        ("Received: by mx; Thu, 19 Nov 2026 09:00:00 +0100 (CET)", datetime(2026, 11, 19, 8, 0, tzinfo=UTC)),
        (
            "Received: from a\n\tby mx (x; y);\n\tThu, 19 Nov 2026 08:00:00 GMT\nReceived: x; 1 Jan 2001",
            datetime(2026, 11, 19, 8, 0, tzinfo=UTC),
        ),
        ("Received: by mx; Thu, 19 Nov 2026 08:00:00 -0000", None),
        ("Received: by mx", None),
        ("Received: by mx; tomorrow", None),
        ("Received: by mx; Thu, 19 Nov 99999999999 08:00:00 +0000", None),
        ("Received: by mx; Thu, 31 Dec 9999 23:00:00 -2300", None),
        ("Date: Thu, 19 Nov 2026 08:00:00 +0000", None),
        ("", None),
    ],
)
def test_when_our_server_took_it(head: str, moment: datetime | None) -> None:
    """The uppermost stamp is our own; a Date is what the writer says."""
    assert received_at(head.encode()) == moment


@pytest.mark.parametrize(
    ("standing", "received", "answer"),
    [
        (Standing.ACTIVE, None, Answer.LEFT),
        (Standing.PENDING, None, Answer.LEFT),
        (Standing.ACTIVE, NOW, Answer.LEFT),
        (Standing.ACTIVE, NOW + timedelta(days=1), Answer.LEFT),
        (Standing.ACTIVE, NOW - timedelta(seconds=1), Answer.OUTDATED),
        (Standing.UNSUBSCRIBED, None, Answer.GONE),
        (Standing.UNSUBSCRIBED, NOW - timedelta(days=1), Answer.GONE),
        (Standing.COMPLAINED, None, Answer.GONE),
        (Standing.BOUNCED, None, Answer.GONE),
    ],
)
def test_what_becomes_of_it(standing: Standing, received: datetime | None, answer: Answer) -> None:
    """An old mail that is read late takes nobody off who has come back since."""
    assert answer_to(Subscriber(status=standing, confirmed_at=NOW), received) is answer
    if answer is Answer.OUTDATED:
        assert answer_to(Subscriber(status=standing, confirmed_at=None), received) is Answer.LEFT
