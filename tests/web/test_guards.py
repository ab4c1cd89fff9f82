"""Headers, sizes, methods and failures: what holds for every page."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterator

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message

from digest.app.parts import App
from digest.app.samples import SAMPLE
from digest.editions.models import Status
from digest.tokens import Purpose
from digest.web import guards
from digest.web.application import create_application
from digest.web.pages import Pages
from tests.web.conftest import BASE_URL, Backstage, browser, settings

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def every_path(backstage: Backstage) -> list[str]:
    """One path of every kind of page, for a person who reads and one who has yet to confirm."""
    backstage.edition("2026-W46", Status.SENT)
    gone = backstage.join("gone@example.org")
    backstage.app.database.close()
    return [
        "/",
        "/subscribe",
        "/unsubscribe",
        "/preferences",
        "/archive",
        "/archive/2026-W46",
        f"/comparisons/{backstage.compare()}",
        "/healthz",
        "/static/style.css",
        "/nowhere",
        "/confirm/damaged",
        "/unsubscribe/damaged",
        "/preferences/damaged",
        f"/unsubscribe/{SAMPLE}",
        f"/confirm/{backstage.request('new@example.org')}",
        f"/confirm/{backstage.confirm_token('gone@example.org')}",
        f"/unsubscribe/{backstage.join('ann@example.org')}",
        f"/unsubscribe/{gone}",
        f"/preferences/{backstage.token(Purpose.PREFERENCES, 'ann@example.org')}",
        f"/preferences/{backstage.token(Purpose.PREFERENCES, 'new@example.org')}",
    ]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(client: TestClient, backstage: Backstage, method: str) -> None:
    """Opening every page twice leaves every table as it was."""
    paths = every_path(backstage)
    before = backstage.rows()
    answers = [client.request(method, path).status_code for path in paths * 2]
    assert backstage.rows() == before
    assert set(answers) == {200, 404}
    assert answers.count(404) == 8


def test_every_page_is_guarded(client: TestClient, backstage: Backstage) -> None:
    """Each answer has the security headers, sets no cookie and sends nobody elsewhere."""
    for path in every_path(backstage):
        headers = client.get(path).headers
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert "max-age" in headers["strict-transport-security"]
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "script-src" not in headers["content-security-policy"]
        assert not {"set-cookie", "location"} & set(headers)


def test_pages_allow_no_inline_style(client: TestClient) -> None:
    """Our own pages get their style from our own file only."""
    policy = client.get("/").headers["content-security-policy"]
    assert policy == (
        "default-src 'none'; style-src 'self'; form-action 'self'; img-src 'self' data:; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    assert " style=" not in client.get("/").text


def test_token_pages_are_private(client: TestClient, backstage: Backstage) -> None:
    """Pages with a token in their address are kept by no cache and found by no search engine."""
    for path in (
        p for p in every_path(backstage) if p.count("/") == 2 and p.startswith(("/conf", "/unsub", "/pref"))
    ):
        answer = client.get(path)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-robots-tag"] == "noindex"
        assert '<meta name="robots" content="noindex">' in answer.text


def test_no_hsts_without_https(app: App, backstage: Backstage) -> None:
    """An installation on plain http promises no https."""
    plain = settings(app.settings.database.url, web={"base_url": "http://127.0.0.1:8000"})
    client = browser(App(plain, app.clock, app.database))
    assert "strict-transport-security" not in client.get("/").headers


def test_the_host_header_is_ignored(client: TestClient, backstage: Backstage) -> None:
    """A forged Host or forwarding header appears nowhere."""
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    for path in [*every_path(backstage), "/archive/", "//evil.example/archive/"]:
        answer = client.get(path, headers=forged)
        assert "evil.example" not in answer.text + str(answer.headers)
        assert answer.status_code in {200, 404}


def test_a_large_body_is_refused(client: TestClient, backstage: Backstage) -> None:
    """One byte more than 64 KB is 413, and nothing happens."""
    token = backstage.join("ann@example.org")
    answer = client.post(f"/unsubscribe/{token}", content=b"x" * (64 * 1024 + 1))
    assert answer.status_code == 413
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert backstage.status("ann@example.org") == "active"
    assert client.post(f"/unsubscribe/{token}", content=b"x" * (64 * 1024)).status_code == 200


def test_a_body_that_never_ends_is_given_up(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends byte by byte is told 408 in the end and holds nobody up."""
    monkeypatch.setattr(guards, "BODY_SECONDS", 0.05)
    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/subscribe", "query_string": b"", "headers": []}
    asyncio.run(create_application(app)(scope, receive, send))
    assert sent[0]["status"] == 408


