"""Confirming: a page with one button, and links that bring nobody back by themselves."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from digest.app.parts import App
from digest.audience.addresses import read_address
from digest.audience.models import Consent, Subscriber
from digest.delivery.models import Delivery, State
from digest.tokens import Purpose, client_hash
from digest.web.application import create_application
from tests.web.conftest import NOW, Backstage


def test_one_button_confirms(client: TestClient, backstage: Backstage) -> None:
    """The page has one button; pressing it subscribes, pressing it twice is fine."""
    token = backstage.request("ann@example.org")
    page = client.get(f"/confirm/{token}").text
    assert page.count("<form") == page.count("<button") == 1
    assert backstage.status("ann@example.org") == "pending"
    for _ in range(2):
        assert "You’re in" in client.post(f"/confirm/{token}").text
        assert backstage.status("ann@example.org") == "active"
    assert "You’re in" in client.get(f"/confirm/{token}").text


def test_the_wording_shown_is_the_wording_kept(client: TestClient, backstage: Backstage) -> None:
    """The consent history holds the SHA-256 of the sentence on the page."""
    token = backstage.request("ann@example.org")
    page = client.get(f"/confirm/{token}").text
    wording = page.split('<p class="lead">')[1].split("</p>")[0]
    client.post(f"/confirm/{token}")
    with backstage.app.database.read() as session:
        kept = session.scalar(select(Consent.wording).where(Consent.event == "confirmed"))
    assert wording.startswith("Yes, send me Weekly AI Tool Verdicts by email")
    assert kept == hashlib.sha256(wording.encode()).hexdigest()


def test_an_expired_link_says_how_to_go_on(client: TestClient, backstage: Backstage) -> None:
    """After a week the link is 410, by GET and POST, with a way to ask again; nothing changes."""
    token = backstage.request("ann@example.org")
    backstage.clock.advance(timedelta(days=7, seconds=1))
    before = backstage.rows()
    for answer in (client.get(f"/confirm/{token}"), client.post(f"/confirm/{token}")):
        assert answer.status_code == 410
        assert 'href="/subscribe"' in answer.text
        assert "Send me a new link" in answer.text
    assert backstage.rows() == before


def test_an_expired_link_brings_a_new_one(client: TestClient, backstage: Backstage) -> None:
    """By mail, to the address it went to, which is all that happens; the new one works."""
    token = backstage.request("ann@example.org")
    backstage.clock.advance(timedelta(days=30))
    answer = client.post(f"/confirm/{token}", data={"button": "again"})
    assert "Look in your inbox" in answer.text
    assert "ann@" not in answer.text
    rows = backstage.rows()
    assert (len(rows["subscribers"]), len(rows["mailings"])) == (1, 2)
    assert backstage.status("ann@example.org") == "pending"
    client.post(f"/confirm/{backstage.confirm_token('ann@example.org')}")
    assert backstage.status("ann@example.org") == "active"


def test_insisting_on_a_new_link_bombs_nobody(client: TestClient, backstage: Backstage) -> None:
    """Three mails a day, as by the form."""
    token = backstage.request("ann@example.org")
    backstage.clock.advance(timedelta(days=8))
    for _ in range(8):
        assert client.post(f"/confirm/{token}", data={"button": "again"}).status_code == 200
        with backstage.app.database.write() as session:
            session.execute(update(Delivery).values(state=State.SENT, due_at=None))
    assert len(backstage.rows()["mailings"]) == 1 + 3


@pytest.mark.parametrize("reason", ["complaint", "bounce", "operator"])
def test_a_new_link_goes_to_nobody_who_may_not_be_written_to(
    client: TestClient, backstage: Backstage, reason: str
) -> None:
    """The answer is the same, and nothing is owed."""
    token = backstage.request("ann@example.org")
    with backstage.app.database.write() as session:
        backstage.app.suppressions.suppress(session, read_address("ann@example.org"), reason, "test", NOW)
    before = backstage.rows()
    answer = client.post(f"/confirm/{token}", data={"button": "again"})
    assert "Look in your inbox" in answer.text
    assert backstage.rows() | {"allowances": []} == before | {"allowances": []}


def test_a_new_link_for_who_left(client: TestClient, backstage: Backstage) -> None:
    """They stay away until they confirm it; the old one goes on confirming nothing."""
    old = backstage.request("ann@example.org")
    client.post(f"/confirm/{old}")
    client.post(f"/unsubscribe/{backstage.token(Purpose.UNSUBSCRIBE, 'ann@example.org')}")
    client.post(f"/confirm/{old}", data={"button": "again"})
    assert backstage.status("ann@example.org") == "unsubscribed"
    assert client.post(f"/confirm/{old}").status_code == 409
    assert backstage.status("ann@example.org") == "unsubscribed"
    client.post(f"/confirm/{backstage.confirm_token('ann@example.org')}")
    assert backstage.status("ann@example.org") == "active"


def test_links_that_ask_for_a_new_one_must_be_ours(client: TestClient, backstage: Backstage) -> None:
    """Forged or foreign: 404, and nothing is written."""
    token = backstage.request("ann@example.org")
    foreign = backstage.token(Purpose.UNSUBSCRIBE, "ann@example.org")
    before = backstage.rows()
    for link in (token[:-3] + "___", foreign, "x"):
        assert client.post(f"/confirm/{link}", data={"button": "again"}).status_code == 404
    assert backstage.rows() == before


@pytest.mark.parametrize("late", [timedelta(), timedelta(days=31)])
def test_a_link_of_nobody(client: TestClient, backstage: Backstage, late: timedelta) -> None:
    """Purged or erased, lately or long ago: no button that could send nothing, but the way to the form."""
    token = backstage.request("ann@example.org")
    with backstage.app.database.write() as session:
        session.delete(session.get_one(Subscriber, backstage.reader("ann@example.org").id))
    backstage.clock.advance(late)
    before = backstage.rows()
    asked = {"button": "again"}
    for answer in (
        client.get(f"/confirm/{token}"),
        client.post(f"/confirm/{token}"),
        client.post(f"/confirm/{token}", data=asked),
    ):
        assert answer.status_code == 410
        assert "out of date" in answer.text
        assert "<button" not in answer.text
        assert '<a class="button" href="/subscribe"' in answer.text
    assert backstage.rows() == before


def test_pages_speak_the_persons_language(client: TestClient, backstage: Backstage) -> None:
    """Also to whom was here before and comes back: what they agree to is kept as they read it."""
    backstage.leave("ann@example.org")
    with backstage.app.database.write() as session:
        session.get_one(Subscriber, backstage.reader("ann@example.org").id).language = "de"
    old = backstage.confirm_token("ann@example.org")
    token = backstage.request("ann@example.org")
    page = client.get(f"/confirm/{token}").text
    wording = page.split('<p class="lead">')[1].split("</p>")[0]
    assert "Ein Klick, und Sie sind dabei" in page
    assert "Sie sind dabei" in client.post(f"/confirm/{token}").text
    with backstage.app.database.read() as session:
        kept = session.scalars(select(Consent.wording).where(Consent.event == "confirmed")).all()
    assert wording.startswith("Ja, ")
    assert kept[-1] == hashlib.sha256(wording.encode()).hexdigest()
    client.post(f"/unsubscribe/{backstage.token(Purpose.UNSUBSCRIBE, 'ann@example.org')}")
    assert "Dieser Link ist überholt" in client.post(f"/confirm/{old}").text
    backstage.clock.advance(timedelta(days=8))
    assert "Dieser Link ist abgelaufen" in client.get(f"/confirm/{old}").text


def test_where_the_confirmation_came_from(app: App, backstage: Backstage) -> None:
    """Request and confirmation are entries of their own, each with its keyed hash of a network address."""
    there, here = (TestClient(create_application(app), client=(f"192.0.2.{n}", 50000)) for n in (1, 2))
    there.post("/subscribe", data={"email": "ann@example.org"})
    here.post(f"/confirm/{backstage.confirm_token('ann@example.org')}")
    with backstage.app.database.read() as session:
        entries = session.execute(select(Consent.event, Consent.client).order_by(Consent.id)).all()
    hashes = [client_hash(b"\xcd" * 32, f"192.0.2.{n}") for n in (1, 2)]
    assert [tuple(entry) for entry in entries] == [("requested", hashes[0]), ("confirmed", hashes[1])]


def test_links_that_are_not_ours(client: TestClient, backstage: Backstage) -> None:
    """Forged, truncated and foreign links are 404 and change nothing."""
    token = backstage.request("ann@example.org")
    foreign = backstage.token(Purpose.UNSUBSCRIBE, "ann@example.org")
    before = backstage.rows()
    for link in (token[:-3] + "___", token[:-1], token[1:], token + "A", foreign, "x"):
        assert client.get(f"/confirm/{link}").status_code == 404
        assert client.post(f"/confirm/{link}").status_code == 404
    assert backstage.rows() == before


def test_an_old_link_brings_nobody_back(client: TestClient, backstage: Backstage) -> None:
    """A confirm link from before somebody left is 409, even though it has not expired."""
    old = backstage.request("ann@example.org")
    client.post(f"/confirm/{old}")
    client.post(f"/unsubscribe/{backstage.token(Purpose.UNSUBSCRIBE, 'ann@example.org')}")
    before = backstage.rows()
    for answer in (client.get(f"/confirm/{old}"), client.post(f"/confirm/{old}")):
        assert answer.status_code == 409
        assert "out of date" in answer.text
        assert 'href="/subscribe"' in answer.text
    assert backstage.rows() == before


def test_a_fresh_request_does_bring_somebody_back(client: TestClient, backstage: Backstage) -> None:
    """Whoever left comes back by asking again and confirming the new link."""
    leave = backstage.join("ann@example.org")
    client.post(f"/unsubscribe/{leave}")
    client.post("/subscribe", data={"email": "ann@example.org"})
    assert backstage.status("ann@example.org") == "unsubscribed"
    client.post(f"/confirm/{backstage.confirm_token('ann@example.org')}")
    assert backstage.status("ann@example.org") == "active"


def test_a_complaint_outlasts_every_link(client: TestClient, backstage: Backstage) -> None:
    """A confirm link cannot bring back an address that complained since."""
    token = backstage.request("ann@example.org")
    with backstage.app.database.write() as session:
        address = read_address("ann@example.org")
        backstage.app.suppressions.suppress(session, address, "complaint", "test", NOW)
    for answer in (client.get(f"/confirm/{token}"), client.post(f"/confirm/{token}")):
        assert answer.status_code == 409
        assert "We do not write to this address" in answer.text
    assert backstage.status("ann@example.org") == "complained"
