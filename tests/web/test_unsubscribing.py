"""Leaving by the page: one button, a reason for whoever cares to give one, and a way back for a minute."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from digest.app import leaving, subscribing
from digest.app.parts import App
from digest.audience import joining
from digest.audience.addresses import read_address
from digest.audience.models import Consent, Standing, Subscriber
from digest.audience.reasons import LONGEST, MOST, REASONS
from digest.delivery.models import Delivery, Mailing, State
from digest.tokens import Purpose
from tests.web.conftest import Backstage

ANN = "ann@example.org"
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
LEAVE = {"button": "leave"}


def test_the_page_and_its_button(client: TestClient, backstage: Backstage) -> None:
    """The page has one form with one button; pressing it gives a page, pressing it again the same one."""
    token = backstage.join(ANN)
    page = client.get(f"/unsubscribe/{token}").text
    assert page.count("<form") == page.count("<button") == 1
    assert 'name="button" value="leave"' in page
    answers = [client.post(f"/unsubscribe/{token}", data=LEAVE) for _ in range(2)]
    assert answers[0].text == answers[1].text
    assert "You are off the list" in answers[0].text
    assert backstage.status(ANN) == "unsubscribed"
    assert "<form" not in client.get(f"/unsubscribe/{token}").text


def test_the_link_outlives_years(client: TestClient, backstage: Backstage) -> None:
    """An unsubscribe link in an old issue works for ever."""
    token = backstage.join(ANN)
    backstage.clock.advance(timedelta(days=3650))
    assert client.get(f"/unsubscribe/{token}").status_code == 200
    assert client.post(f"/unsubscribe/{token}").status_code == 200
    assert backstage.status(ANN) == "unsubscribed"


def test_only_the_links_own_person_leaves(client: TestClient, backstage: Backstage) -> None:
    """A link speaks for one reader, whatever address the form names."""
    token = backstage.join(ANN)
    backstage.join("bob@example.org")
    client.post(f"/unsubscribe/{token}", data={**LEAVE, "email": "bob@example.org"})
    assert backstage.status("bob@example.org") == "active"


def test_leaving_before_confirming(client: TestClient, backstage: Backstage) -> None:
    """Somebody who never confirmed can leave too; their confirm link is void, and there is no way back."""
    confirm = backstage.request(ANN)
    page = client.post(f"/unsubscribe/{backstage.token(Purpose.UNSUBSCRIBE, ANN)}", data=LEAVE)
    assert page.status_code == 200
    assert "/return/" not in page.text
    assert client.post(f"/confirm/{confirm}").status_code == 409
    assert backstage.status(ANN) == "unsubscribed"


def left(client: TestClient, token: str) -> str:
    """Press our button; the path that the page offers for coming back, or nothing."""
    found = re.search(r'action="(/return/[^"?]+)', client.post(f"/unsubscribe/{token}", data=LEAVE).text)
    return found[1] if found else ""


def pause(backstage: Backstage) -> datetime:
    """Ann is away for a while."""
    until = backstage.clock.now() + timedelta(weeks=3)
    with backstage.app.database.write() as session:
        session.get_one(Subscriber, backstage.reader(ANN).id).paused_until = until
    return until


def notices(app: App) -> dict[str, list[State]]:
    """Where each kind of notice stands."""
    found: dict[str, list[State]] = {}
    with app.database.read() as session:
        for name, state in session.execute(select(Mailing.notice, Delivery.state).join(Delivery)):
            found.setdefault(name or "", []).append(state)
    return found


def history(app: App) -> list[tuple[str, str | None]]:
    """Every entry's event and note."""
    with app.database.read() as session:
        rows = session.scalars(select(Consent).order_by(Consent.id)).all()
        return [(row.event, row.note) for row in rows]


