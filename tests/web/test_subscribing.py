"""The form: the same answer for everybody, a clear one for what is no address."""

from __future__ import annotations

import html

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from digest.app.parts import App
from digest.audience.models import Consent, Wording
from digest.editions.models import Status
from digest.tokens import Purpose, client_hash
from digest.web.application import create_application
from tests.web.conftest import BASE_URL, Backstage, browser, press, settings


def test_asking_sends_a_confirmation(client: TestClient, backstage: Backstage) -> None:
    """A new address is pending, with one confirm notice in the ledger."""
    answer = client.post("/subscribe", data={"email": " Ann@Example.org ", "name": "Ann"})
    assert answer.status_code == 200
    assert "Look in your inbox" in answer.text
    assert backstage.status("ann@example.org") == "pending"
    assert backstage.reader("ann@example.org").name == "Ann"
    assert len(backstage.rows()["deliveries"]) == 1


def test_insisting_owes_one_mail(client: TestClient, backstage: Backstage) -> None:
    """However often somebody presses the button before it is sent, one confirmation waits."""
    pages = {client.post("/subscribe", data={"email": "ann@example.org"}).text for _ in range(12)}
    assert len(pages) == 1
    assert len(backstage.rows()["deliveries"]) == len(backstage.rows()["consents"]) == 1


def test_what_waits_for_a_link_that_is_void_is_no_reason(client: TestClient, backstage: Backstage) -> None:
    """Whoever asks, leaves and asks again before the mail went out gets a link that works."""
    backstage.request("ann@example.org")
    client.post(f"/unsubscribe/{backstage.token(Purpose.UNSUBSCRIBE, 'ann@example.org')}")
    client.post("/subscribe", data={"email": "ann@example.org"})
    client.post(f"/confirm/{backstage.confirm_token('ann@example.org')}")
    assert backstage.status("ann@example.org") == "active"


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
def test_what_is_no_address(client: TestClient, backstage: Backstage, email: str) -> None:
    """A malformed address is 422 with a reason, nothing is stored and nothing comes back as markup."""
    before = backstage.rows()
    answer = client.post("/subscribe", data={"email": email})
    assert answer.status_code == 422
    assert "does not look like an address" in answer.text
    assert "<script" not in answer.text
    assert backstage.rows() == before


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
        ("Ann\x00\x1b[31m", "Ann[31m"),
        ("\u202eannA", "annA"),
        ("   ", None),
        ("é" * 5000, "é" * 100),
        ("\u200b", None),
    ],
)
def test_names_are_one_harmless_line(
    client: TestClient, backstage: Backstage, typed: str, kept: str | None
) -> None:
    """A name is cut and put on one line; its markup stays text."""
    answer = client.post("/subscribe", data={"email": "ann@example.org", "name": typed})
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert backstage.reader("ann@example.org").name == kept


def test_a_long_name_can_be_saved_again(client: TestClient, backstage: Backstage) -> None:
    """Browsers are told how long it may be, and the page for preferences takes what the form took."""
    client.post("/subscribe", data={"email": "ann@example.org", "name": "n" * 150})
    backstage.join("ann@example.org")
    own = f"/preferences/{backstage.token(Purpose.PREFERENCES, 'ann@example.org')}"
    for path in ("/subscribe", "/subscribe/form", own):
        assert 'name="name" type="text" autocomplete="name" maxlength="100"' in client.get(path).text
    kept = backstage.reader("ann@example.org").name or ""
    assert kept == "n" * 100
    assert press(client, own, "name", name=kept).status_code == 200


def test_the_honeypot(client: TestClient, backstage: Backstage) -> None:
    """A program that fills the hidden field gets the usual answer, and nothing but its count is kept."""
    usual = client.post("/subscribe", data={"email": "ann@example.org"}).text
    before = backstage.rows()
    caught = client.post("/subscribe", data={"email": "bot@example.org", "website": "https://spam.example"})
    assert (caught.status_code, caught.text) == (200, usual)
    assert backstage.rows() | {"allowances": []} == before | {"allowances": []}


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"&" * 60000, b"email=%ff%fe", b'{"email": "a@example.org"}']
)
def test_bodies_that_are_no_form(client: TestClient, backstage: Backstage, body: bytes) -> None:
    """Whatever arrives is answered as a form without an address."""
    before = backstage.rows()
    assert client.post("/subscribe", content=body).status_code == 422
    assert backstage.rows() == before


@pytest.mark.parametrize("path", ["/", "/subscribe"])
def test_the_form_is_accessible(client: TestClient, path: str) -> None:
    """Every field has its label, and the page says what one agrees to."""
    page = client.get(path).text
    for field in ("email", "name", "website"):
        assert f'<label for="{field}">' in page
        assert f'id="{field}"' in page
    assert "I can leave at any time" in page
    assert "<script" not in page


