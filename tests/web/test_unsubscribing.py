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
from digest.audience.reasons import CHOICES, LONGEST, MOST
from digest.delivery.models import Delivery, Mailing, State
from digest.tokens import Purpose
from tests.web.conftest import Newsroom

ANN = "ann@example.org"
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
LEAVE = {"button": "leave"}


def test_the_page_and_its_button(client: TestClient, newsroom: Newsroom) -> None:
    """The page has one form with one button; pressing it gives a page, pressing it again the same one."""
    token = newsroom.join(ANN)
    page = client.get(f"/unsubscribe/{token}").text
    assert page.count("<form") == page.count("<button") == 1
    assert 'name="button" value="leave"' in page
    answers = [client.post(f"/unsubscribe/{token}", data=LEAVE) for _ in range(2)]
    assert answers[0].text == answers[1].text
    assert "You are off the list" in answers[0].text
    assert newsroom.status(ANN) == "unsubscribed"
    assert "<form" not in client.get(f"/unsubscribe/{token}").text


def test_the_link_outlives_years(client: TestClient, newsroom: Newsroom) -> None:
    """An unsubscribe link in an old issue works for ever."""
    token = newsroom.join(ANN)
    newsroom.clock.advance(timedelta(days=3650))
    assert client.get(f"/unsubscribe/{token}").status_code == 200
    assert client.post(f"/unsubscribe/{token}").status_code == 200
    assert newsroom.status(ANN) == "unsubscribed"


def test_only_the_links_own_person_leaves(client: TestClient, newsroom: Newsroom) -> None:
    """A link speaks for one reader, whatever address the form names."""
    token = newsroom.join(ANN)
    newsroom.join("bob@example.org")
    client.post(f"/unsubscribe/{token}", data={**LEAVE, "email": "bob@example.org"})
    assert newsroom.status("bob@example.org") == "active"


def test_leaving_before_confirming(client: TestClient, newsroom: Newsroom) -> None:
    """Somebody who never confirmed can leave too; their confirm link is void, and there is no way back."""
    confirm = newsroom.request(ANN)
    page = client.post(f"/unsubscribe/{newsroom.token(Purpose.UNSUBSCRIBE, ANN)}", data=LEAVE)
    assert page.status_code == 200
    assert "/return/" not in page.text
    assert client.post(f"/confirm/{confirm}").status_code == 409
    assert newsroom.status(ANN) == "unsubscribed"


def left(client: TestClient, token: str) -> str:
    """Press our button; the path that the page offers for coming back, or nothing."""
    found = re.search(r'action="(/return/[^"?]+)', client.post(f"/unsubscribe/{token}", data=LEAVE).text)
    return found[1] if found else ""


def pause(newsroom: Newsroom) -> datetime:
    """Ann is away for a while."""
    until = newsroom.clock.now() + timedelta(weeks=3)
    with newsroom.app.database.write() as session:
        session.get_one(Subscriber, newsroom.reader(ANN).id).paused_until = until
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


def test_back_within_the_minute(client: TestClient, newsroom: Newsroom) -> None:
    """Active as before and paused as before; no goodbye; the history tells it. Twice is fine."""
    token = newsroom.join(ANN)
    until = pause(newsroom)
    way = left(client, token)
    newsroom.clock.advance(MINUTE)
    assert notices(newsroom.app)["goodbye"] == [State.PENDING]
    for _ in range(2):
        answer = client.post(way)
        assert (answer.status_code, "You are back" in answer.text) == (200, True)
        assert not {"set-cookie", "location"} & set(answer.headers)
    reader = newsroom.reader(ANN)
    assert (reader.status, reader.left_at, reader.paused_until) == (Standing.ACTIVE, None, until)
    assert notices(newsroom.app)["goodbye"] == [State.DROPPED]
    assert [event for event, _ in history(newsroom.app)][-2:] == ["unsubscribed", "returned"]


def test_after_the_minute(client: TestClient, newsroom: Newsroom) -> None:
    """The page says that it is too late and leads to subscribing; pressing "leave" again wins no time."""
    token = newsroom.join(ANN)
    way = left(client, token)
    newsroom.clock.advance(59 * SECOND)
    assert left(client, token) == way
    newsroom.clock.advance(2 * SECOND)
    assert left(client, token) == ""
    before = newsroom.rows()
    for answer in (client.get(way), client.post(way)):
        assert answer.status_code == 410
        assert 'href="/subscribe"' in answer.text
    assert newsroom.rows() == before


def test_looking_at_the_way_back_changes_nothing(client: TestClient, newsroom: Newsroom) -> None:
    """It shows the button once more."""
    way = left(client, newsroom.join(ANN))
    before = newsroom.rows()
    page = client.get(way)
    assert page.status_code == 200
    assert page.text.count("<form") == 1
    assert f'action="{way}"' in page.text
    assert newsroom.rows() == before


