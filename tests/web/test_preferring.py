"""Preferences: a name, a pause and the way out, by a link of one's own."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from sqlalchemy import delete, select, update
from starlette.testclient import TestClient

from digest.app.parts import App
from digest.app.samples import SAMPLE
from digest.audience import joining
from digest.audience.addresses import read_address
from digest.audience.models import Consent, Standing, Subscriber
from digest.clock import iso
from digest.tokens import Purpose
from digest.web.preferring import BUTTONS, read_wish
from tests.support.tables import history
from tests.web.conftest import BASE_URL, NOW, Backstage, browser, press, settings

ANN = "ann@example.org"


@pytest.fixture
def page(backstage: Backstage) -> str:
    """The path of Ann's own page."""
    backstage.join(ANN)
    return f"/preferences/{backstage.token(Purpose.PREFERENCES, ANN)}"


def events(backstage: Backstage) -> list[tuple[str, str]]:
    """Ann's history since she confirmed, each entry with its source."""
    with backstage.app.database.read() as session:
        entries = history(session, joining.get(session, read_address(ANN)))[2:]
    return [(entry.event, entry.source) for entry in entries]


def test_the_page(client: TestClient, page: str) -> None:
    """It shows what is chosen and how to leave, and never the whole address."""
    answer = client.get(page)
    assert answer.status_code == 200
    assert "a…@example.org" in answer.text
    assert ANN not in answer.text
    assert [answer.text.count(f'<option value="{weeks}">') for weeks in range(14)] == [0, *[1] * 12, 0]
    assert "Saved" not in answer.text
    assert "Resume" not in answer.text
    assert "<script" not in answer.text


def test_pausing_and_resuming(client: TestClient, backstage: Backstage, page: str) -> None:
    """The page says until when; standing and consent stay as they are."""
    answer = press(client, page, "pause", weeks="2")
    assert answer.status_code == 200
    assert "Saved." in answer.text
    assert backstage.reader(ANN).paused_until == NOW + timedelta(weeks=2)
    assert backstage.status(ANN) == "active"
    shown = client.get(page).text
    assert "You paused until 3 December 2026." in shown
    assert 'id="weeks"' not in shown
    answer = press(client, page, "resume")
    assert "Saved." in answer.text
    assert 'id="weeks"' in answer.text
    assert backstage.reader(ANN).paused_until is None
    assert events(backstage) == [("paused", "the preferences page"), ("resumed", "the preferences page")]


@pytest.mark.parametrize("weeks", range(1, 13))
def test_a_pause_of_any_length(client: TestClient, backstage: Backstage, page: str, weeks: int) -> None:
    """One to twelve weeks; the history says until when."""
    assert press(client, page, "pause", weeks=str(weeks)).status_code == 200
    until = NOW + timedelta(weeks=weeks)
    assert backstage.reader(ANN).paused_until == until
    with backstage.app.database.read() as session:
        (paused,) = session.scalars(select(Consent).where(Consent.event == "paused"))
        assert paused.note == f"until {iso(until)}"


def test_a_pause_that_is_over(client: TestClient, backstage: Backstage, page: str) -> None:
    """It is not spoken of any more, and a new one may be chosen."""
    press(client, page, "pause", weeks="1")
    backstage.clock.advance(timedelta(weeks=1))
    assert "You paused" not in client.get(page).text
    assert "You paused until 24 December 2026." in press(client, page, "pause", weeks="4").text


def test_the_day_is_that_of_the_schedule(app: App, backstage: Backstage, page: str) -> None:
    """Nine in the morning here is the next day where the newsletter is at home."""
    far = settings(app.settings.database.url, schedule={"timezone": "Pacific/Kiritimati"})
    backstage.clock.advance(timedelta(hours=2))
    client = browser(App(far, app.clock, app.database))
    assert "You paused until 27 November 2026." in press(client, page, "pause", weeks="1").text


def test_a_name(client: TestClient, backstage: Backstage, page: str) -> None:
    """It is text whatever it holds, and an empty one takes it away."""
    answer = press(client, page, "name", name='  "><script>alert(1)</script>  Ünä ')
    assert "Saved." in answer.text
    assert backstage.reader(ANN).name == '"><script>alert(1)</script> Ünä'
    assert 'value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt; Ünä"' in answer.text
    assert "<script" not in answer.text
    press(client, page, "name", name="")
    assert backstage.reader(ANN).name is None
    assert events(backstage) == [("name changed", "the preferences page")] * 2


