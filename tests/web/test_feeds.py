"""The Atom feed, as RFC 4287 has it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree
from starlette.testclient import TestClient

from digest.app.parts import App
from digest.app.reading import Entry
from digest.delivery.models import Mailing
from digest.editions.models import Status
from digest.rendering.branding import Branding
from digest.web.feeds import MOST, atom, entry_id
from tests.web.conftest import BASE_URL, NOW, Backstage, browser, settings

ATOM = "{http://www.w3.org/2005/Atom}"
BRAND = Branding("Weekly", "1 Example Street", "The Desk", BASE_URL)
# Each once (RFC 4287 §4.1.1 and §4.1.2).
OF_FEED = ("id", "title", "updated")
OF_ENTRY = ("id", "title", "updated", "published")


def read(content: bytes) -> etree._Element:
    """The feed, with what the standard asks of every one checked."""
    feed = etree.fromstring(content)
    assert feed.tag == f"{ATOM}feed"
    assert [len(feed.findall(ATOM + name)) for name in OF_FEED] == [1, 1, 1]
    assert feed.findtext(f"{ATOM}author/{ATOM}name")
    assert [link.get("rel") for link in feed.findall(f"{ATOM}link")] == ["self", "alternate"]
    for entry in feed.findall(f"{ATOM}entry"):
        assert [len(entry.findall(ATOM + name)) for name in OF_ENTRY] == [1, 1, 1, 1]
        assert [link.get("rel") for link in entry.findall(f"{ATOM}link")] == ["alternate"]
        for name in ("updated", "published"):
            assert datetime.fromisoformat(str(entry.findtext(ATOM + name))).tzinfo is not None
    ids = [entry.findtext(f"{ATOM}id") for entry in feed.findall(f"{ATOM}entry")]
    assert len(ids) == len(set(ids))
    return feed


def test_the_feed(client: TestClient, backstage: Backstage) -> None:
    """Subject, preheader and link of each edition, the newest first, in the newsletter's name."""
    backstage.edition("2026-W45", Status.SENT, "Older", late=170)
    backstage.edition("2026-W46", Status.SENT, "<b>Newer</b> & bold")
    answer = client.get("/feed.xml", headers={"Host": "evil.example"})
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    feed = read(answer.content)
    first, second = feed.findall(f"{ATOM}entry")
    assert first.findtext(f"{ATOM}title") == "<b>Newer</b> & bold"
    assert first.findtext(f"{ATOM}summary") == "and one to skip"
    assert first.find(f"{ATOM}link").get("href") == f"{BASE_URL}/archive/2026-W46"
    assert first.findtext(f"{ATOM}id") == "tag:digest.example.org,2026-11-09:/archive/2026-W46"
    assert second.findtext(f"{ATOM}title") == "Older"
    assert feed.findtext(f"{ATOM}updated") == first.findtext(f"{ATOM}updated")
    assert feed.find(f"{ATOM}link").get("href") == f"{BASE_URL}/feed.xml"
    assert 'type="application/atom+xml"' in client.get("/").text


def test_an_edition_is_as_old_as_its_mailing(client: TestClient, backstage: Backstage) -> None:
    """What was sent late is published when it was, and not at the hour it was meant for."""
    backstage.edition("2026-W46", Status.SENT, late=5)
    with backstage.app.database.write() as session:
        session.add(Mailing(edition_id=1, seed="ab", created_at=NOW - timedelta(hours=2, microseconds=7)))
    published = read(client.get("/feed.xml").content).findtext(f"{ATOM}entry/{ATOM}published")
    assert published == "2026-11-19T06:59:59Z"


def test_the_feed_changes_with_what_went_out_last(client: TestClient, backstage: Backstage) -> None:
    """Also when that is the edition of a week before, which had been stranded."""
    backstage.edition("2026-W46", Status.SENT, late=1)
    backstage.edition("2026-W47", Status.SENT, late=5)
    feed = read(client.get("/feed.xml").content)
    assert feed.findtext(f"{ATOM}updated") == "2026-11-19T08:00:00Z"
    assert str(feed.findtext(f"{ATOM}entry/{ATOM}id")).endswith("2026-W47")


def test_the_newest_are_enough(client: TestClient, backstage: Backstage) -> None:
    """A feed holds twenty editions; the archive has the rest."""
    for number in range(MOST + 5):
        backstage.edition(f"2026-W{46 - number:02}", Status.SENT, late=170 * number)
    feed = read(client.get("/feed.xml").content)
    assert len(feed.findall(f"{ATOM}entry")) == MOST
    assert str(feed.findtext(f"{ATOM}entry/{ATOM}id")).endswith("2026-W46")


def test_who_has_it_need_not_load_it_again(client: TestClient, backstage: Backstage) -> None:
    """Its ETag, also a weak one or one of several, gets 304 until there is another edition."""
    backstage.edition("2026-W45", Status.SENT, late=170)
    tag = client.get("/feed.xml").headers["etag"]
    for named in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = client.get("/feed.xml", headers={"If-None-Match": named})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    assert client.get("/feed.xml", headers={"If-None-Match": '"other"'}).status_code == 200
    backstage.edition("2026-W46", Status.SENT)
    assert client.get("/feed.xml", headers={"If-None-Match": tag}).status_code == 200


def test_an_empty_feed_is_one(client: TestClient) -> None:
    """It can be followed before the first edition, and stays the same until then."""
    first = client.get("/feed.xml")
    assert read(first.content).findall(f"{ATOM}entry") == []
    assert client.get("/feed.xml").headers["etag"] == first.headers["etag"]


def test_characters_that_xml_does_not_have() -> None:
    """Controls, half characters and what is no character are left out, markup is text."""
    odd = "a\x00b\x1b[31m\ud800c\ufffe]]> &amp; <x>\r\n\u202ed"
    brand = replace(BRAND, name=odd, operator=odd)
    feed = read(atom(brand, [Entry("2026-W46", odd, odd, datetime(2026, 11, 19, tzinfo=UTC))]))
    for name in (f"{ATOM}title", f"{ATOM}author/{ATOM}name", f"{ATOM}entry/{ATOM}summary"):
        assert feed.findtext(name) == "a b [31mc]]> &amp; <x> d"


@pytest.mark.parametrize(
    ("base_url", "place"),
    [
        ("https://digest.example.org", "tag:digest.example.org,2026-11-09:/archive/2026-W46"),
        ("http://DIGEST.example.org:8000", "tag:digest.example.org,2026-11-09:/archive/2026-W46"),
        ("https://example.org/weekly", "tag:example.org,2026-11-09:/weekly/archive/2026-W46"),
        ("http://[::1]:8000", "tag:1,2026-11-09:/archive/2026-W46"),
    ],
)
def test_ids_for_good(base_url: str, place: str) -> None:
    """An edition's id follows from the host, the path and its key, and not from scheme or port."""
    assert entry_id(base_url, "2026-W46") == place


def test_below_a_path(app: App, backstage: Backstage) -> None:
    """Where base_url has a path the feed is there as well, and its links are below it."""
    backstage.edition("2026-W46", Status.SENT)
    below = settings(app.settings.database.url, web={"base_url": f"{BASE_URL}/weekly"})
    client = browser(App(below, app.clock, app.database))
    for path in ("/feed.xml", "/weekly/feed.xml"):
        entry = read(client.get(path).content).find(f"{ATOM}entry")
        assert entry.find(f"{ATOM}link").get("href") == f"{BASE_URL}/weekly/archive/2026-W46"
