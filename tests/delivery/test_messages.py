"""One reader's message: their own links in it, each good for what it is called."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default

import pytest

from digest.db import Database
from digest.delivery.claiming import Job
from digest.delivery.messages import Messages, Sender
from digest.delivery.models import Mailing
from digest.errors import InvalidToken
from digest.rendering.rendered import reader_link
from digest.rendering.renderer import Renderer
from digest.tokens import Keyring, Purpose
from tests.support.stories import BRANDING
from tests.support.tables import MARKER, NOW, add_edition

KEYS = Keyring({1: b"k" * 32}, 1)
ANN = "00112233445566778899aabb"


@pytest.fixture
def messages(database: Database) -> Messages:
    """For a newsletter of the tests'."""
    sender = Sender("Weekly <digest@example.org>", "Weekly", None, None)
    return Messages(database, Renderer(BRANDING), KEYS, sender, BRANDING.base_url, lambda _: MARKER)


def test_links_are_good_for_what_they_are_called(messages: Messages) -> None:
    """And for nothing else."""
    links = messages.links(ANN, 0, NOW)
    assert sorted(links) == ["change", "confirm", "data", "preferences", "unsubscribe"]
    for name, link in links.items():
        start, _, token = link.rpartition("/")
        assert start == f"{BRANDING.base_url}/{name}"
        for purpose in Purpose:
            if purpose.name.lower() == name:
                assert KEYS.read(token, purpose, NOW).subscriber == ANN
            else:
                with pytest.raises(InvalidToken):
                    KEYS.read(token, purpose, NOW)


def test_preferences_stand_in_the_body_and_not_in_the_header(messages: Messages) -> None:
    """Mail programs' unsubscribe button leads to leaving, the link to preferences."""
    with messages.database.write() as session:
        edition = add_edition(session)
        stand_in = reader_link(MARKER, "preferences")
        edition.html, edition.text = f'<a href="{stand_in}">Preferences</a>', f"Preferences: {stand_in}\n"
        mailing = Mailing(edition_id=edition.id, seed="5eed", created_at=NOW)
        session.add(mailing)
        session.flush()
        job = Job(mailing.id, 1, None, "5eed", None, 0, 0, "ann@example.org", "ann@example.org", ANN, 0)
    letter = messages.letter(job, NOW)
    assert letter.to == "ann@example.org"
    mail = message_from_bytes(letter.data, policy=default)
    links = messages.links(ANN, 0, NOW)
    assert mail["List-Unsubscribe"] == f"<{links['unsubscribe']}>"
    for kind in ("html", "plain"):
        part = mail.get_body((kind,))
        assert part is not None
        assert links["preferences"] in part.get_content()


@pytest.mark.parametrize("notice", ["welcome", "already-subscribed"])
def test_who_is_on_the_list_can_choose_and_leave_by_a_notice(messages: Messages, notice: str) -> None:
    """By its header, and by its links in both parts, each of which is the reader's own."""
    job = Job(1, 1, notice, "5eed", None, 0, 0, "ann@example.org", "ann@example.org", ANN, 0)
    mail = message_from_bytes(messages.letter(job, NOW).data, policy=default)
    links = messages.links(ANN, 0, NOW)
    assert mail["List-Unsubscribe"] == f"<{links['unsubscribe']}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for kind in ("html", "plain"):
        part = mail.get_body((kind,))
        assert part is not None
        assert {name for name, link in links.items() if link in part.get_content()} == {
            "preferences",
            "unsubscribe",
        }
