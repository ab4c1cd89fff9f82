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
from tests.web.conftest import Backstage, press

ANN, NEW = "ann@example.org", "New.Ann@example.net"
SOURCE = "the preferences page"


@pytest.fixture
def page(backstage: Backstage) -> str:
    """The path of Ann's own page."""
    backstage.join(ANN)
    return f"/preferences/{backstage.token(Purpose.PREFERENCES, ANN)}"


def ask(client: TestClient, page: str, email: str = NEW) -> Response:
    """Ask for another address."""
    return press(client, page, "move", email=email)


def link(backstage: Backstage, email: str = ANN) -> str:
    """The path in the mail that goes to the new address of whoever has `email`."""
    return f"/change/{backstage.token(Purpose.CHANGE, email, backstage.reader(email).changes)}"


def mailed(backstage: Backstage, notice: str) -> list[str | None]:
    """Where notices of a name go."""
    with backstage.app.database.read() as session:
        query = select(Mailing.email).where(Mailing.notice == notice).order_by(Mailing.id)
        return list(session.scalars(query))


def reason(backstage: Backstage, email: str) -> str | None:
    """Why an address is not mailed."""
    with backstage.app.database.read() as session:
        return backstage.app.suppressions.reason(session, email.lower())


def test_the_whole_way(client: TestClient, backstage: Backstage, page: str) -> None:
    """Nothing is changed until the button of the page that the mail leads to; both addresses are told."""
    answer = ask(client, page)
    assert answer.status_code == 200
    assert "N…@example.net" in answer.text
    assert NEW not in answer.text
    assert mailed(backstage, "change-address") == [NEW]
    assert backstage.reader(ANN).email == ANN
    shown = client.get(link(backstage))
    assert shown.status_code == 200
    assert shown.text.count("<button") == 1
    assert "N…@example.net" in shown.text
    path = link(backstage)
    done = client.post(path)
    assert (done.status_code, "Your address is changed" in done.text) == (200, True)
    reader = backstage.reader(NEW.lower())
    assert (reader.email, reader.canonical, reader.next_email) == (NEW, NEW.lower(), None)
    assert reader.confirmed_at == backstage.clock.now()
    assert backstage.status(NEW.lower()) == "active"
    assert mailed(backstage, "address-changed") == [ANN]
    assert reason(backstage, ANN) == "moved"
    assert reason(backstage, NEW) is None
    assert "N…@example.net" in client.get(page).text, "the preferences link goes along"


def test_looking_changes_nothing(client: TestClient, backstage: Backstage, page: str) -> None:
    """Scanners open every link, also twice."""
    ask(client, page)
    before, path = backstage.rows(), link(backstage)
    for _ in range(2):
        assert client.get(path).status_code == client.head(path).status_code == 200
    assert backstage.rows() == before


def test_twice_is_once(client: TestClient, backstage: Backstage, page: str) -> None:
    """Two tabs, or a button pressed twice: the same answer, and nothing done again."""
    ask(client, page)
    path = link(backstage)
    first = client.post(path)
    before = backstage.rows()
    assert client.post(path).text == first.text
    assert client.get(path).text.split("<footer")[0] == first.text.split("<footer")[0]
    assert backstage.rows() == before


def test_the_history_has_no_address_in_clear(client: TestClient, backstage: Backstage, page: str) -> None:
    """Request and confirmation stand apart, with the addresses shortened."""
    ask(client, page)
    client.post(link(backstage))
    with backstage.app.database.read() as session:
        rows = list(session.scalars(select(Consent).order_by(Consent.id)))[2:]
    assert [(row.event, row.source, row.note) for row in rows] == [
        ("address change asked", SOURCE, "to N…@example.net"),
        ("address changed", "the link to the new address", "from a…@example.org to N…@example.net"),
    ]


def make(backstage: Backstage, kind: str) -> None:
    """An address that is known or suppressed in some way."""
    if kind in ("active", "left"):
        token = backstage.join(NEW)
        if kind == "left":
            leaving.unsubscribe(backstage.app, token, source="test")
    elif kind == "pending":
        backstage.request(NEW)
    elif kind in ("complaint", "bounce", "unsubscribe"):
        with backstage.app.database.write() as session:
            backstage.app.suppressions.suppress(
                session, read_address(NEW), kind, "test", backstage.clock.now()
            )


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
    client: TestClient, backstage: Backstage, page: str, kind: str, mails: list[str]
) -> None:
    """The same bytes whatever the address is; only who may be written to is."""
    make(backstage, kind)
    answer = ask(client, page)
    assert mailed(backstage, "change-address") == mails
    other = ask(client, page, "Nobody@example.net")
    assert (answer.status_code, answer.text, answer.headers) == (200, other.text, other.headers)


