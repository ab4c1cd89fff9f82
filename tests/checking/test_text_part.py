"""The text part says everything and is plain."""

from __future__ import annotations

import pytest

from digest.checking.findings import Level
from digest.checking.mail import Mail
from digest.checking.page import read_page
from digest.checking.text_part import check_text
from tests.checking.samples import TEXT, good, levels, told


def found(mail: Mail, level: Level) -> str:
    """What is said at one level."""
    return told(check_text(mail, read_page(mail.html)), level)


def test_a_text_that_says_everything_passes() -> None:
    """Wherever its lines are broken."""
    name = "A long name of a tool that is wrapped somewhere on its way"
    mail = good(
        items=(name, "X" * 100),
        text=f"A long name of a tool\nthat is wrapped\nsomewhere on its way\n{'X' * 72}\n{'X' * 28}\n{TEXT}",
    )
    assert levels(check_text(mail, read_page(mail.html))) == {Level.OK}


@pytest.mark.parametrize(
    ("changes", "level", "why"),
    [
        ({"text": " \n"}, Level.ERROR, "there is no text part"),
        ({"items": ("Bee vs Mark",)}, Level.ERROR, "“Bee vs Mark”"),
        (
            {"text": TEXT.replace("https://site.example.org/ace", "")},
            Level.ERROR,
            "https://site.example.org/ace",
        ),
        ({"text": TEXT + "word " * 20}, Level.WARNING, "100 columns"),
        ({"text": TEXT + "see https://a.org/ " + "word " * 20}, Level.WARNING, "columns"),
        ({"text": TEXT + "<b>Ace</b>"}, Level.WARNING, "<b>"),
        ({"text": TEXT + '<a href="x">'}, Level.WARNING, '<a href="x">'),
        ({"text": TEXT + "Ace &amp; Mark"}, Level.WARNING, "&amp;"),
    ],
)
def test_faults_are_named(changes: dict[str, object], level: Level, why: str) -> None:
    """What is left out is an error, untidiness a warning."""
    assert why in found(good(**changes), level)


@pytest.mark.parametrize(
    "text",
    [
        f"{TEXT}https://a.org/{'x' * 200}\n",
        f"{TEXT}Read it: https://a.org/{'x' * 90}\n",
        f"{TEXT}a < b & c > d\n",
    ],
)
def test_addresses_may_be_long_and_signs_are_no_markup(text: str) -> None:
    """An address cannot be wrapped."""
    assert levels(check_text(good(text=text), read_page(good().html))) == {Level.OK}


def test_markup_that_a_page_speaks_of_is_none() -> None:
    """A tool may be called `<table>`."""
    mail = good(text=f"{TEXT}<table> vs Mark\n", items=("<table> vs Mark",))
    assert levels(check_text(mail, read_page(mail.html))) == {Level.OK}
