"""Links: their addresses, their words, and one place for the same words."""

from __future__ import annotations

import pytest

from digest.checking.findings import Level
from digest.checking.links import check_links
from digest.checking.page import read_page
from tests.checking.samples import levels, page, told


def found(body: str, level: Level) -> str:
    """What is said of a page's links at one level."""
    return told(check_links(read_page(page(body))), level)


def test_sound_links_pass() -> None:
    """Absolute, https, with words; also mail addresses, and an image that speaks for its link."""
    body = (
        '<a href="https://a.org/x">Read A vs B</a><a href="mailto:a@example.org">Write to us</a>'
        '<a href="https://a.org/y"><img src="https://a.org/y.png" alt="The chart"></a>'
        '<a href="https://a.org/x">Read A vs B</a><a name="here"></a>'
    )
    assert levels(check_links(read_page(page(body)))) == {Level.OK}


@pytest.mark.parametrize(
    ("href", "why"),
    [
        ("", "nothing is not absolute"),
        ("/archive", "is not absolute"),
        ("#top", "is not absolute"),
        ("//a.org/x", "is not absolute"),
        ("http://a.org/", "is http, not https"),
        ("https://", "is no address of the web"),
        ("javascript:alert(1)", "is no address of the web"),
        ("data:text/html,x", "is no address of the web"),
        ("https://ada:secret@a.org/", "holds a user name or password"),
        ("https://a.org/a b", "is not an address"),
        ("https://[::1/", "is not an address"),
        ("https://a.org:port/", "is not an address"),
        ("mailto:", "says nobody to turn to"),
    ],
)
def test_addresses_that_do_not_work_are_errors(href: str, why: str) -> None:
    """Each with its reason."""
    assert why in found(f'<a href="{href}">Some words</a>', Level.ERROR)


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]", "news.example.org", "my.test"])
def test_http_is_a_warning_on_hosts_for_trying_out(host: str) -> None:
    """The demo and a first try run without certificates."""
    findings = list(check_links(read_page(page(f'<a href="http://{host}/">Some words</a>'))))
    assert levels(findings) == {Level.WARNING}


@pytest.mark.parametrize("inside", ["", "  &nbsp; ", "→", '<img src="https://a.org/a.png" alt="">'])
def test_links_without_words_are_errors(inside: str) -> None:
    """Nobody can read them aloud."""
    assert "links without words" in found(f'<a href="https://a.org/">{inside}</a>', Level.ERROR)


@pytest.mark.parametrize("text", ["Click here", "here", "Read more →", "More…", "this <b>link</b>"])
def test_vague_words_are_warned_of(text: str) -> None:
    """They say nothing in a list of links."""
    assert "do not say where" in found(f'<a href="https://a.org/">{text}</a>', Level.WARNING)


def test_the_same_words_must_not_lead_to_different_places() -> None:
    """Both places are named."""
    body = '<a href="https://a.org/1">Read it all</a> <a href="https://a.org/2">Read  it ALL</a>'
    assert "https://a.org/1, https://a.org/2" in found(body, Level.WARNING)
