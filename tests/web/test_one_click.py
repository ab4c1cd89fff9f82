"""One-click unsubscription as RFC 8058 has it, through the web application and on both databases."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from digest.app.delivering import make_messages
from digest.app.parts import App
from digest.audience.models import Subscriber
from digest.delivery.composing import compose
from digest.rendering.rendered import Rendered
from digest.tokens import Keyring, Purpose
from tests.web.conftest import Backstage, browser

ANN = "ann@example.org"
URL_ENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=---FormBoundaryjWmhtjORrn"
ONE_CLICK = b"List-Unsubscribe=One-Click"
PART = b'Content-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n'
# RFC 8058 §8.3 as printed: its delimiter lines lack the two dashes that a delimiter begins with.
AS_PRINTED = b"---FormBoundaryjWmhtjORrn\r\n" + PART + b"---FormBoundaryjWmhtjORrn--"
WELL_FORMED = b"-----FormBoundaryjWmhtjORrn\r\n" + PART + b"-----FormBoundaryjWmhtjORrn--\r\n"

# The header's mailto: address if it has one; then Content-Type, Content-Length as printed, and the body.
EXAMPLES = {
    "§8.1, simple": (None, URL_ENCODED, "26", ONE_CLICK),
    "§8.2, with a mailto: address": ("listrequest@example.com", URL_ENCODED, "26", ONE_CLICK),
    "§8.3, multipart": (None, MULTIPART, "124", AS_PRINTED),
}
BODIES = {
    "multipart, well formed": (MULTIPART, WELL_FORMED),
    "multipart, by the erratum": ("multipart/form-data; boundary=-FormBoundaryjWmhtjORrn", AS_PRINTED),
    "multipart without boundary": ("multipart/form-data", WELL_FORMED),
    "multipart cut short": (MULTIPART, WELL_FORMED[:40]),
    "empty": (URL_ENCODED, b""),
    "untyped and empty": ("", b""),
    "garbage": (URL_ENCODED, b"\xff\x00%zz&&&==" * 50),
    "too many fields": (URL_ENCODED, b"a=b&" * 500),
    "of an unreadable type": ("\x7f;;;", ONE_CLICK),
    "our button's words in another type": ("text/plain", b"button=leave"),
}


@pytest.mark.parametrize(("by_mail", "kind", "length", "body"), EXAMPLES.values(), ids=EXAMPLES)
def test_the_examples_of_the_rfc(
    client: TestClient, backstage: Backstage, by_mail: str | None, kind: str, length: str, body: bytes
) -> None:
    """Byte for byte, and so many bytes as they say, to the address that our header names."""
    backstage.join(ANN)
    headers = {"Content-Type": kind, "Host": "example.com"}
    path = urlsplit(header_link(backstage, by_mail)).path
    request = client.build_request("POST", path, content=body, headers=headers)
    assert request.headers["Content-Length"] == length
    for _ in range(2):
        answer = client.send(request)
        assert answer.status_code == 200
        assert answer.text == "You are unsubscribed.\n"
        assert not {"set-cookie", "location"} & set(answer.headers)
        assert backstage.status(ANN) == "unsubscribed"


def header_link(backstage: Backstage, by_mail: str | None) -> str:
    """The one https address in the header of Ann's copy, whose lines are as the RFC's."""
    app, now = backstage.app, backstage.clock.now()
    newsletter = app.settings.newsletter.model_copy(update={"unsubscribe_address": by_mail})
    app.settings = app.settings.model_copy(update={"newsletter": newsletter})
    messages = make_messages(app)
    message = compose(Rendered("-", "-", "-", "m"), messages.headers(list_mail=True)).message(
        to=ANN,
        message_id="<1@example.org>",
        date=now,
        links=messages.links(backstage.reader(ANN).public_id, 0, now),
    )
    mailto = r", <mailto:listrequest\+[a-z2-7]{42}@example\.com>" if by_mail else ""
    post = "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
    lines = rf"\r\nList-Unsubscribe: <(https://[^<>\s]+)>{mailto}\r\n{post}\r\n"
    found = re.findall(lines, message.decode())
    assert len(found) == 1
    return str(found[0])


@pytest.mark.parametrize(("kind", "body"), BODIES.values(), ids=BODIES)
def test_no_body_is_wrong(client: TestClient, backstage: Backstage, kind: str, body: bytes) -> None:
    """A genuine link unsubscribes: 200, short text, no cookie, no redirect."""
    token = backstage.join(ANN)
    for _ in range(2):
        answer = client.post(f"/unsubscribe/{token}", content=body, headers={"Content-Type": kind})
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain")
        assert len(answer.text) < 100
        assert not {"set-cookie", "location"} & set(answer.headers)
        assert backstage.status(ANN) == "unsubscribed"


def test_twice_changes_nothing_more(client: TestClient, backstage: Backstage) -> None:
    """The second time finds everything done: no second departure, no second goodbye."""
    token = backstage.join(ANN)
    client.post(f"/unsubscribe/{token}", content=ONE_CLICK)
    before = backstage.rows()
    assert client.post(f"/unsubscribe/{token}", content=ONE_CLICK).status_code == 200
    assert backstage.rows() == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("body", [None, ONE_CLICK, b"button=leave"])
def test_only_a_post_unsubscribes(
    client: TestClient, backstage: Backstage, method: str, body: bytes | None
) -> None:
    """Looking is fine and does nothing; every other method is refused, naming the right ones."""
    token = backstage.join(ANN)
    before = backstage.rows()
    answer = client.request(
        method, f"/unsubscribe/{token}", content=body, headers={"Content-Type": URL_ENCODED}
    )
    if method in {"GET", "HEAD"}:
        assert answer.status_code == 200
    else:
        assert answer.status_code == 405
        assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
    assert backstage.rows() == before


def test_links_that_are_not_ours(client: TestClient, backstage: Backstage) -> None:
    """Forged, damaged and foreign links get one and the same 404 page by GET and POST, and change nothing."""
    token = backstage.join(ANN)
    before, pages = backstage.rows(), set()
    for link in [*damaged(token), *foreign(backstage)]:
        for answer in (
            client.get(f"/unsubscribe/{link}"),
            client.post(f"/unsubscribe/{link}", content=ONE_CLICK),
            client.post(f"/unsubscribe/{link}", data={"button": "leave"}),
        ):
            assert answer.status_code == 404, link
            assert token not in answer.text
            pages.add(answer.text.split("<footer")[0])
    assert len(pages) == 1
    assert backstage.rows() == before


def damaged(token: str) -> list[str]:
    """Every truncation from the end, and forgeries of one that is genuine."""
    forged = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
    cut = [token[:length] for length in range(1, len(token))]
    return [*cut, token[1:], token + "A", token.swapcase(), token + token, forged, *HOSTILE]


HOSTILE = ["ünsubscribe", "%20", "%00", "a%0d%0ab", "<script>alert(1)<script>", "A" * 5000]


def foreign(backstage: Backstage) -> list[str]:
    """Links of every other purpose for the same person, and one of another installation."""
    others = [backstage.token(purpose, ANN) for purpose in Purpose if purpose is not Purpose.UNSUBSCRIBE]
    elsewhere = Keyring({1: b"another installation's key"}, 1)
    stranger = elsewhere.issue(Purpose.UNSUBSCRIBE, backstage.reader(ANN).public_id, backstage.clock.now())
    return [*others, stranger]


@pytest.mark.parametrize("content", [ONE_CLICK, b"button=leave", b""])
def test_the_link_of_somebody_erased(client: TestClient, backstage: Backstage, content: bytes) -> None:
    """Whoever was erased is gone already, which is no error; and their link finds nobody else."""
    token = backstage.join(ANN)
    backstage.join("bob@example.org")
    with backstage.app.database.write() as session:
        session.delete(session.get_one(Subscriber, backstage.reader(ANN).id))
    for _ in range(2):
        answer = client.post(f"/unsubscribe/{token}", content=content, headers={"Content-Type": URL_ENCODED})
        assert answer.status_code == 200
        assert not {"set-cookie", "location"} & set(answer.headers)
    assert "You are off the list" in client.get(f"/unsubscribe/{token}").text
    assert backstage.status("bob@example.org") == "active"


def test_links_of_rotated_keys(app: App, backstage: Backstage) -> None:
    """Old links and new ones work side by side; those of a key that was taken out do not."""
    old, new = b"o" * 32, b"n" * 32
    app.keyring = Keyring({1: old}, 1)
    emails = ("old@example.org", "late@example.org")
    made_before = [backstage.join(email) for email in emails]
    app.keyring = Keyring({1: old, 2: new}, 2)
    made_after = backstage.join("new@example.org")
    with browser(app) as client:
        for token in (made_before[0], made_after):
            assert client.get(f"/unsubscribe/{token}").status_code == 200
            assert client.post(f"/unsubscribe/{token}", content=ONE_CLICK).status_code == 200
    app.keyring = replace(app.keyring, keys={2: new})
    with browser(app) as client:
        assert client.post(f"/unsubscribe/{made_before[1]}", content=ONE_CLICK).status_code == 404
    statuses = {email: backstage.status(email) for email in (*emails, "new@example.org")}
    assert statuses == dict(zip(statuses, ["unsubscribed", "active", "unsubscribed"], strict=True))


def test_a_key_that_was_added_since(app: App, backstage: Backstage) -> None:
    """A running application looks for it, once it meets a link of it, and for no other forgery."""
    backstage.join(ANN)
    asked: list[str] = []

    def reread() -> dict[int, bytes]:
        asked.append("again")
        return {1: b"o" * 32, 2: b"n" * 32}

    public_id, now = backstage.reader(ANN).public_id, backstage.clock.now()
    token = Keyring({2: b"n" * 32}, 2).issue(Purpose.UNSUBSCRIBE, public_id, now)
    forged = Keyring({2: b"x" * 32}, 2).issue(Purpose.UNSUBSCRIBE, public_id, now)
    unknown = Keyring({3: b"n" * 32}, 3).issue(Purpose.UNSUBSCRIBE, public_id, now)
    app.keyring = Keyring({1: b"o" * 32}, 1, reread)
    with browser(app) as client:
        for link in (forged, unknown):
            assert client.post(f"/unsubscribe/{link}", content=ONE_CLICK).status_code == 404
        assert client.post(f"/unsubscribe/{token}", content=ONE_CLICK).status_code == 200
    assert backstage.status(ANN) == "unsubscribed"
    assert asked == ["again"] * 3
