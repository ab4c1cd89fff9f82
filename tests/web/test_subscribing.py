"""The form: the same answer for everybody, a clear one for what is no address."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from digest.audience.addresses import read_address
from tests.web.conftest import NOW, Newsroom


def test_asking_sends_a_confirmation(client: TestClient, newsroom: Newsroom) -> None:
    """A new address is pending, with one confirm notice in the ledger."""
    answer = client.post("/subscribe", data={"email": " Ann@Example.org ", "name": "Ann"})
    assert answer.status_code == 200
    assert "Look in your inbox" in answer.text
    assert newsroom.status("ann@example.org") == "pending"
    assert newsroom.reader("ann@example.org").name == "Ann"
    assert len(newsroom.rows()["deliveries"]) == 1


def test_the_answer_tells_nobody_apart(client: TestClient, newsroom: Newsroom) -> None:
    """New, pending, active, left, complained and suppressed addresses get the very same page."""
    newsroom.request("pending@example.org")
    newsroom.join("active@example.org")
    client.post(f"/unsubscribe/{newsroom.join('left@example.org')}")
    newsroom.join("complained@example.org")
    with newsroom.app.database.write() as session:
        for email in ("complained@example.org", "suppressed@example.org"):
            newsroom.app.suppressions.suppress(session, read_address(email), "complaint", "test", NOW)
    names = ("new", "pending", "active", "left", "complained", "suppressed")
    answers = [client.post("/subscribe", data={"email": f"{name}@example.org"}) for name in names]
    seen = {(answer.status_code, answer.text, repr(answer.headers)) for answer in answers}
    assert len(seen) == 1
    assert newsroom.status("left@example.org") == "unsubscribed"
    assert newsroom.status("complained@example.org") == "complained"


def test_insisting_bombs_nobody(client: TestClient, newsroom: Newsroom) -> None:
    """However often somebody presses the button, an address gets a few mails a day, and the answer stays."""
    pages = {client.post("/subscribe", data={"email": "ann@example.org"}).text for _ in range(12)}
    assert len(pages) == 1
    assert len(newsroom.rows()["deliveries"]) == 3


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ann",
        "ann@",
        "@example.org",
        "a b@example.org",
        "ann@example.org\r\nBcc: all@example.org",
        "ann@exa\nmple.org",
        "ann@example.org,bob@example.org",
        "ann\x00@example.org",
        "<script>alert(1)</script>@example.org",
        "x" * 300 + "@example.org",
        "grüße@example.org",
        "ann@-.org",
    ],
)
def test_what_is_no_address(client: TestClient, newsroom: Newsroom, email: str) -> None:
    """A malformed address is 422 with a reason, nothing is stored and nothing comes back as markup."""
    before = newsroom.rows()
    answer = client.post("/subscribe", data={"email": email})
    assert answer.status_code == 422
    assert "does not look like an address" in answer.text
    assert "<script" not in answer.text
    assert newsroom.rows() == before


def test_what_was_typed_is_kept(client: TestClient) -> None:
    """The form comes back with what was typed, harmless."""
    page = client.post("/subscribe", data={"email": 'ann"><b>', "name": "Ann <i>"}).text
    assert 'value="ann&#34;&gt;&lt;b&gt;"' in page
    assert 'value="Ann &lt;i&gt;"' in page


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("Ann\r\nBcc: all@example.org", "Ann Bcc: all@example.org"),
        ("Ann\x00\x1b[31m", "Ann [31m"),
        ("\u202eannA", "annA"),
        ("   ", None),
        ("é" * 5000, "é" * 200),
    ],
)
def test_names_are_one_harmless_line(
    client: TestClient, newsroom: Newsroom, typed: str, kept: str | None
) -> None:
    """A name is cut and put on one line; its markup stays text."""
    answer = client.post("/subscribe", data={"email": "ann@example.org", "name": typed})
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert newsroom.reader("ann@example.org").name == kept


def test_the_honeypot(client: TestClient, newsroom: Newsroom) -> None:
    """A program that fills the hidden field gets the usual answer, and nothing happens."""
    usual = client.post("/subscribe", data={"email": "ann@example.org"}).text
    before = newsroom.rows()
    caught = client.post("/subscribe", data={"email": "bot@example.org", "website": "https://spam.example"})
    assert (caught.status_code, caught.text) == (200, usual)
    assert newsroom.rows() == before


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"&" * 60000, b"email=%ff%fe", b'{"email": "a@example.org"}']
)
def test_bodies_that_are_no_form(client: TestClient, newsroom: Newsroom, body: bytes) -> None:
    """Whatever arrives is answered as a form without an address."""
    before = newsroom.rows()
    assert client.post("/subscribe", content=body).status_code == 422
    assert newsroom.rows() == before


@pytest.mark.parametrize("path", ["/", "/subscribe"])
def test_the_form_is_accessible(client: TestClient, path: str) -> None:
    """Every field has its label, and the page says what one agrees to."""
    page = client.get(path).text
    for field in ("email", "name", "website"):
        assert f'<label for="{field}">' in page
        assert f'id="{field}"' in page
    assert "I can leave at any time" in page
    assert "<script" not in page
