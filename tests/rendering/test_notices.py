"""Notices: one mail to one person, with exactly the link that belongs in it."""

from __future__ import annotations

import pytest

from digest.errors import RenderError
from digest.rendering.notices import NOTICES
from digest.rendering.rendered import reader_link
from digest.rendering.renderer import Renderer
from tests.support.stories import BRANDING, MARKER

SUBJECTS = {
    "confirm": "Confirm your subscription to Weekly Verdicts",
    "welcome": "Welcome to Weekly Verdicts",
    "already-subscribed": "You already get Weekly Verdicts",
    "goodbye": "You have left Weekly Verdicts",
    "change-address": "Confirm your new address for Weekly Verdicts",
    "address-changed": "Your address for Weekly Verdicts was changed",
    "your-data": "Your data at Weekly Verdicts",
}


@pytest.mark.parametrize("name", NOTICES)
def test_every_notice_renders(name: str) -> None:
    """Subject, HTML and text name the newsletter and its sender."""
    mail = Renderer(BRANDING).notice(name, {}, MARKER)
    assert mail.subject == SUBJECTS[name]
    for part in (mail.html, mail.text):
        assert "1 Example Street, 10115 Berlin" in part
    assert not [line for line in mail.text.splitlines() if len(line) > 72 and "https://" not in line]


@pytest.mark.parametrize(("name", "links"), NOTICES.items())
def test_each_carries_its_own_links_only(name: str, links: tuple[str, ...]) -> None:
    """A confirm mail cannot unsubscribe, and a goodbye holds no personal link."""
    mail = Renderer(BRANDING).notice(name, {}, MARKER)
    for part in (mail.html, mail.text):
        assert part.count(MARKER) == sum(part.count(reader_link(MARKER, link)) for link in links)
        assert all(reader_link(MARKER, link) in part for link in links)


def test_a_value_is_printed_and_kept_harmless() -> None:
    """Values stand beside the brand; they cannot replace it."""
    mail = Renderer(BRANDING).notice("confirm", {"days": 3, "brand": "<b>"}, MARKER)
    assert "It works for 3 days." in mail.text
    assert "Weekly Verdicts" in mail.text


def test_an_unknown_notice_is_refused() -> None:
    """The error says which there are."""
    with pytest.raises(RenderError, match="confirm, welcome, already-subscribed, goodbye"):
        Renderer(BRANDING).notice("receipt", {}, MARKER)


@pytest.mark.parametrize(
    "marker", ["", "short", "UPPERCASE0000", "has space 0000", "0startswithdigit", "a" * 64]
)
def test_a_marker_that_could_change_on_its_way_is_refused(marker: str) -> None:
    """Upper case, signs or a wrong length would not survive as a host name."""
    with pytest.raises(RenderError, match="marker"):
        Renderer(BRANDING).notice("welcome", {}, marker)