def test_back_within_the_minute(client: TestClient, backstage: Backstage) -> None:
    """Active as before and paused as before; no goodbye; the history tells it. Twice is fine."""
    token = backstage.join(ANN)
    until = pause(backstage)
    way = left(client, token)
    backstage.clock.advance(MINUTE)
    assert notices(backstage.app)["goodbye"] == [State.PENDING]
    for _ in range(2):
        answer = client.post(way)
        assert (answer.status_code, "You are back" in answer.text) == (200, True)
        assert not {"set-cookie", "location"} & set(answer.headers)
    reader = backstage.reader(ANN)
    assert (reader.status, reader.left_at, reader.paused_until) == (Standing.ACTIVE, None, until)
    assert notices(backstage.app)["goodbye"] == [State.DROPPED]
    assert [event for event, _ in history(backstage.app)][-2:] == ["unsubscribed", "returned"]


def test_after_the_minute(client: TestClient, backstage: Backstage) -> None:
    """The page says that it is too late and leads to subscribing; pressing "leave" again wins no time."""
    token = backstage.join(ANN)
    way = left(client, token)
    backstage.clock.advance(59 * SECOND)
    assert left(client, token) == way
    backstage.clock.advance(2 * SECOND)
    assert left(client, token) == ""
    before = backstage.rows()
    for answer in (client.get(way), client.post(way)):
        assert answer.status_code == 410
        assert 'href="/subscribe"' in answer.text
    assert backstage.rows() == before


def test_looking_at_the_way_back_changes_nothing(client: TestClient, backstage: Backstage) -> None:
    """It shows the button once more."""
    way = left(client, backstage.join(ANN))
    before = backstage.rows()
    page = client.get(way)
    assert page.status_code == 200
    assert page.text.count("<form") == 1
    assert f'action="{way}"' in page.text
    assert backstage.rows() == before


def test_the_way_back_of_somebody_who_is_back(client: TestClient, backstage: Backstage) -> None:
    """Opened anew it says that they are, and changes nothing."""
    way = left(client, backstage.join(ANN))
    client.post(way)
    before = backstage.rows()
    page = client.get(way)
    assert page.status_code == 200
    assert "You are back" in page.text
    assert "off the list" not in page.text
    assert backstage.rows() == before


def test_too_late_in_the_persons_language(client: TestClient, backstage: Backstage) -> None:
    """They chose it while they were here."""
    token = backstage.join(ANN)
    with backstage.app.database.write() as session:
        session.get_one(Subscriber, backstage.reader(ANN).id).language = "de"
    way = left(client, token)
    backstage.clock.advance(MINUTE + SECOND)
    for answer in (client.get(way), client.post(way)):
        assert answer.status_code == 410
        assert "Zu spät für diesen Knopf" in answer.text
        assert "1 Minute lang" in answer.text


@pytest.mark.parametrize("source", ["one-click unsubscribe", "a mail to the unsubscribe address"])
def test_only_our_button_offers_a_way_back(client: TestClient, backstage: Backstage, source: str) -> None:
    """Not after one-click, nor after a mail; our button pressed afterwards does not change that."""
    token = backstage.join(ANN)
    leaving.unsubscribe(backstage.app, token, source=source)
    assert left(client, token) == ""
    made_up = backstage.token(Purpose.RETURN, ANN, backstage.reader(ANN).departures)
    assert client.post(f"/return/{made_up}").status_code == 410
    assert backstage.status(ANN) == "unsubscribed"


@pytest.mark.parametrize("source", ["one-click unsubscribe", "taken off by an operator"])
def test_a_second_no_ends_the_minute(client: TestClient, backstage: Backstage, source: str) -> None:
    """Whoever is gone and says so once more by another way stays gone."""
    token = backstage.join(ANN)
    way = left(client, token)
    for _ in range(2):
        leaving.unsubscribe(backstage.app, token, source=source)
    assert client.post(way).status_code == 410
    assert "/return/" not in client.post(f"/unsubscribe/{token}/reason", data={"reason": "often"}).text
    assert left(client, token) == ""
    assert backstage.status(ANN) == "unsubscribed"
    assert [event for event, _ in history(backstage.app)].count("unsubscribed") == 2


