"""Leaving: one button for people, RFC 8058 one-click for their mail programs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete
from starlette.testclient import TestClient

from digest.audience.models import Subscriber
from digest.tokens import Purpose
from tests.web.conftest import Newsroom

URL_ENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=---FormBoundaryjWmhtjORrn"
GOOD_PART = b'Content-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n'
# RFC 8058 §8.3 as printed: its delimiter lines lack the two dashes that a delimiter begins with.
FROM_THE_RFC = b"---FormBoundaryjWmhtjORrn\r\n" + GOOD_PART + b"---FormBoundaryjWmhtjORrn--\r\n"
WELL_FORMED = b"-----FormBoundaryjWmhtjORrn\r\n" + GOOD_PART + b"-----FormBoundaryjWmhtjORrn--\r\n"

ONE_CLICKS = {
    "url-encoded": (URL_ENCODED, b"List-Unsubscribe=One-Click"),
    "multipart": (MULTIPART, WELL_FORMED),
    "the RFC's malformed multipart": (MULTIPART, FROM_THE_RFC),
    "multipart without boundary": ("multipart/form-data", WELL_FORMED),
    "multipart cut short": (MULTIPART, WELL_FORMED[:40]),
    "empty": (URL_ENCODED, b""),
    "untyped and empty": ("", b""),
    "garbage": (URL_ENCODED, b"\xff\x00%zz&&&==" * 50),
    "too many fields": (URL_ENCODED, b"a=b&" * 500),
    "of an unreadable type": ("\x7f;;;", b"List-Unsubscribe=One-Click"),
}


@pytest.mark.parametrize(("kind", "body"), ONE_CLICKS.values(), ids=ONE_CLICKS)
def test_one_click(client: TestClient, newsroom: Newsroom, kind: str, body: bytes) -> None:
    """Whatever the body, a genuine link unsubscribes: 200, short text, no cookie, no redirect."""
    token = newsroom.join("ann@example.org")
    for _ in range(2):
        answer = client.post(f"/unsubscribe/{token}", content=body, headers={"Content-Type": kind})
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain")
        assert len(answer.text) < 100
        assert not {"set-cookie", "location"} & set(answer.headers)
        assert newsroom.status("ann@example.org") == "unsubscribed"


def test_one_click_twice_changes_nothing_more(client: TestClient, newsroom: Newsroom) -> None:
    """The second time finds everything done: no second departure, no second goodbye."""
    token = newsroom.join("ann@example.org")
    client.post(f"/unsubscribe/{token}", content=b"List-Unsubscribe=One-Click")
    before = newsroom.rows()
    assert client.post(f"/unsubscribe/{token}", content=b"List-Unsubscribe=One-Click").status_code == 200
    assert newsroom.rows() == before


def test_the_page_and_its_button(client: TestClient, newsroom: Newsroom) -> None:
    """The page has one form with one button; pressing it gives a page, pressing it again the same one."""
    token = newsroom.join("ann@example.org")
    page = client.get(f"/unsubscribe/{token}").text
    assert page.count("<form") == page.count("<button") == 1
    assert 'name="button" value="leave"' in page
    answers = [client.post(f"/unsubscribe/{token}", data={"button": "leave"}) for _ in range(2)]
    assert answers[0].text == answers[1].text
    assert "You are off the list" in answers[0].text
    assert newsroom.status("ann@example.org") == "unsubscribed"
    assert "<form" not in client.get(f"/unsubscribe/{token}").text


def test_the_link_outlives_years(client: TestClient, newsroom: Newsroom) -> None:
    """An unsubscribe link in an old issue works for ever."""
    token = newsroom.join("ann@example.org")
    newsroom.clock.advance(timedelta(days=3650))
    assert client.get(f"/unsubscribe/{token}").status_code == 200
    assert client.post(f"/unsubscribe/{token}").status_code == 200
    assert newsroom.status("ann@example.org") == "unsubscribed"


def test_the_link_of_somebody_erased_is_no_error(client: TestClient, newsroom: Newsroom) -> None:
    """Whoever was erased is gone already: page and one-click say so with 200."""
    token = newsroom.join("ann@example.org")
    with newsroom.app.database.write() as session:
        session.execute(delete(Subscriber))
    assert "You are off the list" in client.get(f"/unsubscribe/{token}").text
    assert client.post(f"/unsubscribe/{token}").status_code == 200


def test_only_the_links_own_person_leaves(client: TestClient, newsroom: Newsroom) -> None:
    """A link speaks for one reader, whatever address the form names."""
    token = newsroom.join("ann@example.org")
    newsroom.join("bob@example.org")
    client.post(f"/unsubscribe/{token}", data={"button": "leave", "email": "bob@example.org"})
    assert newsroom.status("bob@example.org") == "active"


def damaged(token: str, confirm: str) -> dict[str, str]:
    """Links that are not unsubscribe links of ours."""
    return {
        "forged": token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"),
        "truncated": token[:-1],
        "longer": token + "A",
        "another purpose": confirm,
        "not ASCII": "ünsubscribe",
        "empty": "%20",
        "a script": "<script>alert(1)<script>",
        "long": "A" * 5000,
    }


def test_links_that_are_not_ours(client: TestClient, newsroom: Newsroom) -> None:
    """Forged, damaged and foreign links get one and the same 404 page by GET and POST, and change nothing."""
    links = damaged(newsroom.join("ann@example.org"), newsroom.confirm_token("ann@example.org"))
    before = newsroom.rows()
    pages = set()
    for link in links.values():
        for answer in (client.get(f"/unsubscribe/{link}"), client.post(f"/unsubscribe/{link}")):
            assert answer.status_code == 404
            pages.add(answer.text)
    assert len(pages) == 1
    assert newsroom.rows() == before


def test_leaving_before_confirming(client: TestClient, newsroom: Newsroom) -> None:
    """Somebody who never confirmed can leave too, and their confirm link is void from then on."""
    confirm = newsroom.request("ann@example.org")
    leave = newsroom.token(Purpose.UNSUBSCRIBE, "ann@example.org")
    assert client.post(f"/unsubscribe/{leave}").status_code == 200
    assert client.post(f"/confirm/{confirm}").status_code == 409
    assert newsroom.status("ann@example.org") == "unsubscribed"
