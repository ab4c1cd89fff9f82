"""The stamp of a form: how long it was filled in for, and what it showed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from digest.app.parts import App
from digest.config import Settings
from digest.tokens import Keyring
from digest.web.stamps import age, new_stamp
from tests.support.clocks import SettableClock
from tests.web.conftest import NOW, Backstage, browser, settings

KEYS = Keyring({1: b"k" * 32, 2: b"l" * 32}, 2)
WORDS = "Yes, send it"
SECOND = timedelta(seconds=1)
ANN = "ann@example.org"


def test_a_stamp_tells_its_age() -> None:
    """To the millisecond, for a day; also one by a key that has been followed by another."""
    stamp = new_stamp(Keyring(KEYS.keys, 1), NOW, WORDS)
    assert len(stamp) == 28
    for passed in (timedelta(0), timedelta(milliseconds=1999), timedelta(days=1)):
        assert age(KEYS, stamp, NOW + passed, WORDS) == passed
    assert age(KEYS, stamp, NOW + timedelta(days=1, milliseconds=1), WORDS) is None
    assert age(KEYS, stamp, NOW - SECOND, WORDS) == -SECOND


@pytest.mark.parametrize(
    "stamp",
    [
        "",
        "x" * 28,
        "é" * 28,
        "\x00",
        "=" * 28,
        new_stamp(KEYS, NOW, WORDS)[:-4],
        new_stamp(KEYS, NOW, WORDS) + "AAAA",
        new_stamp(KEYS, NOW, WORDS).swapcase(),
        new_stamp(KEYS, NOW, "other words"),
        new_stamp(Keyring({2: b"forged" * 6}, 2), NOW, WORDS),
        new_stamp(Keyring({3: b"k" * 32}, 3), NOW, WORDS),
    ],
)
def test_what_is_no_stamp(stamp: str) -> None:
    """Damaged, forged, of a key that is gone, of other words."""
    assert age(KEYS, stamp, NOW + SECOND, WORDS) is None


def test_a_key_that_was_added_since() -> None:
    """Another process hands out forms by it already; for a known one nobody looks."""
    asked: list[str] = []

    def reread() -> Mapping[int, bytes]:
        asked.append("again")
        return KEYS.keys

    running = Keyring({1: KEYS.keys[1]}, 1, reread)
    assert age(running, new_stamp(running, NOW, WORDS), NOW + SECOND, WORDS) == SECOND
    assert not asked
    assert age(running, new_stamp(KEYS, NOW, WORDS), NOW + SECOND, WORDS) == SECOND
    assert asked
    forged = Keyring({2: b"forged" * 6}, 2)
    assert age(running, new_stamp(forged, NOW, WORDS), NOW + SECOND, WORDS) is None
    assert age(running, new_stamp(Keyring({3: b"k" * 32}, 3), NOW, WORDS), NOW + SECOND, WORDS) is None


@pytest.fixture
def timed(app: App) -> Iterator[TestClient]:
    """A browser in front of pages that want the form to take two seconds, as they do by default."""
    groups = {"signup": {"fill_time": "2 seconds"}}
    given: Settings = settings(app.settings.database.url, **groups)
    with browser(App(given, app.clock, app.database)) as client:
        yield client


def stamp_in(page: str) -> str:
    """What the form of a page carries."""
    found = re.search(r'name="stamp" value="([^"]*)"', page)
    assert found
    return found[1]


@pytest.mark.parametrize("path", ["/", "/subscribe"])
def test_people_take_their_time(
    timed: TestClient, backstage: Backstage, clock: SettableClock, path: str
) -> None:
    """After two seconds the form is taken."""
    stamp = stamp_in(timed.get(path).text)
    clock.advance(2 * SECOND)
    assert "Look in your inbox" in timed.post("/subscribe", data={"email": ANN, "stamp": stamp}).text
    assert backstage.status(ANN) == "pending"


def test_programs_do_not(timed: TestClient, backstage: Backstage, clock: SettableClock) -> None:
    """Sooner, the form comes back filled in, nothing is written, and the time goes on counting."""
    before = backstage.rows()
    stamp = stamp_in(timed.get("/subscribe").text)
    clock.advance(SECOND)
    hasty = timed.post("/subscribe", data={"email": ANN, "name": "Ann", "stamp": stamp, "form": "front"})
    assert hasty.status_code == 200
    assert "One more click" in hasty.text
    assert hasty.headers["cache-control"] == "no-store"
    assert stamp_in(hasty.text) == stamp
    for value in (ANN, "Ann", "front"):
        assert f'value="{value}"' in hasty.text
    assert backstage.rows() == before
    clock.advance(SECOND)
    assert "Look in your inbox" in timed.post("/subscribe", data={"email": ANN, "stamp": stamp}).text


@pytest.mark.parametrize("stamp", [None, "", "forged", "old", "other words"])
def test_without_a_good_stamp_it_takes_one_more_click(
    timed: TestClient, backstage: Backstage, clock: SettableClock, stamp: str | None
) -> None:
    """An embedded form, an old tab, one that showed other words: nobody is lost, the next one is fresh."""
    ours = stamp_in(timed.get("/subscribe").text)
    if stamp == "old":
        clock.advance(timedelta(days=1, seconds=1))
    if stamp == "other words":
        ours = new_stamp(backstage.app.keyring, clock.now() - 5 * SECOND, "What was said last week.")
    sent = {} if stamp is None else {"stamp": ours if " " in stamp or stamp == "old" else stamp}
    page = timed.post("/subscribe", data={"email": ANN, **sent}).text
    assert "One more click" in page
    assert backstage.rows()["subscribers"] == []
    fresh = stamp_in(page)
    assert fresh == stamp_in(timed.get("/subscribe").text)
    clock.advance(2 * SECOND)
    assert "Look in your inbox" in timed.post("/subscribe", data={"email": ANN, "stamp": fresh}).text


def test_a_mistyped_address_comes_first(timed: TestClient) -> None:
    """And its form carries a stamp, so that mending it is enough."""
    answer = timed.post("/subscribe", data={"email": "ann"})
    assert answer.status_code == 422
    assert stamp_in(answer.text)


def test_what_was_typed_comes_back_harmless(timed: TestClient) -> None:
    """Also on the page for one more click."""
    name = '"><script>alert(1)</script>'
    page = timed.post("/subscribe", data={"email": ANN, "name": name, "stamp": name, "form": name}).text
    assert "One more click" in page
    assert "<script" not in page


def test_a_language_that_was_asked_for_stays(timed: TestClient, clock: SettableClock) -> None:
    """The form of `?lang=de` goes back to it: what was shown is what is agreed to, without one more click."""
    page = timed.get("/subscribe?lang=de").text
    assert 'action="/subscribe?lang=de"' in page
    clock.advance(2 * SECOND)
    sent = {"email": ANN, "stamp": stamp_in(page)}
    assert "One more click" in timed.post("/subscribe", data=sent).text
    assert "Noch ein Klick" not in timed.post("/subscribe?lang=de", data=sent).text