def test_the_page_tells_what_comes_and_what_is_kept(client: TestClient, backstage: Backstage) -> None:
    """How often, the last edition that is out, and for how long the network address is kept."""
    assert "A look at the last one" not in client.get("/subscribe").text
    backstage.edition("2026-W45", Status.SENT, "Two to skip", late=300)
    backstage.edition("2026-W46", Status.SENT, "Three to ship", late=100)
    backstage.edition("2026-W47", Status.DRAFT, "Not yet")
    page = client.get("/subscribe").text
    assert 'href="/archive/2026-W46"' in page
    assert "Three to ship" in page
    assert "and one to skip" in page
    assert "Two to skip" not in page
    assert "Not yet" not in page
    assert "One email a week" in page
    assert "deleted after 30 days" in page


@pytest.mark.parametrize(
    ("form", "source"),
    [
        ({"form": "page"}, "the subscribe form"),
        ({"form": "front"}, "the front page"),
        ({"form": "embedded"}, "an embedded form"),
        ({"form": "<b>mine</b>"}, "an embedded form"),
        ({}, "an embedded form"),
    ],
)
def test_a_consent_knows_its_form(app: App, backstage: Backstage, form: dict[str, str], source: str) -> None:
    """Which form it was, the words it showed, and a keyed hash of where it came from."""
    client = TestClient(create_application(app), client=("2001:db8::7", 50000))
    client.post("/subscribe", data={"email": "ann@example.org", **form})
    with backstage.app.database.read() as session:
        entry = session.scalars(select(Consent)).one()
        words = session.scalars(select(Wording)).one()
    assert (entry.event, entry.source) == ("requested", source)
    assert entry.wording == words.hash
    assert words.text in client.get("/subscribe").text
    assert entry.client == client_hash(b"\xcd" * 32, "2001:db8::/64")


@pytest.mark.parametrize(("path", "kind"), [("/", "front"), ("/subscribe", "page")])
def test_each_form_says_which_it_is(client: TestClient, path: str, kind: str) -> None:
    """By a hidden field."""
    assert f'<input type="hidden" name="form" value="{kind}">' in client.get(path).text


def test_the_form_for_other_sites(client: TestClient, backstage: Backstage) -> None:
    """It is shown as it looks and as text to copy, posts to the configured address, and works."""
    page = client.get("/subscribe/form", headers={"Host": "evil.example"})
    assert page.status_code == 200
    code = html.unescape(page.text.split("<code>")[1].split("</code>")[0])
    assert code in page.text.replace("<code>", "")
    assert f'action="{BASE_URL}/subscribe?lang=en"' in code
    assert "<script" not in code
    assert "style=" not in code
    for field in ("email", "name", "website"):
        assert f'for="digest-{field}"' in code
        assert f'name="{field}"' in code
    client.post("/subscribe?lang=en", data={"email": "ann@example.org", "form": "embedded"})
    assert backstage.status("ann@example.org") == "pending"


def test_names_in_the_code_to_copy_are_harmless(app: App) -> None:
    """An operator's name with markup in it stays text, in the code and where it is rendered."""
    named = settings(app.settings.database.url, newsletter={"operator": "<i>Ann</i> & Co"})
    page = browser(App(named, app.clock, app.database)).get("/subscribe/form").text
    assert "<i>" not in page
    assert "&amp;lt;i&amp;gt;Ann" in page


@pytest.mark.parametrize(
    ("path", "accepted", "newsletter", "kept"),
    [
        ("/subscribe", "de-AT, en;q=0.5", "en", "de"),
        ("/subscribe?lang=de", "en", "en", "de"),
        ("/subscribe", "en", "de", "en"),
        ("/subscribe", "fr", "en", None),
        ("/subscribe", "de", "de", None),
        ("/subscribe?lang=tlh", "", "en", None),
    ],
)
def test_the_language_of_the_page_goes_along(
    app: App, backstage: Backstage, path: str, accepted: str, newsletter: str, kept: str | None
) -> None:
    """Somebody new is written to in it; nothing is kept where it is what everybody gets anyway."""
    made = settings(app.settings.database.url, newsletter={"language": newsletter})
    client = browser(App(made, app.clock, app.database))
    client.post(path, data={"email": "ann@example.org"}, headers={"Accept-Language": accepted})
    assert backstage.reader("ann@example.org").language == kept


def test_asking_again_changes_no_language(client: TestClient, backstage: Backstage) -> None:
    """Whoever it was: asked with the mail on its way, on the list or gone, what is stored stays."""
    backstage.request("pending@example.org")
    backstage.join("active@example.org")
    backstage.leave("left@example.org")
    german = {"Accept-Language": "de"}
    client.post("/subscribe", data={"email": "german@example.org"}, headers=german)
    kinds = {"pending": None, "active": None, "left": None, "german": "de"}
    for kind in kinds:
        headers = german if kind != "german" else {"Accept-Language": "en"}
        client.post("/subscribe", data={"email": f"{kind}@example.org"}, headers=headers)
    assert {kind: backstage.reader(f"{kind}@example.org").language for kind in kinds} == kinds