def test_text_alone_and_back(client: TestClient, backstage: Backstage, page: str) -> None:
    """The page shows what is chosen."""
    chosen = '<option value="{}" selected>'
    assert chosen.format("html") in client.get(page).text
    assert chosen.format("text") in press(client, page, "format", format="text").text
    assert backstage.reader(ANN).text_only
    assert chosen.format("text") in client.get(page).text
    assert chosen.format("html") in press(client, page, "format", format="html").text
    assert not backstage.reader(ANN).text_only
    assert events(backstage) == [("format changed", "the preferences page")] * 2


def test_the_language_of_the_pages(client: TestClient, backstage: Backstage, page: str) -> None:
    """The reader's choice counts on their own pages, whatever the browser asks for; and may be taken back."""
    answer = press(client, page, "language", language="de")
    assert backstage.reader(ANN).language == "de"
    asked = {"Accept-Language": "en"}
    for shown in (answer, client.get(page, headers=asked), client.get(f"{page}/erase", headers=asked)):
        assert '<html lang="de"' in shown.text
    assert '<option value="de" lang="de" selected>' in answer.text
    refused = client.post(page, data={"button": "language", "language": "xx"}, headers=asked)
    assert '<html lang="de"' in refused.text
    press(client, page, "language", language="")
    assert backstage.reader(ANN).language is None
    assert '<html lang="en"' in client.get(page, headers=asked).text


def test_a_language_that_an_import_brought(client: TestClient, backstage: Backstage, page: str) -> None:
    """The nearest there is stands in the form, so that saving it as it is loses nothing."""
    with backstage.app.database.write() as session:
        session.execute(update(Subscriber).values(language="de-AT"))
    shown = client.get(page, headers={"Accept-Language": "en"}).text
    assert '<html lang="de"' in shown
    assert '<option value="de" lang="de" selected>' in shown


def test_what_is_not_changed_is_not_written(client: TestClient, backstage: Backstage, page: str) -> None:
    """Saving the same name and resuming without a pause say "Saved." and leave every table as it was."""
    press(client, page, "name", name="Ann")
    before = backstage.rows()
    assert "Saved." in press(client, page, "name", name=" Ann ").text
    for button, form in {
        "resume": {},
        "stay": {},
        "format": {"format": "html"},
        "language": {"language": ""},
    }.items():
        assert "Saved." in press(client, page, button, **form).text
    assert backstage.rows() == before


HOSTILE = {
    "a name of 300 characters": {"button": "name", "name": "x" * 300},
    "a line break": {"button": "name", "name": "Ann\r\nBcc: bob@example.org"},
    "a null": {"button": "name", "name": "Ann\0"},
    "an override": {"button": "name", "name": "Ann\u202egnp.exe"},
    "weeks below": {"button": "pause", "weeks": "-1"},
    "no weeks": {"button": "pause", "weeks": "0"},
    "weeks for ever": {"button": "pause", "weeks": "9" * 5000},
    "weeks beyond": {"button": "pause", "weeks": "13"},
    "weeks and a half": {"button": "pause", "weeks": "1.5"},
    "weeks left out": {"button": "pause"},
    "a language nobody made": {"button": "language", "language": "tlh"},
    "a language on the way up": {"button": "language", "language": "../../etc/passwd"},
    "a format nobody made": {"button": "format", "format": "rtf"},
    "no format": {"button": "format"},
    "an address that is none": {"button": "move", "email": "bob"},
    "an address with a line break": {"button": "move", "email": "bob@example.org\r\nBcc: x@example.org"},
    "two addresses": {"button": "move", "email": "bob@example.org, eve@example.org"},
    "an address with a name": {"button": "move", "email": "Bob <bob@example.org>"},
    "an address with a null": {"button": "move", "email": "bo\0b@example.org"},
    "an address of 5000 characters": {"button": "move", "email": "b" * 5000 + "@example.org"},
    "no address": {"button": "move"},
    "another button": {"button": "leave"},
    "two buttons in one": {"button": "pause,resume", "weeks": "1"},
    "no button": {"weeks": "1", "name": "Bob"},
    "nothing": {},
}


