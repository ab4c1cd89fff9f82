"""Confirming: a page with one button, and links that bring nobody back by themselves."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from sqlalchemy import select
from starlette.testclient import TestClient

from digest.audience.addresses import read_address
from digest.audience.models import Consent
from digest.tokens import Purpose
from tests.web.conftest import NOW, Newsroom


def test_one_button_confirms(client: TestClient, newsroom: Newsroom) -> None:
    """The page has one button; pressing it subscribes, pressing it twice is fine."""
    token = newsroom.request("ann@example.org")
    page = client.get(f"/confirm/{token}").text
    assert page.count("<form") == page.count("<button") == 1
    assert newsroom.status("ann@example.org") == "pending"
    for _ in range(2):
        assert "You’re in" in client.post(f"/confirm/{token}").text
        assert newsroom.status("ann@example.org") == "active"


def test_the_wording_shown_is_the_wording_kept(client: TestClient, newsroom: Newsroom) -> None:
    """The consent history holds the SHA-256 of the sentence on the page."""
    token = newsroom.request("ann@example.org")
    page = client.get(f"/confirm/{token}").text
    wording = page.split('<p class="lead">')[1].split("</p>")[0]
    client.post(f"/confirm/{token}")
    with newsroom.app.database.read() as session:
        kept = session.scalar(select(Consent.wording).where(Consent.event == "confirmed"))
    assert wording.startswith("Yes, send me Weekly AI Tool Verdicts by email")
    assert kept == hashlib.sha256(wording.encode()).hexdigest()


def test_an_expired_link_says_how_to_go_on(client: TestClient, newsroom: Newsroom) -> None:
    """After a week the link is 410, by GET and POST, with a way to ask again; nothing changes."""
    token = newsroom.request("ann@example.org")
    newsroom.clock.advance(timedelta(days=7, seconds=1))
    for answer in (client.get(f"/confirm/{token}"), client.post(f"/confirm/{token}")):
        assert answer.status_code == 410
        assert 'href="/subscribe"' in answer.text
    assert newsroom.status("ann@example.org") == "pending"


def test_links_that_are_not_ours(client: TestClient, newsroom: Newsroom) -> None:
    """Forged, truncated and foreign links are 404 and change nothing."""
    token = newsroom.request("ann@example.org")
    foreign = newsroom.token(Purpose.UNSUBSCRIBE, "ann@example.org")
    before = newsroom.rows()
    for link in (token[:-3] + "___", token[:-1], token[1:], token + "A", foreign, "x"):
        assert client.get(f"/confirm/{link}").status_code == 404
        assert client.post(f"/confirm/{link}").status_code == 404
    assert newsroom.rows() == before


def test_an_old_link_brings_nobody_back(client: TestClient, newsroom: Newsroom) -> None:
    """A confirm link from before somebody left is 409, even though it has not expired."""
    old = newsroom.request("ann@example.org")
    client.post(f"/confirm/{old}")
    client.post(f"/unsubscribe/{newsroom.token(Purpose.UNSUBSCRIBE, 'ann@example.org')}")
    before = newsroom.rows()
    answer = client.post(f"/confirm/{old}")
    assert answer.status_code == 409
    assert 'href="/subscribe"' in answer.text
    assert newsroom.rows() == before


def test_a_fresh_request_does_bring_somebody_back(client: TestClient, newsroom: Newsroom) -> None:
    """Whoever left comes back by asking again and confirming the new link."""
    leave = newsroom.join("ann@example.org")
    client.post(f"/unsubscribe/{leave}")
    client.post("/subscribe", data={"email": "ann@example.org"})
    assert newsroom.status("ann@example.org") == "unsubscribed"
    client.post(f"/confirm/{newsroom.confirm_token('ann@example.org')}")
    assert newsroom.status("ann@example.org") == "active"


def test_a_complaint_outlasts_every_link(client: TestClient, newsroom: Newsroom) -> None:
    """A confirm link cannot bring back an address that complained since."""
    token = newsroom.request("ann@example.org")
    with newsroom.app.database.write() as session:
        address = read_address("ann@example.org")
        newsroom.app.suppressions.suppress(session, address, "complaint", "test", NOW)
    assert client.post(f"/confirm/{token}").status_code == 409
    assert newsroom.status("ann@example.org") == "complained"
