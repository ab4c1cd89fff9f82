"""One's own data: asked for by link, mailed to the address, downloaded as one file; and all of it erased."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from digest.app import leaving
from digest.audience import joining
from digest.audience.addresses import read_address
from digest.audience.consent import record
from digest.delivery import ledger
from digest.delivery.models import Attempt, Delivery, Mailing, State
from digest.editions.models import Edition, Status
from digest.tokens import Purpose
from tests.web.conftest import Backstage, press

ANN, NEW = "ann@example.org", "new@example.net"


@pytest.fixture
def page(backstage: Backstage) -> str:
    """The path of Ann's own page."""
    backstage.join(ANN)
    return f"/preferences/{backstage.token(Purpose.PREFERENCES, ANN)}"


def link(backstage: Backstage, email: str = ANN) -> str:
    """The path in the mail that brings the link."""
    return f"/data/{backstage.token(Purpose.DATA, email, backstage.reader(email).departures)}"


def notices(backstage: Backstage, name: str) -> int:
    """How many of a name there are."""
    with backstage.app.database.read() as session:
        return len(session.scalars(select(Mailing).where(Mailing.notice == name)).all())


def downloaded(client: TestClient, backstage: Backstage) -> dict[str, Any]:
    """The file."""
    found: dict[str, Any] = json.loads(client.post(link(backstage)).content)
    return found


def send(backstage: Backstage, key: str) -> None:
    """An edition goes out, and Ann's server says something."""
    backstage.edition(key, Status.APPROVED)
    now = backstage.clock.now()
    with backstage.app.database.write() as session:
        edition = session.scalars(select(Edition).where(Edition.key == key)).one()
        ledger.fan_out(session, edition, now)
        reader = joining.get(session, read_address(ANN))
        mine = Delivery.subscriber_id == reader.id
        delivery = session.scalars(select(Delivery).where(mine, Delivery.notice.is_(False))).one()
        delivery.state, delivery.detail = State.SENT, "2.0.0 taken"
        session.add(
            Attempt(
                mailing_id=delivery.mailing_id,
                subscriber_id=reader.id,
                number=1,
                at=now,
                result="sent",
                code=250,
                reply=f"2.0.0 <{ANN}> queued",
            )
        )


def test_the_page_gives_nothing_away(client: TestClient, backstage: Backstage, page: str) -> None:
    """It travels with every mail that is passed on: the link goes to the address, which is not shown."""
    answer = press(client, page, "data")
    assert answer.status_code == 200
    assert "Look in the inbox of a…@example.org" in answer.text
    assert ANN not in answer.text
    assert "/data/" not in answer.text
    assert notices(backstage, "your-data") == 1


def test_the_file(client: TestClient, backstage: Backstage, page: str) -> None:
    """A page with a button, and behind it all that is held, as a file that nobody keeps a copy of."""
    press(client, page, "name", name="Änn")
    press(client, page, "move", email=NEW)
    send(backstage, "2026-W47")
    shown = client.get(link(backstage))
    assert shown.status_code == 200
    assert ANN not in shown.text
    assert shown.text.count("<button") == 1
    answer = client.post(link(backstage))
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    assert answer.headers["cache-control"] == "no-store"
    held = json.loads(answer.content)
    assert (held["email"], held["name"], held["status"]) == (ANN, "Änn", "active")
    assert (held["next_email"], held["suppression"]) == ("n…@example.net", None)
    events = [entry["event"] for entry in held["consent"]]
    assert events == ["requested", "confirmed", "name changed", "address change asked"]
    edition = next(mail for mail in held["mail"] if mail["edition"])
    assert (edition["edition"], edition["state"], edition["detail"]) == ("2026-W47", "sent", "2.0.0 taken")
    assert [one["reply"] for one in edition["tries"]] == [f"2.0.0 <{ANN}> queued"]
    assert {"confirm", "welcome", "change-address"} <= {mail["notice"] for mail in held["mail"]}


def move(client: TestClient, backstage: Backstage, page: str) -> None:
    """Ann has the new address from now on."""
    press(client, page, "move", email=NEW)
    path = f"/change/{backstage.token(Purpose.CHANGE, ANN, backstage.reader(ANN).changes)}"
    assert client.post(path).status_code == 200


