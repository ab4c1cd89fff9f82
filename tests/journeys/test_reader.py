"""A reader's whole way, in a real browser and by real mail: in, to their taste, out, back, out for good."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from digest.clock import iso
from tests.faults.smtp_server import FaultyServer
from tests.journeys.installation import Installation, filled, installed, slot_just_passed
from tests.support.browsers import violations
from tests.support.letters import Letter, read_letter

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
ANN, NEW = "ann@example.org", "ann.lee@example.net"
ONE_LINE = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


@dataclass(frozen=True)
class Visit:
    """Somebody at a window, their inbox, and whoever runs `digest run` for them."""

    page: Page
    made: Installation
    server: FaultyServer
    pictures: Path
    scripts: bool

    def open(self, place: str, name: str = "") -> None:
        """Go to a path of ours, or along a link of a mail; without a `name` the page was looked at before."""
        base = self.made.settings["WEB__BASE_URL"]
        answer = self.page.goto(place if place.startswith(base) else base + place)
        assert answer is not None
        assert answer.status == 200
        if name:
            self.look(name)

    def press(self, button: str, name: str) -> None:
        """Press the button by what it sends, which is the same in every language."""
        self.page.locator(f'button[value="{button}"]').click()
        self.look(name)

    def look(self, name: str) -> None:
        """Each page has a title and one heading, fits its window, and axe finds nothing wrong with it."""
        self.page.wait_for_load_state()
        number = len(list(self.pictures.iterdir())) + 1
        self.page.screenshot(path=self.pictures / f"{number:02}-{name}.png", full_page=True)
        assert self.page.title()
        assert self.page.locator("h1").count() == 1
        assert self.page.evaluate(ONE_LINE), f"{name} scrolls sideways"
        if self.scripts:  # axe is one, and the page is the same
            assert violations(self.page) == [], name

    def reads(self, words: str) -> None:
        """The page says this."""
        assert words in self.page.locator("main").inner_text()

    def mails(self) -> list[Letter]:
        """What comes at the next run."""
        before = len(self.server.received)
        self.made.run("run")
        return [read_letter(mail.data) for mail in self.server.received[before:]]

    def mail(self, to: str, subject: str) -> Letter:
        """The only mail that comes at the next run."""
        (letter,) = self.mails()
        assert letter.to == to
        assert letter.subject.startswith(subject)
        return letter


@pytest.mark.parametrize("scripts", [False, True], ids=["without scripts", "with scripts"])
@pytest.mark.parametrize("window", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_readers_way(tmp_path: Path, browser: Browser, window: ViewportSize, scripts: bool) -> None:
    """Every step that the pages and mails offer, one after the other; what is stored is right at the end."""
    with FaultyServer() as server:
        made = installed(tmp_path, f"sqlite:///{tmp_path / 'digest.db'}", server.port)
        (pictures := tmp_path / "pictures").mkdir()
        context = browser.new_context(viewport=window, java_script_enabled=scripts, locale="en-GB")
        with made.serving(), closing(context):
            visit = Visit(context.new_page(), made, server, pictures, scripts)
            _join(visit)
            edition = _get_the_first_edition(replace(visit, made=_with_an_edition_due(made)))
            _choose(visit, edition)
            _fetch_own_data(visit, edition)
            _move(visit, edition)
            _pause(visit, edition)
            _leave(visit, edition)
            assert context.cookies() == []
    assert made.statuses() == {NEW: "unsubscribed"}
    events = [event for (event,) in made.query("SELECT event FROM consents ORDER BY id")]
    assert events[:2] == ["requested", "confirmed"]
    assert events.count("unsubscribed") == 2
    assert made.query("SELECT text_only, language, name FROM subscribers") == [(True, "de", "Ann Lee")]


def test_a_german_way(tmp_path: Path, browser: Browser) -> None:
    """The language of the browser, agreed to in those words, and of the mails; at a page's foot, another."""
    with FaultyServer() as server:
        made = installed(tmp_path, f"sqlite:///{tmp_path / 'digest.db'}", server.port)
        (pictures := tmp_path / "pictures").mkdir()
        context = browser.new_context(viewport=PHONE, locale="de-AT")
        with made.serving(), closing(context):
            visit = Visit(context.new_page(), made, server, pictures, scripts=True)
            visit.open("/subscribe", "abonnieren")
            visit.page.fill("#email", ANN)
            shown = visit.page.locator("form .small").inner_text()
            _press_subscribe(visit)
            assert visit.page.locator("html").get_attribute("lang") == "de"
            letter = visit.mail(ANN, "Bitte bestätigen Sie Ihr Abonnement von ")
            assert _is_german(letter, "Waren Sie das?")
            visit.open(letter.link("confirm"), "zusagen")
            visit.press("confirm", "zugesagt")
            assert visit.page.locator("html").get_attribute("lang") == "de"
            assert _is_german(visit.mail(ANN, "Willkommen bei "), "Sie stehen auf der Liste")
            visit.open("/archive")
            visit.page.locator('footer a[lang="en"]').click()
            assert visit.page.locator("html").get_attribute("lang") == "en"
            visit.page.locator('footer a[href^="/subscribe"]').click()
            assert visit.page.locator("html").get_attribute("lang") == "en"
    assert made.query("SELECT language FROM subscribers") == [("de",)]
    agreed = "SELECT event, text FROM consents JOIN wordings ON wordings.hash = consents.wording ORDER BY id"
    assert made.query(agreed) == [("requested", shown), ("confirmed", shown)]
    assert shown.startswith("Ja, ")