def test_the_way_back_of_somebody_who_is_back(client: TestClient, newsroom: Newsroom) -> None:
    """Opened anew it says that they are, and changes nothing."""
    way = left(client, newsroom.join(ANN))
    client.post(way)
    before = newsroom.rows()
    page = client.get(way)
    assert page.status_code == 200
    assert "You are back" in page.text
    assert "off the list" not in page.text
    assert newsroom.rows() == before


def test_too_late_in_the_persons_language(client: TestClient, newsroom: Newsroom) -> None:
    """They chose it while they were here."""
    token = newsroom.join(ANN)
    with newsroom.app.database.write() as session:
        session.get_one(Subscriber, newsroom.reader(ANN).id).language = "de"
    way = left(client, token)
    newsroom.clock.advance(MINUTE + SECOND)
    for answer in (client.get(way), client.post(way)):
        assert answer.status_code == 410
        assert "Zu spät für diesen Knopf" in answer.text
        assert "1 Minute lang" in answer.text


@pytest.mark.parametrize("source", ["one-click unsubscribe", "a mail to the unsubscribe address"])
def test_only_our_button_offers_a_way_back(client: TestClient, newsroom: Newsroom, source: str) -> None:
    """Not after one-click, nor after a mail; our button pressed afterwards does not change that."""
    token = newsroom.join(ANN)
    leaving.unsubscribe(newsroom.app, token, source=source)
    assert left(client, token) == ""
    made_up = newsroom.token(Purpose.RETURN, ANN, newsroom.reader(ANN).departures)
    assert client.post(f"/return/{made_up}").status_code == 410
    assert newsroom.status(ANN) == "unsubscribed"


@pytest.mark.parametrize("source", ["one-click unsubscribe", "taken off by an operator"])
def test_a_second_no_ends_the_minute(client: TestClient, newsroom: Newsroom, source: str) -> None:
    """Whoever is gone and says so once more by another way stays gone."""
    token = newsroom.join(ANN)
    way = left(client, token)
    for _ in range(2):
        leaving.unsubscribe(newsroom.app, token, source=source)
    assert client.post(way).status_code == 410
    assert "/return/" not in client.post(f"/unsubscribe/{token}/reason", data={"reason": "often"}).text
    assert left(client, token) == ""
    assert newsroom.status(ANN) == "unsubscribed"
    assert [event for event, _ in history(newsroom.app)].count("unsubscribed") == 2


@pytest.mark.parametrize("by", [LEAVE, {"List-Unsubscribe": "One-Click"}])
def test_nobody_returns_after_a_later_departure(
    client: TestClient, newsroom: Newsroom, by: dict[str, str]
) -> None:
    """The button of the first departure is void for good after the second, within the same minute."""
    token = newsroom.join(ANN)
    way = left(client, token)
    client.post(way)
    client.post(f"/unsubscribe/{token}", data=by)
    assert [client.get(way).status_code, client.post(way).status_code] == [410, 410]
    assert newsroom.status(ANN) == "unsubscribed"
    assert [event for event, _ in history(newsroom.app)].count("returned") == 1


@pytest.mark.parametrize("reason", ["unsubscribe", "bounce", "complaint", "operator"])
def test_nobody_returns_who_was_suppressed(client: TestClient, newsroom: Newsroom, reason: str) -> None:
    """Whatever came in that minute weighs more."""
    way = left(client, newsroom.join(ANN))
    app = newsroom.app
    with app.database.write() as session:
        app.suppressions.suppress(session, read_address(ANN), reason, "test", newsroom.clock.now())
    assert client.get(way).status_code == 410
    assert client.post(way).status_code == 410
    assert newsroom.status(ANN) != "active"


def test_confirm_links_from_before_stay_void(client: TestClient, newsroom: Newsroom) -> None:
    """Whoever came back and left again is not brought back by the link of their first day."""
    confirm = newsroom.request(ANN)
    subscribing.confirm(newsroom.app, confirm, source="test")
    token = newsroom.token(Purpose.UNSUBSCRIBE, ANN)
    client.post(left(client, token))
    client.post(f"/unsubscribe/{token}")
    assert client.post(f"/confirm/{confirm}").status_code == 409
    assert newsroom.status(ANN) == "unsubscribed"


def test_the_way_back_of_somebody_erased(client: TestClient, newsroom: Newsroom) -> None:
    """There is nobody to bring back, and nobody else is touched."""
    way = left(client, newsroom.join(ANN))
    newsroom.join("bob@example.org")
    with newsroom.app.database.write() as session:
        session.delete(session.get_one(Subscriber, newsroom.reader(ANN).id))
    before = newsroom.rows()
    assert [client.get(way).status_code, client.post(way).status_code] == [404, 404]
    assert newsroom.rows() == before


def test_no_other_link_brings_back(client: TestClient, newsroom: Newsroom) -> None:
    """Forged ones, and genuine ones of other purposes."""
    way = left(client, newsroom.join(ANN))
    others = [newsroom.token(purpose, ANN, 1) for purpose in Purpose if purpose is not Purpose.RETURN]
    for link in [way[len("/return/") : -1], way[len("/return/") :] + "A", *others]:
        assert client.post(f"/return/{link}").status_code == 404
    assert newsroom.status(ANN) == "unsubscribed"


