"""What search engines are told: where the pages are, and which of them may be found."""

from __future__ import annotations

import pytest
from lxml import etree
from starlette.testclient import TestClient

from digest.app.parts import App
from digest.content.listing import withdraw
from digest.editions.models import Status
from digest.web import robots
from tests.web.conftest import BASE_URL, NOW, Backstage, browser, settings

MAPS = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def places(content: bytes, root: str = "urlset") -> list[str]:
    """The addresses in a sitemap, or in the list of its parts."""
    document = etree.fromstring(content)
    assert document.tag == MAPS + root
    return [str(one.findtext(f"{MAPS}loc")) for one in document]


def test_the_sitemap(client: TestClient, backstage: Backstage) -> None:
    """Every page that may be found is in it, at its one address, and can be read."""
    backstage.edition("2025-W47", Status.SENT, late=365 * 24)
    backstage.edition("2026-W46", Status.SENT)
    backstage.edition("2026-W47", Status.APPROVED, late=-1)
    slug, gone = backstage.compare(), backstage.compare("Heron", "Toad")
    with backstage.app.database.write() as session:
        withdraw(session, gone, NOW)
    answer = client.get("/sitemap.xml", headers={"Host": "evil.example"})
    assert answer.headers["content-type"] == "application/xml; charset=utf-8"
    expected = [
        *("/", "/subscribe", "/archive", "/archive/2026", "/archive/2025"),
        *("/archive/2026-W46", "/archive/2025-W47", f"/comparisons/{slug}"),
    ]
    assert places(answer.content) == [BASE_URL + path for path in expected]
    assert "<lastmod>2026-11-19T08:00:00Z</lastmod>" in answer.text
    for path in expected:
        page = client.get(path)
        assert (page.status_code, page.headers["x-robots-tag"]) == (200, "all")
        assert f'<link rel="canonical" href="{BASE_URL}{path}">' in page.text or path == "/subscribe"
    tag = answer.headers["etag"]
    assert client.get("/sitemap.xml", headers={"If-None-Match": tag}).status_code == 304


def test_pages_change_with_what_went_out_last(client: TestClient, backstage: Backstage) -> None:
    """The front page, the archive and its year too, also when that is the edition of a week before."""
    backstage.edition("2026-W46", Status.SENT, late=1)
    backstage.edition("2026-W47", Status.SENT, late=5)
    document = etree.fromstring(client.get("/sitemap.xml").content)
    changed = {one.findtext(f"{MAPS}loc"): one.findtext(f"{MAPS}lastmod") for one in document}
    last, before = "2026-11-19T08:00:00Z", "2026-11-19T04:00:00Z"
    expected = {"/": last, "/archive": last, "/archive/2026": last, "/archive/2026-W47": before}
    assert {path: changed[BASE_URL + path] for path in expected} == expected


def test_many_pages_are_told_in_parts(
    client: TestClient, backstage: Backstage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one list has no room for all, it names others, which together have each page once."""
    backstage.edition("2026-W46", Status.SENT)
    for number in range(8):
        backstage.compare(f"Tool {number}", "Newt")
    whole = places(client.get("/sitemap.xml").content)
    for most in (3, 4, 6, 12):
        monkeypatch.setattr(robots, "MOST", most)
        parts = places(client.get("/sitemap.xml").content, "sitemapindex")
        assert parts == [f"{BASE_URL}/sitemap-{number}.xml" for number in range(1, len(parts) + 1)]
        found = [places(client.get(part.removeprefix(BASE_URL)).content) for part in parts]
        assert [page for part in found for page in part] == whole
        assert max(map(len, found)) <= most
        assert client.get(f"/sitemap-{len(parts) + 1}.xml").status_code == 404
    monkeypatch.setattr(robots, "MOST", 13)
    assert places(client.get("/sitemap.xml").content) == whole


@pytest.mark.parametrize("part", ["0", "01", "-1", "x", "%00", "9" * 5000, "2", "٢"])
def test_parts_that_there_are_not(client: TestClient, part: str) -> None:
    """Any other name is 404."""
    assert client.get(f"/sitemap-{part}.xml").status_code == 404


def test_robots(client: TestClient) -> None:
    """Nothing is closed to crawlers, so that they see `noindex` where it stands; the sitemap is named."""
    answer = client.get("/robots.txt", headers={"Host": "evil.example"})
    assert answer.headers["content-type"].startswith("text/plain")
    lines = answer.text.splitlines()
    assert ("User-agent: *" in lines, "Disallow:" in lines) == (True, True)
    assert f"Sitemap: {BASE_URL}/sitemap.xml" in lines
    for path in ("/confirm/x", "/unsubscribe/x", "/preferences/x"):
        assert client.get(path).headers["x-robots-tag"] == "noindex"


def test_below_a_path(app: App, backstage: Backstage) -> None:
    """Where base_url has a path they answer there as well, with addresses below it."""
    below = settings(app.settings.database.url, web={"base_url": f"{BASE_URL}/weekly"})
    client = browser(App(below, app.clock, app.database))
    assert f"Sitemap: {BASE_URL}/weekly/sitemap.xml" in client.get("/weekly/robots.txt").text
    assert f"{BASE_URL}/weekly/archive" in places(client.get("/weekly/sitemap.xml").content)
