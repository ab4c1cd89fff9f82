"""Past editions, as anybody may read them."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update
from starlette.testclient import TestClient

from digest.app import reading
from digest.app.parts import App
from digest.content.listing import get_comparison, withdraw
from digest.delivery.models import Attempt, Mailing, State
from digest.editions.models import Edition, Item, Status
from digest.rendering.rendered import reader_link
from digest.web import archive
from digest.web.archive import out_of_frame
from tests.web.conftest import BASE_URL, BODY, MARKER, NOW, Backstage, browser, settings


@pytest.mark.parametrize(
    ("status", "late", "code"),
    [
        (Status.SENT, 1, 200),
        (Status.SENDING, 1, 200),
        (Status.APPROVED, 1, 404),
        (Status.APPROVED, -1, 404),
        (Status.DRAFT, 1, 404),
        (Status.SKIPPED, 1, 404),
        (Status.CANCELLED, 1, 404),
    ],
)
def test_only_what_is_out(
    client: TestClient, backstage: Backstage, status: Status, late: int, code: int
) -> None:
    """An edition that nobody has been sent is neither listed nor shown, also when its hour has passed."""
    backstage.edition("2026-W46", status, "A secret until then", late=late)
    for page in ("", "/mail", "/framed", "/text", "/contents"):
        assert client.get(f"/archive/2026-W46{page}").status_code == code
    for page in ("/", "/archive", "/feed.xml"):
        assert ("A secret until then" in client.get(page).text) == (code == 200)


@pytest.mark.parametrize("stopped", ["cancelled", "paused"])
def test_a_stopped_edition_is_out_for_those_who_got_it(
    client: TestClient, backstage: Backstage, stopped: str
) -> None:
    """From the first mail on it can be read, since that mail leads here; before, nobody knows of it."""
    backstage.edition("2026-W46", Status.CANCELLED if stopped == "cancelled" else Status.SENDING)
    with backstage.app.database.write() as session:
        edition = session.scalars(select(Edition)).one()
        edition.mailing_began, edition.paused_at = True, NOW if stopped == "paused" else None
        mailing = Mailing(edition_id=edition.id, seed="ab", created_at=NOW)
        session.add(mailing)
        session.flush()
        session.add(_attempt(mailing.id, State.DEFERRED))
        mailing_id = mailing.id
    assert client.get("/archive/2026-W46").status_code == 404
    with backstage.app.database.write() as session:
        session.add(_attempt(mailing_id, State.SENT))
    assert client.get("/archive/2026-W46").status_code == 200
    assert "Three to ship" in client.get("/archive").text


def _attempt(mailing_id: int, state: State) -> Attempt:
    return Attempt(mailing_id=mailing_id, subscriber_id=1, number=1, at=NOW, result=state.value)


def test_the_frozen_bytes(client: TestClient, backstage: Backstage) -> None:
    """An edition is shown byte for byte, but for the readers' own links, under a policy for emails."""
    backstage.edition("2026-W46", Status.SENT)
    answer = client.get("/archive/2026-W46/mail")
    assert answer.text == BODY.replace(f"https://{MARKER}.invalid/unsubscribe", f"{BASE_URL}/unsubscribe")
    assert "style-src 'unsafe-inline'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]
    assert answer.headers["x-robots-tag"] == "noindex"
    assert client.get("/unsubscribe").status_code == 200


def test_the_page_around_an_edition(client: TestClient, backstage: Backstage) -> None:
    """The subject and day of an edition, the ones beside it, and the mail in a frame that runs no scripts."""
    backstage.edition("2026-W45", Status.SENT, "Before", late=170)
    backstage.edition("2026-W46", Status.SENT, "Axo & <b>lotl</b>")
    answer = client.get("/archive/2026-W46")
    assert "Axo &amp; &lt;b&gt;lotl&lt;/b&gt;" in answer.text
    assert "19 November 2026" in answer.text
    assert 'rel="prev" href="/archive/2026-W45"' in answer.text
    assert 'rel="next"' not in answer.text
    frame = re.search("<iframe [^>]*>", answer.text)
    assert frame is not None
    assert 'src="/archive/2026-W46/framed"' in frame[0]
    assert "allow-scripts" not in frame[0]
    assert answer.headers["content-security-policy"].endswith("; frame-src 'self'")
    assert 'rel="next" href="/archive/2026-W46"' in client.get("/archive/2026-W45").text


def test_in_the_frame_links_open_in_the_window(client: TestClient, backstage: Backstage) -> None:
    """The framed mail is the frozen one and one element, and only our own pages may frame it."""
    backstage.edition("2026-W46", Status.SENT)
    answer = client.get("/archive/2026-W46/framed")
    assert answer.text == '<base target="_top">' + client.get("/archive/2026-W46/mail").text
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-robots-tag"] == "noindex, indexifembedded"