def _is_german(letter: Letter, heading: str) -> bool:
    """Both parts, and the page says so."""
    page = letter.page or ""
    return '<html lang="de"' in page and f">{heading}</h1>" in page and heading in letter.text


@pytest.mark.parametrize(("accepted", "spoken"), [("", "de"), ("fr, tlh;q=0.9", "de"), ("en-GB", "en")])
def test_the_newsletters_language(tmp_path: Path, accepted: str, spoken: str) -> None:
    """Where the newsletter is German, so are its pages, for all who do not ask for another that we have."""
    url = f"sqlite:///{tmp_path / 'digest.db'}"
    made = installed(tmp_path, url, 25, NEWSLETTER__LANGUAGE="de")
    with made.serving() as base:
        page = httpx.get(base, headers={"Accept-Language": accepted}, trust_env=False)
    assert f'<html lang="{spoken}"' in page.text
    assert "Accept-Language" in page.headers["vary"]


def _join(visit: Visit) -> None:
    """Too quick at first, as people are whose browser fills forms in."""
    visit.open("/", "front")
    visit.open("/subscribe", "subscribe")
    visit.page.fill("#email", "not an address")
    visit.page.locator("form button").click()
    visit.look("a slip")
    visit.page.fill("#email", ANN)
    visit.page.fill("#name", "Ann")
    _press_subscribe(visit)
    letter = visit.mail(ANN, "Confirm")
    visit.open(letter.link("confirm"), "confirm")
    assert visit.made.statuses() == {ANN: "pending"}
    visit.press("confirm", "confirmed")
    assert visit.made.statuses() == {ANN: "active"}


def _press_subscribe(visit: Visit) -> None:
    visit.page.locator("form button").click()
    if visit.page.locator("form #email").count():
        visit.look("one more click")
        visit.page.wait_for_timeout(2100)
        visit.page.locator("form button").click()
    visit.look("subscribed")


def _get_the_first_edition(visit: Visit) -> Letter:
    """And the welcome before it."""
    letters = {letter.subject.split()[0]: letter for letter in visit.mails()}
    welcome = letters.pop("Welcome")
    visit.open(welcome.link("unsubscribe"), "unsubscribe by the welcome")
    (edition,) = letters.values()
    assert edition.to == welcome.to == ANN
    visit.open("/archive", "archive")
    visit.page.locator("main .editions a").first.click()
    visit.look("an edition")
    return edition


