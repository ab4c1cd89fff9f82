"""A new address: asked for on the preferences page, and taken at a click of whoever reads mail there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from httpx import Response
from sqlalchemy import func, select
from starlette.testclient import TestClient

from digest.app import leaving, subscribing
from digest.app.housekeeping import keep_house
from digest.audience import joining
from digest.audience.addresses import read_address
from digest.audience.models import Consent, Suppression
from digest.delivery.models import Mailing
from digest.tokens import Purpose
from tests.web.conftest import Newsroom

ANN, NEW = "ann@example.org", "New.Ann@example.net"
SOURCE = "the preferences page"


@pytest.fixture
def page(newsroom: Newsroom) -> str:
    """The path of Ann's own page."""
    newsroom.join(ANN)
    return f"/preferences/{newsroom.token(Purpose.PREFERENCES, ANN)}"


def ask(client: TestClient, page: str, email: str = NEW) -> Response:
    """Ask for another address."""
    answer: Response = client.post(page, data={"button": "move", "email": email})
    return answer


def link(newsroom: Newsroom, email: str = ANN) -> str:
    """The path in the mail that goes to the new address of whoever has `email`."""
    return f"/change/{newsroom.token(Purpose.CHANGE, email, newsroom.reader(email).changes)}"


def mailed(newsroom: Newsroom, notice: str) -> list[str | None]:
    """Where notices of a name go."""
    with newsroom.app.database.read() as session:
        query = select(Mailing.email).where(Mailing.notice == notice).order_by(Mailing.id)
        return list(session.scalars(query))


def reason(newsroom: Newsroom, email: str) -> str | None:
    """Why an address is not mailed."""
    with newsroom.app.database.read() as session:
        return newsroom.app.suppressions.reason(session, email.lower())


def test_the_whole_way(client: TestClient, newsroom: Newsroom, page: str) -> None:
    """Nothing is changed until the button of the page that the mail leads to; both addresses are told."""
    answer = ask(client, page)
    assert answer.status_code == 200
    assert "N…@example.net" in answer.text
    assert NEW not in answer.text
    assert mailed(newsroom, "change-address") == [NEW]
    assert newsroom.reader(ANN).email == ANN
    shown = client.get(link(newsroom))
    assert shown.status_code == 200
    assert shown.text.count("<button") == 1
    assert "N…@example.net" in shown.text
    path = link(newsroom)
    done = client.post(path)
    assert (done.status_code, "Your address is changed" in done.text) == (200, True)
    reader = newsroom.reader(NEW.lower())
    assert (reader.email, reader.canonical, reader.next_email) == (NEW, NEW.lower(), None)
    assert reader.confirmed_at == newsroom.clock.now()
    assert newsroom.status(NEW.lower()) == "active"
    assert mailed(newsroom, "address-changed") == [ANN]
    assert reason(newsroom, ANN) == "moved"
    assert reason(newsroom, NEW) is None
    assert "N…@example.net" in client.get(page).text, "the preferences link goes along"


def test_looking_changes_nothing(client: TestClient, newsroom: Newsroom, page: str) -> None:
    """Scanners open every link, also twice."""
    ask(client, page)
    before, path = newsroom.rows(), link(newsroom)
    for _ in range(2):
        assert client.get(path).status_code == client.head(path).status_code == 200
    assert newsroom.rows() == before


def test_twice_is_once(client: TestClient, newsroom: Newsroom, page: str) -> None:
    """Two tabs, or a button pressed twice: the same answer, and nothing done again."""
    ask(client, page)
    path = link(newsroom)
    first = client.post(path)
    before = newsroom.rows()
    assert client.post(path).text == first.text
    assert client.get(path).text.split("<footer")[0] == first.text.split("<footer")[0]
    assert newsroom.rows() == before


def test_the_history_has_no_address_in_clear(client: TestClient, newsroom: Newsroom, page: str) -> None:
    """Request and confirmation stand apart, with the addresses shortened."""
    ask(client, page)
    client.post(link(newsroom))
    with newsroom.app.database.read() as session:
        rows = list(session.scalars(select(Consent).order_by(Consent.id)))[2:]
    assert [(row.event, row.source, row.note) for row in rows] == [
        ("address change asked", SOURCE, "to N…@example.net"),
        ("address changed", "the link to the new address", "from a…@example.org to N…@example.net"),
    ]


def make(newsroom: Newsroom, kind: str) -> None:
    """An address that is known or suppressed in some way."""
    if kind in ("active", "left"):
        token = newsroom.join(NEW)
        if kind == "left":
            leaving.unsubscribe(newsroom.app, token, source="test")
    elif kind == "pending":
        newsroom.request(NEW)
    elif kind in ("complaint", "bounce", "unsubscribe"):
        with newsroom.app.database.write() as session:
            newsroom.app.suppressions.suppress(session, read_address(NEW), kind, "test", newsroom.clock.now())


