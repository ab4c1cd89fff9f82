"""Placeholders and empty values that a template left behind."""

from __future__ import annotations

import pytest

from digest.checking.findings import Level
from digest.checking.leftovers import check_leftovers
from digest.checking.mail import Mail
from digest.checking.page import read_page
from tests.checking.samples import BODY, TEXT, good, levels, page, told


def found(mail: Mail, level: Level) -> str:
    """What is said at one level."""
    return told(check_leftovers(mail, read_page(mail.html)), level)


@pytest.mark.parametrize(
    "words",
    [
        "{{ story.name }}",
        "{% if x %}",
        "{{ story.",
        "__TOKEN__",
        "%(name)s",
        "${name}",
        "*|FNAME|*",
        "https://m0123456789.invalid/unsubscribe",
        "Lorem ipsum dolor",
        "[object Object]",
        "undefined",
        "None%",
        "nan",
        "Paid · None",
        "Entry: undefined",
    ],
)
def test_leftovers_are_errors_wherever_they_stand(words: str) -> None:
    """In the HTML, in an attribute, in the text, in subject and preheader."""
    places = (
        good(html=page(f"<p>{words}</p>")),
        good(html=page(f'<img alt="{words}">')),
        good(text=f"{TEXT}\n{words}\n"),
        good(subject=words),
        good(preheader=words),
    )
    for mail in places:
        assert words[:6].lower() in found(mail, Level.ERROR).lower()


@pytest.mark.parametrize(
    "words",
    ["None of them would ship it", "undefined behaviour: a tale", "Banana: nana", "x__init__y", "{ a: {b} }"],
)
def test_plain_words_are_no_leftovers(words: str) -> None:
    """English has these words too."""
    assert levels(check_leftovers(good(subject=words), read_page(page()))) == {Level.OK}


def test_what_a_page_itself_says_is_only_a_warning() -> None:
    """A title about templates is a title, also where it was cut."""
    title = "Which one does {{ 7*7 }} better?"
    mail = good(html=page(f"<p>{title}</p>" + BODY), subject=title, items=(title,))
    assert not found(mail, Level.ERROR)
    assert "{{ 7*7 }} in “Which one" in found(mail, Level.WARNING)
    cut = good(subject="Which one does {{ 7…", items=(title,))
    assert not found(cut, Level.ERROR)
    other = good(html=page(f"<p>{title} {{{{ name }}}}</p>"), items=(title,))
    assert "{{ name }}" in found(other, Level.ERROR)


def test_the_sites_own_words_need_not_be_in_the_text_part() -> None:
    """A quote may hold anything, and stands in `said`; what is not of it is ours."""
    mail = good(html=page("<p>It prints {{ name }} and __TOKEN__.</p>"), said=("It prints {{ name }} and",))
    assert "HTML: {{ name }}" in found(mail, Level.WARNING)
    assert "HTML: __TOKEN__" in found(mail, Level.ERROR)
    assert "HTML: {{ name }}" not in found(mail, Level.ERROR)
