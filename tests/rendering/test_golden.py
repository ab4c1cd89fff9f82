"""Golden files: every email as somebody last looked at it, HTML and text, byte for byte."""

from __future__ import annotations

import pytest

from digest.rendering.notices import NOTICES
from tests.support.golden import FOLDER, RENEW, difference, joined, kept, rendered, split
from tests.support.samples import mails

MAILS = mails()


@pytest.mark.parametrize("name", MAILS)
def test_an_email_is_what_it_was(name: str) -> None:
    """Subject and text, and the HTML as it is sent."""
    mail = MAILS[name]()
    html = (FOLDER / f"{name}.html").read_bytes().decode()
    if joined(html) != mail.html:
        pytest.fail(difference(f"{name}.html", html, split(mail.html)), pytrace=False)
    text, now = (FOLDER / f"{name}.txt").read_bytes().decode(), f"Subject: {mail.subject}\n\n{mail.text}"
    if text != now:
        pytest.fail(difference(f"{name}.txt", text, now), pytrace=False)


def test_every_email_has_its_files_and_every_file_its_email() -> None:
    """A template that is added is looked at; one that went leaves nothing behind."""
    assert set(NOTICES) <= set(MAILS)
    assert set(kept()) == set(rendered())


@pytest.mark.parametrize(
    "html", ["<p>a</p>", "\n\n<p>\n<b>x\n</b></p>\n", "no tags", "<!-- a\n<tr> -->\n<table>"]
)
def test_splitting_into_lines_loses_nothing(html: str) -> None:
    """The files say what is sent, not something like it."""
    assert joined(split(html)) == html


def test_a_difference_can_be_read() -> None:
    """It shows the lines that changed, few around them, and how to renew."""
    before = split("<table><tr><td>one</td></tr><tr><td>two</td></tr></table>")
    shown = difference("x.html", before, before.replace("two", "three")).splitlines()
    assert "-<td>two</td></tr>" in shown
    assert "+<td>three</td></tr>" in shown
    assert RENEW in shown[-1]
    assert len(difference("x.txt", "", "line\n" * 1000).splitlines()) < 70
