"""Past editions and comparisons, as anybody may read them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from digest.app.parts import App
from digest.content.listing import get_comparison, withdraw
from digest.editions.models import Edition, Item, Status
from digest.rendering.rendered import reader_link
from tests.web.conftest import BASE_URL, BODY, MARKER, NOW, Newsroom, browser, settings


@pytest.mark.parametrize(
    ("status", "late", "code"),
    [
        (Status.SENT, 1, 200),
        (Status.SENDING, 1, 200),
        (Status.APPROVED, 1, 200),
        (Status.APPROVED, -1, 404),
        (Status.DRAFT, 1, 404),
        (Status.SKIPPED, 1, 404),
        (Status.CANCELLED, 1, 404),
    ],
)
def test_only_what_is_out(
    client: TestClient, newsroom: Newsroom, status: Status, late: int, code: int
) -> None:
    """Drafts and editions whose hour has not come are neither listed nor shown."""
    newsroom.edition("2026-W46", status, "A secret until then", late=late)
    assert client.get("/archive/2026-W46").status_code == code
    for page in ("/", "/archive"):
        assert ("A secret until then" in client.get(page).text) == (code == 200)


def test_the_frozen_bytes(client: TestClient, newsroom: Newsroom) -> None:
    """An edition is shown byte for byte, but for the readers' own links, under a policy for emails."""
    newsroom.edition("2026-W46", Status.SENT)
    answer = client.get("/archive/2026-W46")
    assert answer.text == BODY.replace(f"https://{MARKER}.invalid/unsubscribe", f"{BASE_URL}/unsubscribe")
    assert "style-src 'unsafe-inline'" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]
    assert client.get("/unsubscribe").status_code == 200


def test_links_of_ones_own_lead_to_where_they_are_explained(client: TestClient, newsroom: Newsroom) -> None:
    """Preferences to preferences, whatever else to leaving; nobody's token is needed there."""
    links = [reader_link(MARKER, name) for name in ("preferences", "unsubscribe", "preferences-of-mine")]
    body = "".join(f'<a href="{link}">x</a>' for link in links)
    newsroom.edition("2026-W46", Status.SENT)
    with newsroom.app.database.write() as session:
        session.execute(update(Edition).values(html=body))
    page = client.get("/archive/2026-W46").text
    places = [f"{BASE_URL}/{name}" for name in ("preferences", "unsubscribe", "unsubscribe")]
    assert page == "".join(f'<a href="{place}">x</a>' for place in places)
    assert client.get("/preferences").status_code == 200


def test_the_contents_of_an_edition(client: TestClient, newsroom: Newsroom) -> None:
    """Every comparison with its link, for readers whose mail had no room for all; titles are text."""
    slug = newsroom.compare("Axo<b>lotl", "Newt", "Which?")
    newsroom.edition("2026-W46", Status.SENT, "Two & more")
    with newsroom.app.database.write() as session:
        edition = session.scalars(select(Edition)).one()
        comparison = get_comparison(session, slug)
        session.add(Item(edition_id=edition.id, comparison_id=comparison.id, position=1, reason="new"))
    page = client.get("/archive/2026-W46/contents").text
    assert "Two &amp; more" in page
    assert "Axo&lt;b&gt;lotl vs Newt" in page
    assert f'href="{BASE_URL}/comparisons/{slug}"' in page
    assert client.get("/archive/2026-W47/contents").status_code == 404


def test_the_list_is_newest_first(client: TestClient, newsroom: Newsroom) -> None:
    """Later slots come first, and a subject is text whatever it holds."""
    newsroom.edition("2026-W45", Status.SENT, "Older", late=200)
    newsroom.edition("2026-W46", Status.SENT, "<b>Newer</b> & bold")
    page = client.get("/archive").text
    assert page.index("&lt;b&gt;Newer&lt;/b&gt; &amp; bold") < page.index("Older")
    assert "2026, week 46" in page


def test_an_empty_archive(client: TestClient) -> None:
    """Before the first edition the page says so."""
    assert "still to come" in client.get("/archive").text


@pytest.mark.parametrize("key", ["2026-W47", "nonsense", "%00", "' OR 1=1 --", "<script>", "x" * 3000])
def test_unknown_editions(client: TestClient, newsroom: Newsroom, key: str) -> None:
    """A key of no edition is 404 and is not repeated on the page."""
    newsroom.edition("2026-W46", Status.SENT)
    answer = client.get(f"/archive/{key}")
    assert answer.status_code == 404
    assert "<script" not in answer.text


def test_a_comparison(client: TestClient, newsroom: Newsroom) -> None:
    """Both tools stand side by side with everything the panel said, and markup in them is text."""
    slug = newsroom.compare("Axo<b>lotl", "Newt", "Which <script>one</script>?")
    page = client.get(f"/comparisons/{slug}").text
    for said in (
        "Axo&lt;b&gt;lotl is quick.",
        "Newt is not cheap.",
        "would ship it",
        "100%",
        "No votes yet",
        "Not yet",
    ):
        assert said in page
    assert "<p>First.</p>" in page
    assert "<script" not in page


def test_a_withdrawn_comparison(client: TestClient, newsroom: Newsroom) -> None:
    """What was withdrawn is 404, as is what never was."""
    slug = newsroom.compare()
    with newsroom.app.database.write() as session:
        withdraw(session, slug, NOW)
    assert client.get(f"/comparisons/{slug}").status_code == 404
    assert client.get("/comparisons/never").status_code == 404


def test_a_comparison_that_is_not_published_yet(client: TestClient, newsroom: Newsroom) -> None:
    """It is 404 until its time has come."""
    slug = newsroom.compare()
    with newsroom.app.database.write() as session:
        get_comparison(session, slug).published_at = NOW + timedelta(minutes=1)
    assert client.get(f"/comparisons/{slug}").status_code == 404


def test_pages_of_ones_own(app: App, newsroom: Newsroom, tmp_path: Path) -> None:
    """An operator's folder replaces pages, words and files one by one; the rest stays."""
    own = tmp_path / "own"
    (own / "pages").mkdir(parents=True)
    (own / "static").mkdir()
    (own / "pages" / "archive.html").write_text(
        '{% extends "pages/_base.html" %}{% block main %}Ours{% endblock %}'
    )
    (own / "static" / "logo.svg").write_text("<svg/>")
    (own / "consent.txt").write_text("Send me {{ brand.name }} & more.")
    url = app.settings.database.url
    client = browser(App(settings(url, newsletter={"pages": own}), app.clock, app.database))
    assert "Ours" in client.get("/archive").text
    assert "Send me Weekly AI Tool Verdicts &amp; more." in client.get("/subscribe").text
    assert client.get("/static/logo.svg").status_code == 200
    assert client.get("/static/style.css").status_code == 200
