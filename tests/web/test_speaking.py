"""Which language a page speaks, and that it says so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from digest.app.parts import App
from digest.web.application import create_application
from digest.web.speaking import Asked, choose, ranges, read_asked
from tests.web.conftest import Backstage, browser, settings

KNOWN = ("en", "de", "pt-BR")


@pytest.mark.parametrize(
    ("said", "newsletter", "spoken"),
    [
        (Asked(), "en", "en"),
        (Asked(), "de-AT", "de"),
        (Asked(), "fr", "en"),
        (Asked(accepted="de"), "en", "de"),
        (Asked(accepted="fr, de-CH;q=0.8, en;q=0.5"), "en", "de"),
        (Asked(accepted="en;q=0.5, de;q=0.8"), "en", "de"),
        (Asked(accepted="de;q=0, en"), "de", "en"),
        (Asked(accepted="fr"), "de", "de"),
        (Asked(accepted="*"), "de", "de"),
        (Asked(accepted="pt"), "en", "pt-BR"),
        (Asked(accepted="de", wish="en"), "de", "en"),
        (Asked(accepted="de", wish="xx"), "en", "de"),
        (Asked(wish="en", person="de"), "en", "de"),
        (Asked(wish="de", person="gone"), "en", "de"),
    ],
)
def test_choice(said: Asked, newsletter: str, spoken: str) -> None:
    """The person's own choice, then the link, the browser and the newsletter; English in the end."""
    assert choose(KNOWN, said, newsletter) == spoken


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("", [""]),
        ("de;q=nan, en;q=1.5, fr;q=-1, it;q=x, es", ["es"]),
        (";;;,,=,de;q=1;x", ["", "", "="]),
        (", ".join(["de"] * 5000), ["de"] * 20),
    ],
)
def test_whatever_a_browser_says(header: str, wanted: list[str]) -> None:
    """A header that makes no sense is read as far as it does."""
    assert sorted(ranges(header)) == sorted(wanted)


@pytest.mark.parametrize(
    "query", [b"lang", b"lang=", b"lang=%ff%00", b"x&" * 5000 + b"lang=de", b"\xff=lang"]
)
def test_whatever_an_address_asks_for(query: bytes) -> None:
    """No query is an error."""
    said = read_asked({"type": "http", "query_string": query, "headers": [(b"accept-language", b"\xff")]})
    assert choose(KNOWN, said, "en") in KNOWN


def test_a_page_says_which_language_it_speaks(client: TestClient) -> None:
    """In its markup, its headers, and for caches; the switch leads to the same path."""
    for path, accepted, language in (
        ("/subscribe", "de", "de"),
        ("/subscribe", "en", "en"),
        ("/subscribe?lang=de", "en", "de"),
        ("/subscribe?lang=en", "de", "en"),
        ("/nowhere", "de", "de"),
    ):
        answer = client.get(path, headers={"Accept-Language": accepted})
        assert f'<html lang="{language}" dir="ltr">' in answer.text
        assert answer.headers["content-language"] == language
        assert answer.headers["vary"] == "Accept-Language"
        assert 'href="?lang=de"' in answer.text


def test_the_answer_to_a_form_offers_no_other(client: TestClient) -> None:
    """A link would open its address anew, without what was sent and answered."""
    assert 'href="?lang=de"' in client.get("/subscribe").text
    answers = (client.post("/subscribe", data={"email": "nobody"}), client.post("/nowhere"))
    assert [answer.status_code for answer in answers] == [422, 404]
    assert not any("?lang=" in answer.text for answer in answers)


def test_what_was_asked_for_goes_along(client: TestClient) -> None:
    """Links inside the pages keep the language, also that of a page that does not exist."""
    assert 'href="/archive?lang=de"' in client.get("/nowhere?lang=de").text
    assert 'href="/archive"' in client.get("/nowhere", headers={"Accept-Language": "de"}).text
    hostile = client.get('/nowhere?lang="><script>alert(1)</script>').text
    assert "<script" not in hostile
    assert 'href="/archive"' in hostile


def test_the_newsletters_own_language(app: App, backstage: Backstage) -> None:
    """Who asks for nothing gets the newsletter's language where there is a catalog for it."""
    german = settings(app.settings.database.url, newsletter={"language": "de-AT"})
    assert '<html lang="de"' in browser(App(german, app.clock, app.database)).get("/").text
    basque = settings(app.settings.database.url, newsletter={"language": "eu"})
    assert '<html lang="en"' in browser(App(basque, app.clock, app.database)).get("/").text


def test_failures_speak_it_too(client: TestClient) -> None:
    """What is answered before any page is asked is said in the reader's language."""
    answer = client.post("/subscribe", content=b"x" * (64 * 1024 + 1), headers={"Accept-Language": "de"})
    assert answer.status_code == 413
    assert '<html lang="de"' in answer.text
    assert "Das war zu viel" in answer.text


def test_many_at_once(app: App, backstage: Backstage) -> None:
    """Pages that are made at the same time in several threads speak each its own language."""
    application = create_application(app)

    def said(number: int) -> bool:
        code, title = (("de", "So melden Sie sich ab"), ("en", "How to leave"))[number % 2]
        with TestClient(application) as one:
            page = one.get("/unsubscribe", headers={"Accept-Language": code}).text
        return f"<h1>{title}</h1>" in page and f'<html lang="{code}"' in page

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(said, range(80)))