def _choose(visit: Visit, edition: Letter) -> None:
    """A name, the kind of mail, and the language of the pages, which they and notices speak from then on."""
    visit.open(edition.link("preferences"), "preferences")
    visit.page.fill("#name", "Ann Lee")
    visit.press("name", "renamed")
    visit.page.select_option("#format", "text")
    visit.press("format", "as text")
    visit.page.select_option("#language", "de")
    visit.press("language", "in German")
    assert visit.page.locator("html").get_attribute("lang") == "de"
    for _ in range(2):  # a browser that had to send a form again would ask instead
        visit.page.go_back()
        assert visit.page.locator("#name").input_value() == "Ann Lee"
    visit.open(edition.link("unsubscribe"))
    visit.reads("abbestellen")


def _fetch_own_data(visit: Visit, edition: Letter) -> None:
    """By a link that comes by mail, since the edition's may be in others' hands."""
    visit.open(edition.link("preferences"))
    visit.press("data", "asked for data")
    visit.open(visit.mail(ANN, "Ihre Daten bei ").link("data"), "data")
    with visit.page.expect_download() as download:
        visit.page.locator('button[value="data"]').click()
    held = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert ANN in json.dumps(held)
    assert download.value.suggested_filename.endswith(".json")


def _move(visit: Visit, edition: Letter) -> None:
    """To a new address, confirmed there; the old one is told."""
    visit.open(edition.link("preferences"))
    visit.page.fill("#email", NEW)
    visit.press("move", "asked to move")
    letter = visit.mail(NEW, "Bitte bestätigen Sie Ihre neue Adresse")
    assert letter.page is None
    visit.open(letter.link("change"), "change")
    assert visit.made.statuses() == {ANN: "active"}
    visit.press("change", "changed")
    assert visit.made.statuses() == {NEW: "active"}
    visit.mail(ANN, "Ihre Adresse ")


def _pause(visit: Visit, edition: Letter) -> None:
    """For three weeks, and on again; so soon after moving, no data goes to the new address."""
    visit.open(edition.link("preferences"))
    visit.page.select_option("#weeks", "3")
    visit.press("pause", "paused")
    assert visit.page.locator("#weeks").count() == 0
    visit.press("resume", "resumed")
    assert visit.page.locator("#weeks").count() == 1
    visit.press("data", "no data now")
    assert visit.page.locator("#problem").count() == 1


def _leave(visit: Visit, edition: Letter) -> None:
    """By a slip first, which is undone and costs no goodbye; then in earnest, which does."""
    visit.open(edition.link("preferences"))
    visit.page.locator('main a[href*="/unsubscribe/"]').click()
    visit.look("unsubscribe")
    visit.press("leave", "left")
    assert visit.made.statuses() == {NEW: "unsubscribed"}
    visit.page.locator('form[action*="/return/"] button').click()
    visit.look("returned")
    assert visit.made.statuses() == {NEW: "active"}
    visit.open(edition.link("unsubscribe"))
    visit.press("leave", "left again")
    visit.page.check('input[value="too many emails"]')
    visit.page.fill("#words", "Nothing against you.")
    visit.page.locator('form[action*="/reason"] button').click()
    visit.look("told why")
    goodbye = visit.mail(NEW, "Sie haben ")
    assert "unsubscribe" not in "".join(goodbye.links())
    visit.open(edition.link("preferences"), "preferences of nobody")
    assert visit.page.locator("main form").count() == 0


def _with_an_edition_due(made: Installation) -> Installation:
    """The same with something to tell, for the first time, and the time for it just come."""
    due = replace(made, settings=made.settings | slot_just_passed())
    return filled(due, (), iso(datetime.now(UTC)) or "")