@pytest.mark.parametrize(
    ("kind", "mails"),
    [
        ("free", [NEW]),
        ("unsubscribe", [NEW]),
        ("active", []),
        ("pending", [NEW]),
        ("left", []),
        ("complaint", []),
        ("bounce", []),
    ],
)
def test_the_answer_tells_nobody_apart(
    client: TestClient, newsroom: Newsroom, page: str, kind: str, mails: list[str]
) -> None:
    """The same bytes whatever the address is; only who may be written to is."""
    make(newsroom, kind)
    answer = ask(client, page)
    assert mailed(newsroom, "change-address") == mails
    other = ask(client, page, "Nobody@example.net")
    assert (answer.status_code, answer.text, answer.headers) == (200, other.text, other.headers)


def test_ones_own_address(client: TestClient, newsroom: Newsroom, page: str) -> None:
    """It is known, so that nothing goes there; and whoever guesses it hears the same."""
    assert ask(client, page, ANN.upper()).status_code == 200
    assert mailed(newsroom, "change-address") == []


@pytest.mark.parametrize("kind", ["active", "left", "complaint", "bounce"])
def test_an_address_that_is_taken_meanwhile(
    client: TestClient, newsroom: Newsroom, page: str, kind: str
) -> None:
    """Somebody subscribed with it, or it was suppressed, after the mail: 409, and nothing changes."""
    ask(client, page)
    make(newsroom, kind)
    before = newsroom.rows()
    for answer in (client.get(link(newsroom)), client.post(link(newsroom))):
        assert answer.status_code == 409
        assert "out of date" in answer.text
    assert newsroom.rows() == before


def test_an_address_that_somebody_only_typed_once(client: TestClient, newsroom: Newsroom, page: str) -> None:
    """What nobody confirmed holds up nobody: it is forgotten when the owner of the address says yes."""
    newsroom.request(NEW)
    ask(client, page)
    assert mailed(newsroom, "change-address") == [NEW]
    typed = f"/confirm/{newsroom.confirm_token(NEW.lower())}"
    assert client.post(link(newsroom)).status_code == 200
    assert newsroom.status(NEW.lower()) == "active"
    assert len(newsroom.rows()["subscribers"]) == 1
    assert client.post(typed).status_code == 410


def test_two_who_want_the_same(client: TestClient, newsroom: Newsroom, page: str) -> None:
    """Whoever confirms first has it."""
    bob = "bob@example.org"
    newsroom.join(bob)
    ask(client, page)
    ask(client, f"/preferences/{newsroom.token(Purpose.PREFERENCES, bob)}")
    assert client.post(link(newsroom, bob)).status_code == 200
    assert client.post(link(newsroom)).status_code == 409
    assert newsroom.reader(NEW.lower()).public_id != newsroom.reader(ANN).public_id


@pytest.mark.parametrize("since", ["asked", "kept", "left", "back"])
def test_an_older_link_is_void(client: TestClient, newsroom: Newsroom, page: str, since: str) -> None:
    """Once the person asked for another, keeps the old one, or left, even if they came back."""
    ask(client, page)
    path = link(newsroom)
    if since == "asked":
        ask(client, page, "third@example.net")
    elif since == "kept":
        assert "Saved." in client.post(page, data={"button": "stay"}).text
    else:
        leaving.unsubscribe(newsroom.app, newsroom.token(Purpose.UNSUBSCRIBE, ANN), source="test")
        if since == "back":
            newsroom.join(ANN)
    before = newsroom.rows()
    assert client.get(path).status_code == client.post(path).status_code == 409
    assert newsroom.rows() == before


def test_after_two_days(client: TestClient, newsroom: Newsroom, page: str) -> None:
    """410 with the way on; the page still offers to ask again."""
    ask(client, page)
    path = link(newsroom)
    newsroom.clock.advance(timedelta(days=2))
    assert client.get(path).status_code == 200
    newsroom.clock.advance(timedelta(seconds=1))
    assert client.get(path).status_code == client.post(path).status_code == 410
    assert newsroom.reader(ANN).email == ANN


@pytest.mark.parametrize("purpose", [one for one in Purpose if one is not Purpose.CHANGE])
def test_links_of_other_purposes(client: TestClient, newsroom: Newsroom, page: str, purpose: Purpose) -> None:
    """A preferences link, above all, changes no address by itself."""
    ask(client, page)
    token = newsroom.token(purpose, ANN, newsroom.reader(ANN).changes)
    assert client.get(f"/change/{token}").status_code == client.post(f"/change/{token}").status_code == 404
    assert newsroom.reader(ANN).email == ANN


