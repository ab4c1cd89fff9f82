"""A past edition in its frame, in a real browser: it fills the window, and its links lead out of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from digest.app.parts import App
from digest.db import Database
from digest.db.migrations import upgrade
from digest.editions.models import Edition, Status
from tests.support.browsers import violations
from tests.support.clocks import SettableClock
from tests.support.ports import free_port
from tests.support.samples import BRAND, mails
from tests.web.conftest import NOW, Backstage, settings
from tests.web.test_server import running

SIZES = [(1280, 900), (390, 844), (320, 640)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A web application with two editions, the newer one of sample pages; gives its address."""
    url = f"sqlite:///{tmp_path_factory.mktemp('site') / 'digest.db'}"
    base = f"http://127.0.0.1:{free_port()}"
    database, clock = Database(url), SettableClock(NOW)
    upgrade(database)
    app = App(settings(url, web={"base_url": base}), clock, database)
    room = Backstage(app, clock)
    room.edition("2026-W45", Status.SENT, "The one before", late=170)
    room.edition("2026-W46", Status.SENT, "Two tools the whole panel would ship")
    rendered = mails()["edition-yardstick"]()
    body = rendered.html.replace(BRAND.base_url, base)
    with database.write() as session:
        session.execute(
            update(Edition).where(Edition.key == "2026-W46").values(html=body, marker=rendered.marker)
        )
    with running(app, int(base.rpartition(":")[2])):
        yield base
    database.close()


def window(browser: Browser, width: int, height: int, *, scripts: bool = False) -> Page:
    """A reader's window."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, java_script_enabled=scripts, color_scheme="light"
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_email_fills_the_window(browser: Browser, site: str, width: int, height: int) -> None:
    """Below a slim bar stands the whole width of the email; the page itself needs no scrolling either way."""
    page = window(browser, width, height, scripts=True)
    page.goto(f"{site}/archive/2026-W46")
    box = page.locator("iframe").bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, width)
    assert box["y"] + box["height"] == pytest.approx(height, abs=1)
    assert box["height"] > 0.6 * height
    root = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert root == [width, height]
    inside = page.frames[1].evaluate("document.documentElement.scrollWidth")
    assert inside <= width
    assert violations(page) == []


def test_a_low_window_scrolls_past_the_bar(browser: Browser, site: str) -> None:
    """At four times the size of a small screen there is still room to read in."""
    page = window(browser, 320, 256)
    page.goto(f"{site}/archive/2026-W46")
    box = page.locator("iframe").bounding_box()
    assert box is not None
    assert box["height"] > 200


def test_links_lead_out_of_the_frame(browser: Browser, site: str) -> None:
    """Without scripts: a link of the mail opens in the window, and the list beside it opens and closes."""
    page = window(browser, 390, 844)
    page.goto(f"{site}/archive/2026-W46")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("link", name="As plain text")).to_be_hidden()
    page.get_by_text("In this edition").click()
    expect(page.get_by_role("link", name="As plain text")).to_be_visible()
    page.get_by_text("In this edition").click()
    frame.get_by_role("link", name="Unsubscribe").first.click()
    page.wait_for_url(f"{site}/unsubscribe")
    expect(page.locator("h1")).to_be_visible()
    page.goto(f"{site}/archive/2026-W46")
    page.get_by_role("link", name="Older").click()
    page.wait_for_url(f"{site}/archive/2026-W45")
    expect(page.frame_locator("iframe").get_by_text("Grüße")).to_be_visible()