@pytest.mark.parametrize("question", ["", "?lang=de", "?done=resume", "?lang=%0d%0aX:%20y&done=x"])
def test_going_back_or_reloading_sends_nothing_again(client: TestClient, page: str, question: str) -> None:
    """What is done is said by a page of its own, which a browser gets (RFC 9110 §15.4.4)."""
    answer = client.post(page + question, data={"button": "name", "name": "Ann Lee"})
    assert (answer.status_code, answer.text) == (303, "")
    language = parse_qs(question[1:]).get("lang", [])
    assert parse_qs(answer.headers["location"].removeprefix("?")) == {
        "done": ["name"],
        **({"lang": language} if language else {}),
    }
    assert ("Gespeichert." if language == ["de"] else "Saved.") in client.get(
        page + answer.headers["location"]
    ).text


@pytest.mark.parametrize("button", sorted(BUTTONS))
def test_the_page_knows_what_each_button_does(button: str) -> None:
    """None of those that it speaks of is unknown to it."""
    form = {"button": button, "weeks": "1", "format": "text", "email": ANN}
    assert read_wish(form, ["en"]) is not None


@pytest.mark.parametrize("done", ["", "erase", "move", "bogus", "<b>", "name%00"])
def test_a_link_can_not_make_the_page_say_more(client: TestClient, page: str, done: str) -> None:
    """Only what a button does can have been done."""
    assert client.get(f"{page}?done={done}").text == client.get(page).text


@pytest.mark.parametrize("form", HOSTILE.values(), ids=HOSTILE)
def test_what_is_refused(client: TestClient, backstage: Backstage, page: str, form: dict[str, str]) -> None:
    """422 with the page and what would do instead; nothing is stored."""
    before = backstage.rows()
    answer = client.post(page, data=form)
    assert answer.status_code == 422
    assert "Not saved." in answer.text
    assert "Saved." not in answer.text
    assert "\u202e" not in answer.text
    assert backstage.rows() == before


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"\xff\x00%zz&&&==" * 50),
        ("application/x-www-form-urlencoded", b"button=pause&weeks=1&" + b"a=b&" * 500),
        ("multipart/form-data; boundary=x", b"--x\r\n"),
        ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click"),
    ],
)
def test_bodies_that_are_no_form_of_ours(
    client: TestClient, backstage: Backstage, page: str, kind: str, body: bytes
) -> None:
    """They change nothing; the first of several fields of one name counts."""
    before = backstage.rows()
    assert client.post(page, content=body, headers={"Content-Type": kind}).status_code == 422
    assert backstage.rows() == before
    doubled = b"button=pause&weeks=1&weeks=12"
    client.post(page, content=doubled, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert backstage.reader(ANN).paused_until == NOW + timedelta(weeks=1)


def test_what_was_typed_is_shown_again(client: TestClient, page: str) -> None:
    """Beside the reason, in the field it belongs to."""
    answer = press(client, page, "name", name="y" * 101)
    assert "at most 100 characters, and this one 101" in answer.text
    assert f'value="{"y" * 101}" aria-invalid="true"' in answer.text
    assert answer.text.count("aria-invalid") == 1


def test_leaving_from_there(client: TestClient, backstage: Backstage, page: str) -> None:
    """The page leads to the reader's own unsubscribe page, also from a pause."""
    press(client, page, "pause", weeks="12")
    link = client.get(page).text.partition('href="/unsubscribe/')[2].partition('"')[0]
    assert backstage.status(ANN) == "active"
    assert "You are off the list" in client.post(f"/unsubscribe/{link}", data={"button": "leave"}).text
    assert backstage.status(ANN) == "unsubscribed"


def test_who_is_gone_is_spoken_to_likewise(client: TestClient, backstage: Backstage, page: str) -> None:
    """In the language they chose while they were here, on every page that their links still open."""
    press(client, page, "language", language="de")
    spent = [
        f"/data/{backstage.token(Purpose.DATA, ANN, backstage.reader(ANN).departures)}",
        f"/change/{backstage.token(Purpose.CHANGE, ANN, backstage.reader(ANN).changes)}",
    ]
    client.post(f"/unsubscribe/{backstage.token(Purpose.UNSUBSCRIBE, ANN)}")
    for path in (page, f"{page}/erase", *spent):
        for answer in (client.get(path), client.post(path)):
            assert '<html lang="de"' in answer.text, path


@pytest.mark.parametrize("gone", [*(one for one in Standing if one is not Standing.ACTIVE), "erased"])
def test_who_is_not_on_the_list(
    client: TestClient, backstage: Backstage, page: str, gone: Standing | str
) -> None:
    """One page for all of them, which says how to come back; pressing an old button changes nothing."""
    with backstage.app.database.write() as session:
        if isinstance(gone, Standing):
            joining.get(session, read_address(ANN)).status = gone
        else:
            session.execute(delete(Subscriber))
    before = backstage.rows()
    answers = [
        client.get(page),
        press(client, page, "pause", weeks="1"),
        press(client, page, "name", name="Bob"),
        press(client, page, "pause", weeks="-1"),
        press(client, page, "move", email="new@example.org"),
        press(client, page, "data"),
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text.split("<footer")[0] for answer in answers}) == 1
    assert "You are not on the list" in answers[0].text
    assert 'href="/subscribe"' in answers[0].text
    assert backstage.rows() == before