def test_three_times_a_day(client: TestClient, newsroom: Newsroom, page: str) -> None:
    """The fourth is refused with a sentence, and is fine a day later."""
    for number in range(3):
        assert ask(client, page, f"new{number}@example.net").status_code == 200
    before = newsroom.rows()
    refused = ask(client, page, "new3@example.net")
    assert refused.status_code == 422
    assert "three times within a day" in refused.text
    assert newsroom.rows() == before
    newsroom.clock.advance(timedelta(days=1, seconds=1))
    assert ask(client, page, "new3@example.net").status_code == 200
    assert len(mailed(newsroom, "change-address")) == 4


def test_nobody_is_bombed_by_many_readers(client: TestClient, newsroom: Newsroom) -> None:
    """Three mails a day to one mailbox, whoever asks and however it is spelled, counted with the form's."""
    victim = "victim@example.net"
    for number in range(5):
        email = f"reader{number}@example.org"
        newsroom.join(email)
        spelled = f"Victim+{number}@example.net"
        answer = ask(client, f"/preferences/{newsroom.token(Purpose.PREFERENCES, email)}", spelled)
        assert answer.status_code == 200
    assert len(mailed(newsroom, "change-address")) == 3
    subscribing.subscribe(newsroom.app, victim, source="test")
    with newsroom.app.database.read() as session:
        assert joining.find(session, victim) is None


def test_the_way_back(client: TestClient, newsroom: Newsroom, page: str) -> None:
    """No import brings the old address in again; its owner does, by confirming it."""
    ask(client, page)
    client.post(link(newsroom))
    assert not subscribing.add_with_consent(newsroom.app, ANN, consent="a paper list")
    ask(client, page, ANN)
    assert mailed(newsroom, "change-address") == [NEW, ANN]
    assert client.post(link(newsroom, NEW.lower())).status_code == 200
    assert reason(newsroom, ANN) is None
    assert reason(newsroom, NEW) == "moved"
    newsroom.join(NEW.lower())
    assert newsroom.status(NEW.lower()) == newsroom.status(ANN) == "active"


def test_links_that_were_mailed_to_the_old_address(client: TestClient, newsroom: Newsroom, page: str) -> None:
    """A confirm link brings nobody back later on; leaving by an old mail still works."""
    confirm = newsroom.confirm_token(ANN)
    ask(client, page)
    client.post(link(newsroom))
    leave = newsroom.token(Purpose.UNSUBSCRIBE, NEW)
    assert client.post(f"/unsubscribe/{leave}", data={"button": "leave"}).status_code == 200
    assert newsroom.status(NEW) == "unsubscribed"
    client.post(f"/confirm/{confirm}", data={"button": "confirm"})
    assert newsroom.status(NEW) == "unsubscribed"


def test_no_suppression_holds_the_address(client: TestClient, newsroom: Newsroom, page: str) -> None:
    """Of the old one there stays the hash and, until it is erased, what went there."""
    ask(client, page)
    client.post(link(newsroom))
    with newsroom.app.database.read() as session:
        (suppression,) = session.scalars(select(Suppression))
        assert suppression.address_hash == newsroom.app.suppressions.hash(ANN)
        assert session.scalar(select(func.count()).select_from(Mailing).where(Mailing.email == ANN)) == 1


@pytest.mark.parametrize("confirmed", [True, False])
def test_addresses_of_changes_are_forgotten(
    client: TestClient, newsroom: Newsroom, page: str, confirmed: bool
) -> None:
    """The one that nobody confirmed, and the one that was theirs, once no mail about it is under way."""
    ask(client, page)
    path = link(newsroom)
    if confirmed:
        client.post(path)
    forgotten = ANN if confirmed else NEW
    newsroom.clock.advance(timedelta(days=1))
    keep_house(newsroom.app)
    assert forgotten in repr(newsroom.rows())
    newsroom.clock.advance(timedelta(days=3, seconds=1))
    kept = keep_house(newsroom.app)
    assert kept is not None
    assert kept.addresses == 2
    assert forgotten not in repr(newsroom.rows())
    newsroom.clock.moment -= timedelta(days=3)
    assert client.post(path).status_code == (200 if confirmed else 409)


def test_wishes_for_an_address_of_somebodys_take_none_of_its_mails(
    client: TestClient, newsroom: Newsroom, page: str
) -> None:
    """Nothing goes there, so that nothing is counted: its owner may still ask for three."""
    make(newsroom, "left")
    newsroom.clock.advance(timedelta(days=2))
    for _ in range(3):
        ask(client, page)
    assert mailed(newsroom, "change-address") == []
    subscribing.subscribe(newsroom.app, NEW, source="test")
    with newsroom.app.database.read() as session:
        asked = select(func.count()).select_from(Mailing).where(Mailing.notice == "confirm")
        assert session.scalar(asked.where(Mailing.created_at == newsroom.clock.now())) == 1