def test_a_goodbye_that_is_on_its_way(client: TestClient, newsroom: Newsroom) -> None:
    """What a connection is sending at this moment goes; what is claimed and has not begun does not."""
    way = left(client, newsroom.join(ANN))
    with newsroom.app.database.write() as session:
        goodbye = session.scalars(select(Delivery).join(Mailing).where(Mailing.notice == "goodbye")).one()
        goodbye.state, goodbye.due_at = State.SENDING, None
    assert client.post(way).status_code == 200
    assert notices(newsroom.app)["goodbye"] == [State.SENDING]


def said(client: TestClient, token: str, **form: str) -> str:
    """Say why; the page that thanks."""
    answer = client.post(f"/unsubscribe/{token}/reason", data=form)
    assert answer.status_code == 200
    assert "Thank you for telling us" in answer.text
    assert "<textarea" not in answer.text
    return str(answer.text)


def test_a_reason(client: TestClient, newsroom: Newsroom) -> None:
    """What was ticked and written, clean and on one line; the way back stays open meanwhile."""
    token = newsroom.join(ANN)
    way = left(client, token)
    hostile = "  <b>dull</b>\r\n\x00\x1b[31m=cmd|' /C calc'\u202e\ud83d " + "x" * 2000
    body = urlencode({"reason": CHOICES[1], "words": hostile}, errors="surrogatepass")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert way in client.post(f"/unsubscribe/{token}/reason", content=body, headers=headers).text
    ((event, note),) = history(newsroom.app)[-1:]
    assert event == "reason"
    assert note
    assert note.startswith(f"{CHOICES[1]}: <b>dull</b> [31m=cmd|' /C calc'")
    assert len(note) <= LONGEST
    assert note.isprintable()


@pytest.mark.parametrize("form", [{}, {"reason": "made up"}, {"reason": "", "words": " \r\n"}, {"x": "y"}])
def test_no_reason_is_fine(client: TestClient, newsroom: Newsroom, form: dict[str, str]) -> None:
    """Nothing is kept then."""
    token = newsroom.join(ANN)
    left(client, token)
    before = newsroom.rows()
    said(client, token, **form)
    assert newsroom.rows() == before


def test_the_page_offers_the_reasons_there_are(client: TestClient, newsroom: Newsroom) -> None:
    """Each can be ticked, none is ticked already, and none need be."""
    page = client.post(f"/unsubscribe/{newsroom.join(ANN)}", data=LEAVE).text
    assert set(re.findall(r'name="reason" value="([^"]+)"', page)) == set(CHOICES)
    assert not re.search(r"<(input|textarea)[^>]*\b(checked|required)\b", page)


@pytest.mark.parametrize("case", ["still here", "gone for a day", "complained", "often", "erased"])
def test_who_is_not_heard(client: TestClient, newsroom: Newsroom, case: str) -> None:
    """Only who left lately, and not for ever; nobody leaves by saying why."""
    token = newsroom.join(ANN)
    if case != "still here":
        left(client, token)
    if case == "gone for a day":
        newsroom.clock.advance(timedelta(days=1, seconds=1))
    if case == "often":
        for _ in range(MOST):
            said(client, token, words="dull")
    with newsroom.app.database.write() as session:
        ann = session.get_one(Subscriber, newsroom.reader(ANN).id)
        if case == "complained":
            ann.status = Standing.COMPLAINED
        if case == "erased":
            session.delete(ann)
    before = newsroom.rows()
    said(client, token, words="dull")
    assert newsroom.rows() == before


def test_a_reason_needs_the_link(client: TestClient, newsroom: Newsroom) -> None:
    """And no other link of the same person."""
    token = newsroom.join(ANN)
    left(client, token)
    before = newsroom.rows()
    others = [newsroom.token(purpose, ANN) for purpose in Purpose if purpose is not Purpose.UNSUBSCRIBE]
    for link in [*others, token[:-1], token + "A"]:
        assert client.post(f"/unsubscribe/{link}/reason", data={"words": "dull"}).status_code == 404
    assert newsroom.rows() == before
    assert client.get(f"/unsubscribe/{token}/reason").status_code == 200


def test_leaving_again_may_be_told_again(client: TestClient, newsroom: Newsroom) -> None:
    """What was said of an earlier departure does not count."""
    token = newsroom.join(ANN)
    left(client, token)
    for _ in range(MOST):
        said(client, token, words="dull")
    newsroom.clock.advance(timedelta(days=2))
    with newsroom.app.database.write() as session:
        ann = session.get_one(Subscriber, newsroom.reader(ANN).id)
        ann.status = Standing.ACTIVE
        joining.leave(session, ann, source="test", now=newsroom.clock.now())
    said(client, token, words="still dull")
    assert history(newsroom.app)[-1] == ("reason", "still dull")