@pytest.mark.parametrize("by", [LEAVE, {"List-Unsubscribe": "One-Click"}])
def test_nobody_returns_after_a_later_departure(
    client: TestClient, backstage: Backstage, by: dict[str, str]
) -> None:
    """The button of the first departure is void for good after the second, within the same minute."""
    token = backstage.join(ANN)
    way = left(client, token)
    client.post(way)
    client.post(f"/unsubscribe/{token}", data=by)
    assert [client.get(way).status_code, client.post(way).status_code] == [410, 410]
    assert backstage.status(ANN) == "unsubscribed"
    assert [event for event, _ in history(backstage.app)].count("returned") == 1


@pytest.mark.parametrize("reason", ["unsubscribe", "bounce", "complaint", "operator"])
def test_nobody_returns_who_was_suppressed(client: TestClient, backstage: Backstage, reason: str) -> None:
    """Whatever came in that minute weighs more."""
    way = left(client, backstage.join(ANN))
    app = backstage.app
    with app.database.write() as session:
        app.suppressions.suppress(session, read_address(ANN), reason, "test", backstage.clock.now())
    assert client.get(way).status_code == 410
    assert client.post(way).status_code == 410
    assert backstage.status(ANN) != "active"


def test_confirm_links_from_before_stay_void(client: TestClient, backstage: Backstage) -> None:
    """Whoever came back and left again is not brought back by the link of their first day."""
    confirm = backstage.request(ANN)
    subscribing.confirm(backstage.app, confirm, source="test")
    token = backstage.token(Purpose.UNSUBSCRIBE, ANN)
    client.post(left(client, token))
    client.post(f"/unsubscribe/{token}")
    assert client.post(f"/confirm/{confirm}").status_code == 409
    assert backstage.status(ANN) == "unsubscribed"


def test_the_way_back_of_somebody_erased(client: TestClient, backstage: Backstage) -> None:
    """There is nobody to bring back, and nobody else is touched."""
    way = left(client, backstage.join(ANN))
    backstage.join("bob@example.org")
    with backstage.app.database.write() as session:
        session.delete(session.get_one(Subscriber, backstage.reader(ANN).id))
    before = backstage.rows()
    assert [client.get(way).status_code, client.post(way).status_code] == [404, 404]
    assert backstage.rows() == before


def test_no_other_link_brings_back(client: TestClient, backstage: Backstage) -> None:
    """Forged ones, and genuine ones of other purposes."""
    way = left(client, backstage.join(ANN))
    others = [backstage.token(purpose, ANN, 1) for purpose in Purpose if purpose is not Purpose.RETURN]
    for link in [way[len("/return/") : -1], way[len("/return/") :] + "A", *others]:
        assert client.post(f"/return/{link}").status_code == 404
    assert backstage.status(ANN) == "unsubscribed"


def test_a_goodbye_that_is_on_its_way(client: TestClient, backstage: Backstage) -> None:
    """What a connection is sending at this moment goes; what is claimed and has not begun does not."""
    way = left(client, backstage.join(ANN))
    with backstage.app.database.write() as session:
        goodbye = session.scalars(select(Delivery).join(Mailing).where(Mailing.notice == "goodbye")).one()
        goodbye.state, goodbye.due_at = State.SENDING, None
    assert client.post(way).status_code == 200
    assert notices(backstage.app)["goodbye"] == [State.SENDING]


def said(client: TestClient, token: str, **form: str) -> str:
    """Say why; the page that thanks."""
    answer = client.post(f"/unsubscribe/{token}/reason", data=form)
    assert answer.status_code == 200
    assert "Thank you for telling us" in answer.text
    assert "<textarea" not in answer.text
    return str(answer.text)


