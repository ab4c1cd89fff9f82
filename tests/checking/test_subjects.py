"""The subject and its habits, and the preheader beside it."""

from __future__ import annotations

import pytest

from digest.checking.findings import Level
from digest.checking.page import read_page
from digest.checking.preheaders import check_preheader
from digest.checking.subjects import check_subject
from tests.checking.samples import good, levels, page, told


@pytest.mark.parametrize(
    "subject",
    [
        "Ace wins the whole panel",
        "GPT vs LLAMA",
        "ANTHROPIC",
        "Regarding tools: Ace!",
        "One 🚀 tool",
        "A 👩‍💻 B",
    ],
)
def test_sound_subjects_pass(subject: str) -> None:
    """Short, calm, our own."""
    assert levels(check_subject(good(subject=subject))) == {Level.OK}


@pytest.mark.parametrize(
    ("subject", "level", "why"),
    [
        ("", Level.ERROR, "empty"),
        (" \n", Level.ERROR, "empty"),
        ("Re: your order", Level.ERROR, "“Re:”"),
        ("FWD : Ace", Level.ERROR, "“FWD :”"),
        ("AW: Ace", Level.ERROR, "as if it were an answer"),
        ("x" * 61, Level.NOTE, "61 characters"),
        ("x" * 91, Level.WARNING, "91 characters"),
        ("ALL NEW TOOLS", Level.WARNING, "all capitals"),
        ("Wow! Ace wins!", Level.WARNING, "more than one exclamation mark"),
        ("Ace is free!", Level.WARNING, "free!"),
        ("Make money with Ace", Level.WARNING, "make money"),
        ("Ace for $$$", Level.WARNING, "$$"),
        ("Ace 🚀🚀 wins", Level.NOTE, "several emoji"),
        ("Ace 🔥 🎉 wins", Level.NOTE, "several emoji"),
        ("Ace\nwins", Level.NOTE, "line breaks"),
    ],
)
def test_faults_of_a_subject_are_named(subject: str, level: Level, why: str) -> None:
    """Each at its level."""
    assert why in told(check_subject(good(subject=subject)), level)


def test_a_sound_preheader_passes() -> None:
    """It stands first in the HTML and says something of its own."""
    assert levels(check_preheader(good(), read_page(page()))) == {Level.OK}


@pytest.mark.parametrize(
    ("preheader", "level", "why"),
    [
        ("", Level.WARNING, "there is no preheader"),
        ("x" * 141, Level.NOTE, "141 characters"),
        ("Ace wins the whole panel, and more", Level.NOTE, "repeats the subject"),
    ],
)
def test_faults_of_a_preheader_are_named(preheader: str, level: Level, why: str) -> None:
    """Each at its level."""
    mail = good(preheader=preheader, html=page(preheader=preheader))
    assert why in told(check_preheader(mail, read_page(mail.html)), level)


def test_a_preheader_that_does_not_stand_first_is_named() -> None:
    """Programs show the first words, whatever they are."""
    mail = good(preheader="Something else.")
    assert "does not begin with" in told(check_preheader(mail, read_page(mail.html)), Level.WARNING)