def test_ones_own_address(client: TestClient, backstage: Backstage, page: str) -> None:
    """It is known, so that nothing goes there; and whoever guesses it hears the same."""
    assert ask(client, page, ANN.upper()).status_code == 200
    assert mailed(backstage, "change-address") == []


@pytest.mark.parametrize("kind", ["active", "left", "complaint", "bounce"])
def test_an_address_that_is_taken_meanwhile(
    client: TestClient, backstage: Backstage, page: str, kind: str
) -> None:
    """Somebody subscribed with it, or it was suppressed, after the mail: 409, and nothing changes."""
    ask(client, page)
    make(backstage, kind)
    before = backstage.rows()
    for answer in (client.get(link(backstage)), client.post(link(backstage))):
        assert answer.status_code == 409
        assert "out of date" in answer.text
    assert backstage.rows() == before


def test_an_address_that_somebody_only_typed_once(
    client: TestClient, backstage: Backstage, page: str
) -> None:
    """What nobody confirmed holds up nobody: it is forgotten when the owner of the address says yes."""
    backstage.request(NEW)
    ask(client, page)
    assert mailed(backstage, "change-address") == [NEW]
    typed = f"/confirm/{backstage.confirm_token(NEW.lower())}"
    assert client.post(link(backstage)).status_code == 200
    assert backstage.status(NEW.lower()) == "active"
    assert len(backstage.rows()["subscribers"]) == 1
    assert client.post(typed).status_code == 410


def test_two_who_want_the_same(client: TestClient, backstage: Backstage, page: str) -> None:
    """Whoever confirms first has it."""
    bob = "bob@example.org"
    backstage.join(bob)
    ask(client, page)
    ask(client, f"/preferences/{backstage.token(Purpose.PREFERENCES, bob)}")
    assert client.post(link(backstage, bob)).status_code == 200
    assert client.post(link(backstage)).status_code == 409
    assert backstage.reader(NEW.lower()).public_id != backstage.reader(ANN).public_id


@pytest.mark.parametrize("since", ["asked", "kept", "left", "back"])
def test_an_older_link_is_void(client: TestClient, backstage: Backstage, page: str, since: str) -> None:
    """Once the person asked for another, keeps the old one, or left, even if they came back."""
    ask(client, page)
    path = link(backstage)
    if since == "asked":
        ask(client, page, "third@example.net")
    elif since == "kept":
        assert "Saved." in press(client, page, "stay").text
    else:
        leaving.unsubscribe(backstage.app, backstage.token(Purpose.UNSUBSCRIBE, ANN), source="test")
        if since == "back":
            backstage.join(ANN)
    before = backstage.rows()
    assert client.get(path).status_code == client.post(path).status_code == 409
    assert backstage.rows() == before


def test_after_two_days(client: TestClient, backstage: Backstage, page: str) -> None:
    """410 with the way on; the page still offers to ask again."""
    ask(client, page)
    path = link(backstage)
    backstage.clock.advance(timedelta(days=2))
    assert client.get(path).status_code == 200
    backstage.clock.advance(timedelta(seconds=1))
    assert client.get(path).status_code == client.post(path).status_code == 410
    assert backstage.reader(ANN).email == ANN


@pytest.mark.parametrize("purpose", [one for one in Purpose if one is not Purpose.CHANGE])
def test_links_of_other_purposes(
    client: TestClient, backstage: Backstage, page: str, purpose: Purpose
) -> None:
    """A preferences link, above all, changes no address by itself."""
    ask(client, page)
    token = backstage.token(purpose, ANN, backstage.reader(ANN).changes)
    assert client.get(f"/change/{token}").status_code == client.post(f"/change/{token}").status_code == 404
    assert backstage.reader(ANN).email == ANN


def test_three_times_a_day(client: TestClient, backstage: Backstage, page: str) -> None:
    """The fourth is refused with a sentence, and is fine a day later."""
    for number in range(3):
        assert ask(client, page, f"new{number}@example.net").status_code == 200
    before = backstage.rows()
    refused = ask(client, page, "new3@example.net")
    assert refused.status_code == 422
    assert "three times within a day" in refused.text
    assert backstage.rows() == before
    backstage.clock.advance(timedelta(days=1, seconds=1))
    assert ask(client, page, "new3@example.net").status_code == 200
    assert len(mailed(backstage, "change-address")) == 4