def test_a_large_chunked_body_is_refused(client: TestClient) -> None:
    """Neither does a body slip through that does not say how long it is."""

    def pieces() -> Iterator[bytes]:
        for _ in range(80):
            yield b"x" * 1024

    assert client.post("/subscribe", content=pieces()).status_code == 413


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/subscribe"), ("DELETE", "/archive"), ("POST", "/archive"), ("BREW", "/")]
)
def test_other_methods_are_refused(client: TestClient, method: str, path: str) -> None:
    """A method that a page does not know is 405, with those it knows."""
    answer = client.request(method, path)
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert "<h1>" in answer.text


def test_an_unknown_address_gets_a_friendly_page(client: TestClient) -> None:
    """404 is a page of ours with a way on."""
    answer = client.get("/no/such/page")
    assert answer.status_code == 404
    assert 'href="/archive"' in answer.text


def test_a_failure_gives_nothing_away(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unexpected error is a plain guarded page, and its message stays out of the log."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("ann@example.org is in this message")

    monkeypatch.setattr(Pages, "show", fail)
    answer = client.get("/")
    logged = "".join(capsys.readouterr())
    assert answer.status_code == 500
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "RuntimeError" not in answer.text
    assert "RuntimeError" in logged
    assert "ann@example.org" not in answer.text + logged


def test_assets_stay_in_their_folder(client: TestClient) -> None:
    """No address leads out of the static folder or to a file of another kind."""
    assert client.get("/static/style.css").headers["content-type"].startswith("text/css")
    for name in ("..%2fconsent.txt", "%2e%2e/README.md", "%2e%2e", "style.css%00.png", "none.css"):
        assert client.get(f"/static/{name}").status_code == 404


def test_links_hold_below_a_path(app: App, backstage: Backstage) -> None:
    """Where base_url has a path every link has it too, whether or not the proxy takes it off."""
    below = settings(app.settings.database.url, web={"base_url": f"{BASE_URL}/weekly"})
    client = browser(App(below, app.clock, app.database))
    for path in ("/", "/weekly", "/weekly/", "/subscribe", "/weekly/subscribe"):
        assert 'action="/weekly/subscribe"' in client.get(path).text
    assert client.get("/weekly/static/style.css").status_code == 200


def every_route(application: Starlette) -> Iterator[tuple[str, Collection[str]]]:
    """The path of every route there is, filled in with a word, and its methods."""
    for route in application.routes:
        assert isinstance(route, Route)
        yield re.sub(r"\{[^}]*\}", "word", route.path), route.methods or ()


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_no_route_takes_another_method(app: App, client: TestClient, method: str) -> None:
    """405 with the methods there are, in our frame, wherever it is tried."""
    for path, methods in every_route(create_application(app)):
        answer = client.request(method, path)
        assert answer.status_code == 405, path
        assert set(answer.headers["allow"].split(", ")) == set(methods), path
        assert "<h1>" in answer.text
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_no_route_takes_a_large_body(app: App, client: TestClient) -> None:
    """413 before any page is asked, whatever the method."""
    for path, methods in every_route(create_application(app)):
        for method in methods:
            answer = client.request(method, path, content=b"x" * (64 * 1024 + 1))
            assert answer.status_code == 413, (method, path)
            assert answer.headers["content-security-policy"].startswith("default-src 'none'")