def test_a_reason(client: TestClient, backstage: Backstage) -> None:
    """What was ticked and written, clean and on one line; the way back stays open meanwhile."""
    token = backstage.join(ANN)
    way = left(client, token)
    hostile = "  <b>dull</b>\r\n\x00\x1b[31m=cmd|' /C calc'\u202e\ud83d " + "x" * 2000
    body = urlencode({"reason": REASONS[1], "words": hostile}, errors="surrogatepass")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert way in client.post(f"/unsubscribe/{token}/reason", content=body, headers=headers).text
    ((event, note),) = history(backstage.app)[-1:]
    assert event == "reason"
    assert note
    assert note.startswith(f"{REASONS[1]}: <b>dull</b> [31m=cmd|' /C calc'")
    assert len(note) <= LONGEST
    assert note.isprintable()


@pytest.mark.parametrize("case", ["back", "never gone"])
def test_a_reason_of_somebody_who_is_here(client: TestClient, backstage: Backstage, case: str) -> None:
    """Sent from the page before the way back, say: nothing is kept, nobody leaves, and no page says so."""
    token = backstage.join(ANN)
    if case == "back":
        client.post(left(client, token))
    before = backstage.rows()
    answer = client.post(f"/unsubscribe/{token}/reason", data={"reason": REASONS[0]})
    assert answer.status_code == 200
    assert "You are back" in answer.text
    assert "off the list" not in answer.text
    assert backstage.rows() == before


@pytest.mark.parametrize("form", [{}, {"reason": "made up"}, {"reason": "", "words": " \r\n"}, {"x": "y"}])
def test_no_reason_is_fine(client: TestClient, backstage: Backstage, form: dict[str, str]) -> None:
    """Nothing is kept then."""
    token = backstage.join(ANN)
    left(client, token)
    before = backstage.rows()
    said(client, token, **form)
    assert backstage.rows() == before


def test_the_page_offers_the_reasons_there_are(client: TestClient, backstage: Backstage) -> None:
    """Each can be ticked, none is ticked already, and none need be."""
    page = client.post(f"/unsubscribe/{backstage.join(ANN)}", data=LEAVE).text
    assert set(re.findall(r'name="reason" value="([^"]+)"', page)) == set(REASONS)
    assert not re.search(r"<(input|textarea)[^>]*\b(checked|required)\b", page)


@pytest.mark.parametrize("case", ["gone for a day", "complained", "often", "erased"])
def test_who_is_not_heard(client: TestClient, backstage: Backstage, case: str) -> None:
    """Only who left lately, and not for ever."""
    token = backstage.join(ANN)
    left(client, token)
    if case == "gone for a day":
        backstage.clock.advance(timedelta(days=1, seconds=1))
    if case == "often":
        for _ in range(MOST):
            said(client, token, words="dull")
    with backstage.app.database.write() as session:
        ann = session.get_one(Subscriber, backstage.reader(ANN).id)
        if case == "complained":
            ann.status = Standing.COMPLAINED
        if case == "erased":
            session.delete(ann)
    before = backstage.rows()
    said(client, token, words="dull")
    assert backstage.rows() == before


def test_a_reason_needs_the_link(client: TestClient, backstage: Backstage) -> None:
    """And no other link of the same person."""
    token = backstage.join(ANN)
    left(client, token)
    before = backstage.rows()
    others = [backstage.token(purpose, ANN) for purpose in Purpose if purpose is not Purpose.UNSUBSCRIBE]
    for link in [*others, token[:-1], token + "A"]:
        assert client.post(f"/unsubscribe/{link}/reason", data={"words": "dull"}).status_code == 404
    assert backstage.rows() == before
    assert client.get(f"/unsubscribe/{token}/reason").status_code == 200


def test_leaving_again_may_be_told_again(client: TestClient, backstage: Backstage) -> None:
    """What was said of an earlier departure does not count."""
    token = backstage.join(ANN)
    left(client, token)
    for _ in range(MOST):
        said(client, token, words="dull")
    backstage.clock.advance(timedelta(days=2))
    with backstage.app.database.write() as session:
        ann = session.get_one(Subscriber, backstage.reader(ANN).id)
        ann.status = Standing.ACTIVE
        joining.leave(session, ann, source="test", now=backstage.clock.now())
    said(client, token, words="still dull")
    assert history(backstage.app)[-1] == ("reason", "still dull")
