"""What lists of mails show of subject and preheader."""

from __future__ import annotations

import pytest

from digest.desk.inbox import cut, rows, sender_name


def test_each_program_cuts_where_it_cuts() -> None:
    """Gmail shares one row between the two; the others give each its own."""
    subject = "Fathomline Trace and Saltbox Ledger win the whole panel"
    gmail, phone, outlook = rows(subject, "Five comparisons this week, three of them against one yardstick")
    assert (gmail.subject, gmail.subject_rest) == (subject, "")
    assert gmail.preheader == "Five compariso"
    assert (phone.subject, phone.subject_rest) == (
        "Fathomline Trace and Saltbox Ledger win",
        " the whole panel",
    )
    assert phone.preheader_rest == ""
    assert outlook.subject == subject


@pytest.mark.parametrize(
    ("text", "room", "kept"),
    [("", 0, ""), ("abc", 3, "abc"), ("abcd", 3, "ab"), ("abc", 0, ""), ("a b c", 3, "a")],
)
def test_nothing_is_lost_in_the_cut(text: str, room: int, kept: str) -> None:
    """What is shown and what is not make up the whole."""
    shown, rest = cut(text, room)
    assert shown == kept
    assert shown + rest == text


@pytest.mark.parametrize(
    ("mailbox", "name"),
    [
        ("The Digest <a@b.org>", "The Digest"),
        ("a@b.org", "a@b.org"),
        ('"Digest, The" <a@b.org>', "Digest, The"),
    ],
)
def test_the_sender_is_a_name(mailbox: str, name: str) -> None:
    """The address only where there is no name."""
    assert sender_name(mailbox) == name