@pytest.mark.parametrize(
    ("page", "framed"),
    [
        ("<!doctype html>\n<html><HEAD lang=x><title>", "<!doctype html>\n<html><HEAD lang=x>|<title>"),
        ("<!DOCTYPE html><header>", "<!DOCTYPE html>|<header>"),
        ("<p><head>", "<p><head>|"),
        ("<p>", "|<p>"),
        ("", "|"),
    ],
)
def test_where_the_element_goes(page: str, framed: str) -> None:
    """Into the head, and never before a doctype, without which browsers lay pages out as in 1998."""
    assert out_of_frame(page) == framed.replace("|", '<base target="_top">')


def test_the_text_of_an_edition(client: TestClient, backstage: Backstage) -> None:
    """The text part as it was frozen, without anybody's own links."""
    backstage.edition("2026-W46", Status.SENT)
    with backstage.app.database.write() as session:
        session.execute(update(Edition).values(text=f"Grüße & <b>\n{reader_link(MARKER, 'preferences')}\n"))
    answer = client.get("/archive/2026-W46/text")
    assert answer.text == f"Grüße & <b>\n{BASE_URL}/preferences\n"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-robots-tag"] == "noindex"


def test_links_of_ones_own_lead_to_where_they_are_explained(client: TestClient, backstage: Backstage) -> None:
    """Preferences to preferences, whatever else to leaving; nobody's token is needed there."""
    links = [reader_link(MARKER, name) for name in ("preferences", "unsubscribe", "preferences-of-mine")]
    body = "".join(f'<a href="{link}">x</a>' for link in links)
    backstage.edition("2026-W46", Status.SENT)
    with backstage.app.database.write() as session:
        session.execute(update(Edition).values(html=body))
    page = client.get("/archive/2026-W46/mail").text
    places = [f"{BASE_URL}/{name}" for name in ("preferences", "unsubscribe", "unsubscribe")]
    assert page == "".join(f'<a href="{place}">x</a>' for place in places)
    assert client.get("/preferences").status_code == 200


def test_the_address_is_escaped_where_it_is_html(app: App, backstage: Backstage) -> None:
    """A base_url with an ampersand in it is HTML in the mail's page and stands as it is in its text."""
    backstage.edition("2026-W46", Status.SENT)
    with app.database.write() as session:
        session.execute(update(Edition).values(text=reader_link(MARKER, "unsubscribe")))
    below = settings(app.settings.database.url, web={"base_url": f"{BASE_URL}/a&b"})
    client = browser(App(below, app.clock, app.database))
    assert f'"{BASE_URL}/a&amp;b/unsubscribe"' in client.get("/archive/2026-W46/mail").text
    assert client.get("/archive/2026-W46/text").text == f"{BASE_URL}/a&b/unsubscribe"


def tell(backstage: Backstage, *slugs: str) -> None:
    """Put comparisons into the one edition there is."""
    with backstage.app.database.write() as session:
        edition = session.scalars(select(Edition)).one()
        for position, slug in enumerate(slugs, 1):
            found = get_comparison(session, slug)
            session.add(Item(edition_id=edition.id, comparison_id=found.id, position=position, reason="new"))


def test_the_contents_of_an_edition(client: TestClient, backstage: Backstage) -> None:
    """Every comparison with a link to our page of it; titles are text, and what was withdrawn is gone."""
    slug, gone = backstage.compare("Axo<b>lotl", "Newt", "Which?"), backstage.compare("Heron", "Toad")
    backstage.edition("2026-W46", Status.SENT, "Two & more")
    tell(backstage, slug, gone)
    with backstage.app.database.write() as session:
        withdraw(session, gone, NOW)
    for path in ("/archive/2026-W46/contents", "/archive/2026-W46"):
        page = client.get(path).text
        assert "Two &amp; more" in page
        assert "Axo&lt;b&gt;lotl vs Newt" in page
        assert f'href="/comparisons/{slug}"' in page
        assert gone not in page
    assert client.get("/archive/2026-W47/contents").status_code == 404


def test_long_contents_go_on(client: TestClient, backstage: Backstage) -> None:
    """An edition of very many comparisons lists them page by page; beside the frame stand the first ones."""
    slugs = [backstage.compare(f"Tool {number}", "Newt") for number in range(archive.ON_PAGE + 1)]
    backstage.edition("2026-W46", Status.SENT)
    tell(backstage, *slugs)
    pages = [client.get(f"/archive/2026-W46/contents{leaf}").text for leaf in ("", "/2")]
    assert [page.count("/comparisons/") for page in pages] == [archive.ON_PAGE, 1]
    assert 'href="/archive/2026-W46/contents/2"' in pages[0]
    assert client.get("/archive/2026-W46").text.count("/comparisons/") == archive.MOST_BESIDE
    for leaf in ("1", "3", "0", "02", "-1", "x", "%00", "9" * 5000):
        assert client.get(f"/archive/2026-W46/contents/{leaf}").status_code == 404


