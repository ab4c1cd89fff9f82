"""Comparisons on pages of our own, as anybody may read them."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from digest.content.importing import import_comparisons
from digest.content.listing import get_comparison, withdraw
from digest.content.records import ComparisonRecord, ReviewRecord, ToolRecord
from tests.web.conftest import NOW, Backstage

HEAVY = 50_000


def test_a_comparison(client: TestClient, backstage: Backstage) -> None:
    """Both tools stand side by side with everything the panel said, and markup in them is text."""
    slug = backstage.compare("Axo<b>lotl", "Newt", "Which <script>one</script>?")
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
    assert client.get(f"/comparisons/{slug}/2").status_code == 404


def test_a_withdrawn_comparison(client: TestClient, backstage: Backstage) -> None:
    """What was withdrawn is 404, as is what never was."""
    slug = backstage.compare()
    with backstage.app.database.write() as session:
        withdraw(session, slug, NOW)
    assert client.get(f"/comparisons/{slug}").status_code == 404
    assert client.get("/comparisons/never").status_code == 404


def test_a_comparison_that_is_not_published_yet(client: TestClient, backstage: Backstage) -> None:
    """It is 404 until its time has come."""
    slug = backstage.compare()
    with backstage.app.database.write() as session:
        get_comparison(session, slug).published_at = NOW + timedelta(minutes=1)
    assert client.get(f"/comparisons/{slug}").status_code == 404


@pytest.mark.parametrize("slug", ["%00", "a%00b", "a b", "é", "%ff", "%2e%2e", "x" * 3000, "' OR 1=1 --"])
def test_odd_names(client: TestClient, backstage: Backstage, slug: str) -> None:
    """What can be no comparison's name is 404 on every engine."""
    backstage.compare()
    assert client.get(f"/comparisons/{slug}").status_code == 404


@pytest.mark.parametrize("leaf", ["0", "1", "02", "99", "-1", "x", "%00", "٢", "9" * 5000])
def test_pages_that_there_are_not(client: TestClient, backstage: Backstage, leaf: str) -> None:
    """A comparison of one page has no other, whatever it is called."""
    assert client.get(f"/comparisons/{backstage.compare()}/{leaf}").status_code == 404


def test_a_long_comparison_is_spread_over_light_pages(client: TestClient, backstage: Backstage) -> None:
    """All that a panel of hundreds said, and a quote of 20,000 letters, is on pages that stay light."""
    slug = _publish(backstage, ["ж" * 19_999, *(f"Voice {n} of many, and <b>bold</b>." for n in range(300))])
    pages, path = [], f"/comparisons/{slug}"
    while path:
        answer = client.get(path)
        assert answer.status_code == 200
        assert len(answer.content) < HEAVY
        pages.append(answer.text)
        onward = re.search(r'rel="next" href="([^"]*)"', answer.text)
        path = onward[1] if onward else ""
    said = [html.unescape(quote) for quote in re.findall("<blockquote><p>“(.*?)”</p>", "".join(pages))]
    assert "".join(said).count("ж") == 19_999
    assert [f"Voice {n} of many, and <b>bold</b>." in said for n in range(300)] == [True] * 300
    assert len(pages) > 3
    assert client.get(f"/comparisons/{slug}/{len(pages) + 1}").status_code == 404


def test_titles_and_blurbs_of_any_length(client: TestClient, backstage: Backstage) -> None:
    """What stands on every page is cut where it would weigh it down."""
    slug = _publish(backstage, ["Fine."], title="ж" * 1_000, blurb='"&' * 9_000)
    assert len(client.get(f"/comparisons/{slug}").content) < HEAVY


def _publish(
    backstage: Backstage, quotes: list[str], title: str = "One vs other", blurb: str = "Which?"
) -> str:
    reviews = tuple(ReviewRecord(number, text, "Ada", "ship") for number, text in enumerate(quotes, 1))
    one = ToolRecord("One", "Tools", "It swims", "ж" * 19_000, 100, None, "Free", reviews)
    other = ToolRecord("Other", "Tools", "It swims", "First.\n\nSecond.", None, None, None, reviews[-1:])
    record = ComparisonRecord(title, blurb, (one, other), "test")
    return import_comparisons(backstage.app.database, [record], now=NOW).imported[0]