def test_no_address_they_do_not_have(client: TestClient, backstage: Backstage, page: str) -> None:
    """Whoever took somebody else's subscription along by a mail passed on learns no address by the file."""
    send(backstage, "2026-W47")
    with backstage.app.database.write() as session:
        reader = joining.get(session, read_address(ANN))
        record(
            session, reader, "reason", "Ann@Example.org, by phone", backstage.clock.now(), note=f"To: <{ANN}>"
        )
        for one in session.scalars(select(Delivery).where(Delivery.subscriber_id == reader.id)):
            one.detail = f"550 {ANN}: unknown; '{NEW}' is known, \"ann b\"@example.org is not."
    move(client, backstage, page)
    answer = client.post(link(backstage, NEW))
    assert (answer.status_code, ANN in answer.text.lower(), "ann b" in answer.text) == (200, False, False)
    held = answer.json()
    assert held["email"] == NEW
    told = {mail["notice"]: mail["to"] for mail in held["mail"]}
    assert (told["change-address"], told["address-changed"]) == (NEW, "a…@example.org")
    edition = next(mail for mail in held["mail"] if mail["edition"])
    said = f"550 a…@example.org: unknown; '{NEW}' is known, \"…@example.org is not."
    assert (edition["detail"], edition["tries"][0]["reply"]) == (said, "2.0.0 <a…@example.org> queued")
    reason = next(entry for entry in held["consent"] if entry["event"] == "reason")
    assert (reason["source"], reason["note"]) == ("A…@Example.org, by phone", "To: <a…@example.org>")


def test_not_within_a_week_of_another_address(client: TestClient, backstage: Backstage, page: str) -> None:
    """The old address has been told and may object first; the page says when to ask again."""
    move(client, backstage, page)
    backstage.clock.advance(timedelta(days=7) - timedelta(seconds=1))
    answer = press(client, page, "data")
    assert (answer.status_code, "a week after a change of address" in answer.text) == (422, True)
    german = press(client, f"{page}?lang=de", "data")
    assert "eine Woche nach einem Wechsel der Adresse" in german.text
    assert notices(backstage, "your-data") == 0
    backstage.clock.advance(timedelta(seconds=2))
    assert press(client, page, "data").status_code == 200
    assert notices(backstage, "your-data") == 1


def test_a_link_still_to_be_sent_does_not_go_to_another_address(
    client: TestClient, backstage: Backstage, page: str
) -> None:
    """It was asked for while mail went to the old one, whose server may have put it off."""
    press(client, page, "data")
    move(client, backstage, page)
    with backstage.app.database.read() as session:
        query = select(Delivery).join(Mailing, Mailing.id == Delivery.mailing_id)
        (owed,) = session.scalars(query.where(Mailing.notice == "your-data"))
    assert (owed.state, owed.detail) == (State.DROPPED, "the reader has another address now")


def test_the_words_consented_to(client: TestClient, backstage: Backstage) -> None:
    """Not only their hash: what was on the page stands in the file."""
    shown = client.get("/subscribe").text
    client.post(f"/confirm/{backstage.request(ANN)}", data={"button": "confirm"})
    entry = next(one for one in downloaded(client, backstage)["consent"] if one["event"] == "confirmed")
    assert entry["wording_text"]
    assert re.sub(r"\s+", " ", entry["wording_text"]).strip() in re.sub(r"\s+", " ", shown)


def test_nothing_of_others(client: TestClient, backstage: Backstage, page: str) -> None:
    """A file is about one person."""
    backstage.join("bob@example.org")
    send(backstage, "2026-W47")
    held = downloaded(client, backstage)
    assert "bob" not in repr(held)
    assert [entry["event"] for entry in held["consent"]] == ["requested", "confirmed"]
    assert [mail["notice"] or mail["edition"] for mail in held["mail"]] == ["confirm", "welcome", "2026-W47"]


def test_looking_and_loading_change_nothing(client: TestClient, backstage: Backstage, page: str) -> None:
    """The link works as often as one likes."""
    before, path = backstage.rows(), link(backstage)
    for _ in range(2):
        assert {
            answer.status_code for answer in (client.get(path), client.head(path), client.post(path))
        } == {200}
    assert backstage.rows() == before


def test_one_day(client: TestClient, backstage: Backstage, page: str) -> None:
    """Then 410, and the page says where to ask again."""
    path = link(backstage)
    backstage.clock.advance(timedelta(days=1, seconds=1))
    for answer in (client.get(path), client.post(path)):
        assert answer.status_code == 410
        assert "preferences link" in answer.text