def test_only_the_links_own_person_is_changed(client: TestClient, backstage: Backstage, page: str) -> None:
    """A link speaks for one reader, whatever the form names."""
    backstage.join("bob@example.org")
    press(client, page, "pause", weeks="1", email="bob@example.org")
    assert backstage.reader("bob@example.org").paused_until is None


def test_the_link_outlives_years(client: TestClient, backstage: Backstage, page: str) -> None:
    """As the unsubscribe link beside it does."""
    backstage.clock.advance(timedelta(days=3650))
    assert client.get(page).status_code == 200
    assert "Saved." in press(client, page, "pause", weeks="1").text


def test_links_that_are_not_ours(client: TestClient, backstage: Backstage, page: str) -> None:
    """Forged, damaged and links of another purpose get one and the same 404 page, and change nothing."""
    token = page.rpartition("/")[2]
    links = [
        token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"),
        token[:-1],
        token + "A",
        backstage.token(Purpose.UNSUBSCRIBE, ANN),
        backstage.confirm_token(ANN),
        "préférences",
        "%20",
        "<script>alert(1)<script>",
        "A" * 5000,
    ]
    before = backstage.rows()
    answers = [client.get(f"/preferences/{link}") for link in links]
    answers += [press(client, f"/preferences/{link}", "pause", weeks="1") for link in links]
    answers += [press(client, f"/preferences/{link}", "pause", weeks="-1") for link in links]
    answers += [client.post(f"/unsubscribe/{token}"), client.post(f"/confirm/{token}")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text.split("<footer")[0] for answer in answers}) == 1
    assert backstage.rows() == before


def test_without_a_link(client: TestClient) -> None:
    """The page says where to find it."""
    answer = client.get("/preferences")
    assert answer.status_code == 200
    assert "preferences link at its foot" in answer.text
    assert "<form" not in answer.text
    assert answer.headers["x-robots-tag"] == "noindex"


@pytest.mark.parametrize("place", ["unsubscribe", "preferences", "confirm"])
def test_the_link_of_a_test_mail(app: App, backstage: Backstage, client: TestClient, place: str) -> None:
    """It says so, also below a path; acting on it is 404, since there was nobody to act for."""
    before = backstage.rows()
    below = settings(app.settings.database.url, web={"base_url": f"{BASE_URL}/weekly"})
    proxied = browser(App(below, app.clock, app.database))
    for answer in (client.get(f"/{place}/{SAMPLE}"), proxied.get(f"/weekly/{place}/{SAMPLE}")):
        assert answer.status_code == 200
        assert "This is the link of a test mail" in answer.text
        assert answer.headers["x-robots-tag"] == "noindex"
    acted = client.post(f"/{place}/{SAMPLE}", content=b"List-Unsubscribe=One-Click")
    assert acted.status_code == 404
    assert "This is the link of a test mail" in acted.text
    assert backstage.rows() == before