def test_the_list_is_newest_first(client: TestClient, backstage: Backstage) -> None:
    """Later slots come first, and a subject is text whatever it holds."""
    backstage.edition("2026-W45", Status.SENT, "Older", late=200)
    backstage.edition("2026-W46", Status.SENT, "<b>Newer</b> & bold")
    page = client.get("/archive").text
    assert page.index("&lt;b&gt;Newer&lt;/b&gt; &amp; bold") < page.index("Older")
    assert "2026, week 46" in page
    assert [entry.key for entry in reading.latest(backstage.app, 1)] == ["2026-W46"]


def test_the_years(client: TestClient, backstage: Backstage) -> None:
    """The newest year is shown, others are a link away; a year without editions is 404."""
    backstage.edition("2025-W47", Status.SENT, "A year ago", late=365 * 24)
    backstage.edition("2026-W46", Status.SENT, "New")
    now, then = client.get("/archive").text, client.get("/archive/2025").text
    assert ("New" in now, "A year ago" in now) == (True, False)
    assert ('href="/archive/2026"' in now, 'href="/archive/2025"' in now) == (True, True)
    assert ("A year ago" in then, "November 2025" in then) == (True, True)
    assert "November 2026" in client.get("/archive/2026").text
    assert "November 2026" in client.get("/archive?lang=de").text
    assert client.get("/archive/2024").status_code == 404


def test_twenty_years_are_a_light_page(client: TestClient, backstage: Backstage) -> None:
    """With an edition each week, and long subjects in another script, no page of the index is heavy."""
    backstage.edition("2026-W47", Status.SENT, "Лягушка " * 60)
    with backstage.app.database.write() as session:
        made = session.scalars(select(Edition)).one()
        made.preheader = "Тритон & жаба " * 20
        session.flush()
        kept = {
            column.key: getattr(made, column.key)
            for column in Edition.__table__.columns
            if column.key != "id"
        }
        slots = [made.slot - timedelta(weeks=weeks) for weeks in range(1, 20 * 52)]
        rows = [kept | {"slot": slot, "key": f"{slot:%G-W%V}"} for slot in slots]
        session.execute(insert(Edition), rows)
    for path in ("/archive", "/archive/2010"):
        page = client.get(path).content
        assert page.count(b'class="what"') > 45
        assert len(page) < 50_000
    assert len(client.get("/archive/2026-W20").content) < 10_000
    assert client.get("/sitemap.xml").text.count("-W") == 20 * 52


def test_what_is_told_of_a_page(client: TestClient, backstage: Backstage) -> None:
    """Canonical addresses and previews follow base_url, and no title breaks out of its attribute."""
    backstage.edition("2026-W46", Status.SENT, '"><script>alert(1)</script>')
    slug = backstage.compare('A" onload="x', "Newt")
    titles = {
        "/archive/2026-W46": "&lt;script&gt;",
        f"/comparisons/{slug}": "A&#34; onload",
        "/": "",
        "/archive": "",
    }
    for path, title in titles.items():
        page = client.get(path, headers={"Host": "evil.example"}).text
        assert f'<link rel="canonical" href="{BASE_URL}{path}">' in page
        assert f'<meta property="og:url" content="{BASE_URL}{path}">' in page
        assert re.search(f'<meta property="og:title" content="[^"]*{title}[^"]*">', page)
        assert '<meta name="description" content="' in page
        assert "<script" not in page


def test_an_empty_archive(client: TestClient) -> None:
    """Before the first edition the page says so."""
    assert "still to come" in client.get("/archive").text


@pytest.mark.parametrize(
    "key",
    ["2026-W47", "nonsense", "%00", "2026-W46%00", "' OR 1=1 --", "<script>", "x" * 3000, "٢٠٢٦", "9" * 5000],
)
def test_unknown_editions(client: TestClient, backstage: Backstage, key: str) -> None:
    """A key of no edition is 404 and is not repeated on the page."""
    backstage.edition("2026-W46", Status.SENT)
    for page in ("", "/mail", "/framed", "/text", "/contents"):
        answer = client.get(f"/archive/{key}{page}")
        assert answer.status_code == 404
        assert "<script" not in answer.text


def test_pages_of_ones_own(app: App, backstage: Backstage, tmp_path: Path) -> None:
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