@pytest.mark.parametrize("how", ["left", "moved"])
def test_a_link_that_went_to_an_address_they_had(
    client: TestClient, backstage: Backstage, page: str, how: str
) -> None:
    """Whoever reads mail there now learns nothing of what came after."""
    path = link(backstage)
    if how == "left":
        leaving.unsubscribe(backstage.app, backstage.token(Purpose.UNSUBSCRIBE, ANN), source="test")
    else:
        press(client, page, "move", email=NEW)
        client.post(f"/change/{backstage.token(Purpose.CHANGE, ANN, backstage.reader(ANN).changes)}")
    for answer in (client.get(path), client.post(path)):
        assert answer.status_code == 410
        assert "example.net" not in answer.text


@pytest.mark.parametrize("purpose", [one for one in Purpose if one is not Purpose.DATA])
def test_links_of_other_purposes(
    client: TestClient, backstage: Backstage, page: str, purpose: Purpose
) -> None:
    """The preferences link above all, and what is no token."""
    token = backstage.token(purpose, ANN)
    for path in (f"/data/{token}", "/data/x", "/data/%00"):
        assert client.get(path).status_code == client.post(path).status_code == 404


def test_three_times_a_day(client: TestClient, backstage: Backstage, page: str) -> None:
    """The button is no way to fill somebody's inbox."""
    for _ in range(3):
        assert press(client, page, "data").status_code == 200
    assert press(client, page, "data").status_code == 422
    assert notices(backstage, "your-data") == 3


def test_erasing(client: TestClient, backstage: Backstage, page: str) -> None:
    """A page, a button, and a goodbye; no table holds address or name any more."""
    press(client, page, "name", name="Annabella")
    send(backstage, "2026-W47")
    leave = backstage.token(Purpose.UNSUBSCRIBE, ANN)
    data = link(backstage)
    assert f'href="{page}/erase"' in client.get(page).text
    before = backstage.rows()
    assert "Erase everything about you?" in client.get(f"{page}/erase").text
    assert backstage.rows() == before
    answer = client.post(f"{page}/erase", data={"button": "erase"})
    assert (answer.status_code, "You are forgotten" in answer.text) == (200, True)
    left = repr(backstage.rows())
    assert ANN not in left
    assert "Annabella" not in left
    with backstage.app.database.read() as session:
        assert backstage.app.suppressions.reason(session, ANN) == "erased"
    again = client.post(f"{page}/erase", data={"button": "erase"})
    assert (again.status_code, again.text) == (200, answer.text)
    assert "You are not on the list" in client.get(page).text
    assert client.get(data).status_code == client.post(data).status_code == 404
    assert client.post(f"/unsubscribe/{leave}").status_code == 200
    backstage.join(ANN)
    assert backstage.status(ANN) == "active", "their own new confirmation brings them back"


@pytest.mark.parametrize("form", [{}, {"button": "leave"}, {"button": "erase,erase"}, {"erase": "1"}])
def test_erasing_takes_its_own_button(
    client: TestClient, backstage: Backstage, page: str, form: dict[str, str]
) -> None:
    """A mail program's one-click POST, above all, erases nobody."""
    before = backstage.rows()
    assert client.post(f"{page}/erase", data=form).status_code == 422
    assert backstage.rows() == before


def test_who_left_may_still_be_forgotten(client: TestClient, backstage: Backstage, page: str) -> None:
    """From the page that says that there is nothing to choose."""
    leaving.unsubscribe(backstage.app, backstage.token(Purpose.UNSUBSCRIBE, ANN), source="test")
    assert f'href="{page}/erase"' in client.get(page).text
    assert "You are forgotten" in client.post(f"{page}/erase", data={"button": "erase"}).text
    assert ANN not in repr(backstage.rows())


@pytest.mark.parametrize("purpose", [one for one in Purpose if one is not Purpose.PREFERENCES])
def test_erasing_by_links_of_other_purposes(
    client: TestClient, backstage: Backstage, page: str, purpose: Purpose
) -> None:
    """None of them."""
    path = f"/preferences/{backstage.token(purpose, ANN)}/erase"
    assert client.get(path).status_code == client.post(path, data={"button": "erase"}).status_code == 404
    assert backstage.status(ANN) == "active"