def test_nobody_is_bombed_by_many_readers(client: TestClient, backstage: Backstage) -> None:
    """Three mails a day to one mailbox, whoever asks and however it is spelled, counted with the form's."""
    victim = "victim@example.net"
    for number in range(5):
        email = f"reader{number}@example.org"
        backstage.join(email)
        spelled = f"Victim+{number}@example.net"
        answer = ask(client, f"/preferences/{backstage.token(Purpose.PREFERENCES, email)}", spelled)
        assert answer.status_code == 200
    assert len(mailed(backstage, "change-address")) == 3
    subscribing.subscribe(backstage.app, victim, source="test")
    with backstage.app.database.read() as session:
        assert joining.find(session, victim) is None


def test_the_way_back(client: TestClient, backstage: Backstage, page: str) -> None:
    """No import brings the old address in again; its owner does, by confirming it."""
    ask(client, page)
    client.post(link(backstage))
    assert not subscribing.add_with_consent(backstage.app, ANN, consent="a paper list")
    ask(client, page, ANN)
    assert mailed(backstage, "change-address") == [NEW, ANN]
    assert client.post(link(backstage, NEW.lower())).status_code == 200
    assert reason(backstage, ANN) is None
    assert reason(backstage, NEW) == "moved"
    backstage.join(NEW.lower())
    assert backstage.status(NEW.lower()) == backstage.status(ANN) == "active"


def test_links_that_were_mailed_to_the_old_address(
    client: TestClient, backstage: Backstage, page: str
) -> None:
    """A confirm link brings nobody back later on; leaving by an old mail still works."""
    confirm = backstage.confirm_token(ANN)
    ask(client, page)
    client.post(link(backstage))
    leave = backstage.token(Purpose.UNSUBSCRIBE, NEW)
    assert client.post(f"/unsubscribe/{leave}", data={"button": "leave"}).status_code == 200
    assert backstage.status(NEW) == "unsubscribed"
    client.post(f"/confirm/{confirm}", data={"button": "confirm"})
    assert backstage.status(NEW) == "unsubscribed"


def test_no_suppression_holds_the_address(client: TestClient, backstage: Backstage, page: str) -> None:
    """Of the old one there stays the hash and, until it is erased, what went there."""
    ask(client, page)
    client.post(link(backstage))
    with backstage.app.database.read() as session:
        (suppression,) = session.scalars(select(Suppression))
        assert suppression.address_hash == backstage.app.suppressions.hash(ANN)
        assert session.scalar(select(func.count()).select_from(Mailing).where(Mailing.email == ANN)) == 1


@pytest.mark.parametrize("confirmed", [True, False])
def test_addresses_of_changes_are_forgotten(
    client: TestClient, backstage: Backstage, page: str, confirmed: bool
) -> None:
    """The one that nobody confirmed, and the one that was theirs, once no mail about it is under way."""
    ask(client, page)
    path = link(backstage)
    if confirmed:
        client.post(path)
    forgotten = ANN if confirmed else NEW
    backstage.clock.advance(timedelta(days=1))
    keep_house(backstage.app)
    assert forgotten in repr(backstage.rows())
    backstage.clock.advance(timedelta(days=3, seconds=1))
    kept = keep_house(backstage.app)
    assert kept is not None
    assert kept.addresses == 2
    assert forgotten not in repr(backstage.rows())
    backstage.clock.moment -= timedelta(days=3)
    assert client.post(path).status_code == (200 if confirmed else 409)


def test_wishes_for_an_address_of_somebodys_take_none_of_its_mails(
    client: TestClient, backstage: Backstage, page: str
) -> None:
    """Nothing goes there, so that nothing is counted: its owner may still ask for three."""
    make(backstage, "left")
    backstage.clock.advance(timedelta(days=2))
    for _ in range(3):
        ask(client, page)
    assert mailed(backstage, "change-address") == []
    subscribing.subscribe(backstage.app, NEW, source="test")
    with backstage.app.database.read() as session:
        asked = select(func.count()).select_from(Mailing).where(Mailing.notice == "confirm")
        assert session.scalar(asked.where(Mailing.created_at == backstage.clock.now())) == 1
