"""Editions that are approved: bytes that stay, what is refused, and what gives them up again."""

from __future__ import annotations

import hashlib
from html import escape

import pytest

from digest.app import editors, looking
from digest.editions import editing
from digest.editions.models import Edition, SeenFact, Status
from digest.errors import Conflict
from tests.support.newsrooms import DAY, HOUR, SLOT, TUESDAY, Newsroom, tool
from tests.support.weeks import W47, W48, WEEK, send, withdrawn


def frozen(edition: Edition) -> tuple[str | None, ...]:
    """What an approved edition must never change."""
    return edition.subject, edition.preheader, edition.html, edition.text, edition.marker, str(edition.sha256)


def test_frozen_bytes_do_not_follow_the_site(room: Newsroom) -> None:
    """After approval everything about the content changes, and the edition does not."""
    slug = room.publish("Axolotl", "Newt")
    room.clock.advance(HOUR)
    room.plan()
    looked_at = looking.look(room.app, W47).require()
    room.approve(W47)
    edition = room.edition(W47)
    assert (edition.subject, edition.html, edition.text) == (
        looked_at.subject,
        looked_at.html,
        looked_at.text,
    )
    assert edition.sha256 == {
        "subject": hashlib.sha256(edition.subject.encode()).hexdigest(),
        "html": hashlib.sha256((edition.html or "").encode()).hexdigest(),
        "text": hashlib.sha256((edition.text or "").encode()).hexdigest(),
    }
    room.publish(tool("Axolotl", 1, tagline="Gone bad"), "Newt", blurb="Neither.", title="Axolotl vs Newt?!")
    withdrawn(room, slug)
    room.plan()
    assert frozen(room.edition(W47)) == frozen(edition)
    assert looking.look(room.app, W47).require() == looked_at


def test_the_preheader_is_frozen_with_the_bytes_it_opens(room: Newsroom) -> None:
    """What moved between planning and approval moves it too, as it does the subject."""
    room.publish(tool("Axolotl", 25), "Newt", published_at=TUESDAY - DAY)
    planned = room.plan().preheader
    room.publish(tool("Axolotl", 100), "Newt")
    room.approve(W47)
    edition = room.edition(W47)
    assert edition.preheader != planned
    assert escape(edition.preheader) in (edition.html or "")
    assert "100%" in edition.subject


def test_a_frozen_edition_takes_no_edits(room: Newsroom) -> None:
    """Neither words nor items, nor a second approval."""
    one = room.publish("Axolotl", "Newt", published_at=TUESDAY - DAY)
    room.plan()
    room.approve(W47)
    before = room.rows()
    with pytest.raises(Conflict):
        room.approve(W47)
    with pytest.raises(Conflict):
        room.skip(W47)
    with pytest.raises(Conflict):
        editors.edit_edition(room.app, W47, lambda s, e: editing.pin(s, e, one))
    assert room.rows() == before


def test_an_empty_draft_is_not_approved(room: Newsroom) -> None:
    """The refusal says why there is nothing in it."""
    room.plan()
    with pytest.raises(Conflict, match="nothing new"):
        room.approve(W47)
    assert room.statuses() == {W47: Status.DRAFT}


def test_a_comparison_is_not_frozen_twice(room: Newsroom) -> None:
    """Two drafts may hold the same comparison; only one of them can be approved with it."""
    room.publish_many(2)
    room.plan(W47)
    room.plan(W48)
    room.approve(W47)
    with pytest.raises(Conflict, match="sent in 2026-W47"):
        room.approve(W48)
    assert room.plan(W48).reason == "nothing new"


def test_what_was_withdrawn_since_is_not_frozen(room: Newsroom) -> None:
    """A draft does not know yet that one of its comparisons is gone; approving it says so."""
    one, two = room.publish_many(2)
    room.plan()
    withdrawn(room, one)
    with pytest.raises(Conflict, match="withdrawn"):
        room.approve(W47)
    room.plan()
    room.approve(W47)
    assert room.items(W47) == [two]


def test_thawing_gives_the_draft_back(room: Newsroom) -> None:
    """An approval withdrawn before mailing leaves nothing frozen and nothing seen."""
    one = room.publish_many(1)[0]
    room.plan()
    room.approve(W47)
    assert room.count(SeenFact) == 2
    room.thaw(W47)
    edition = room.edition(W47)
    assert (edition.status, edition.approved_at, edition.approved_by) == (Status.DRAFT, None, None)
    assert (edition.html, edition.text, edition.marker, edition.sha256) == (None, None, None, None)
    assert room.count(SeenFact) == 0
    room.plan()
    assert room.items(W47) == [one]
    assert room.approve(W47).status is Status.APPROVED


def test_no_thaw_once_mailing_began(room: Newsroom, database_url: str) -> None:
    """What somebody has in the inbox stays as it is."""
    room.join("a@example.org")
    room.publish_many(1)
    room.clock.moment = SLOT
    send(database_url, room)
    with pytest.raises(Conflict, match="is sent"):
        room.thaw(W47)


def test_cancelling_before_mailing_frees_what_was_in_it(room: Newsroom) -> None:
    """Nobody got it: it waits for the next edition."""
    one = room.publish_many(1)[0]
    room.plan()
    room.approve(W47)
    room.cancel(W47)
    edition = room.edition(W47)
    assert (edition.status, edition.reason, edition.finished_at) == (
        Status.CANCELLED,
        "wrong prices",
        TUESDAY,
    )
    room.clock.advance(WEEK)
    room.plan()
    assert room.items(W48) == [one]


def test_cancelling_after_mailing_began_does_not(room: Newsroom) -> None:
    """Somebody may have got it: it is not sent again."""
    room.join("a@example.org")
    one = room.publish_many(1)[0]
    room.clock.moment = SLOT
    assert room.run().status == "sending"  # there is no relay
    room.cancel(W47)
    room.clock.advance(WEEK)
    room.plan()
    assert room.reasons(W48) == {one: f"already sent in {W47}"}
