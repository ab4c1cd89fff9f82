"""An editor at the desk, in a real browser: everything done by hand and key, up to the reader's inbox."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from digest.app import editors, weekly
from digest.app.samples import SAMPLE
from digest.config import Settings
from digest.editions import editing
from digest.editions.models import Status
from tests.desk.conftest import own_copy, running
from tests.faults.smtp_server import FaultyServer
from tests.support.browsers import violations
from tests.support.newsrooms import SLOT, Newsroom, newsroom

KEY = "2026-W47"
READER = "ann@example.org"
WEB = "https://digest.example.org"
SIZES = [(1400, 1000), (900, 1000), (360, 800)]


@dataclass
class Office:
    """A newsroom, its desk's address, the windows open on it, and what the browser complained about."""

    room: Newsroom
    address: str
    templates: Path
    complaints: list[str] = field(default_factory=list)
    windows: list[BrowserContext] = field(default_factory=list)

    def page(self, browser: Browser, *, width: int = 1400, height: int = 1000, dark: bool = False) -> Page:
        """An editor's window, with the edition in it."""
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        self.windows.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.goto(self.address)
        page.wait_for_selector("html[data-ready]")
        return page


@contextmanager
def office(folder: Path, port: int = 9) -> Iterator[Office]:
    """Four comparisons on a Tuesday, one reader, and a desk in front of them."""
    templates = folder / "templates"
    templates.mkdir()
    url = f"sqlite:///{folder / 'digest.db'}"
    smtp: dict[str, object] = {"host": "127.0.0.1", "port": port}
    web: dict[str, object] = {"base_url": WEB}
    newsletter: dict[str, object] = {"templates": templates}
    with own_copy(folder), newsroom(url, newsletter=newsletter, smtp=smtp, web=web) as room:
        room.publish_many(4)
        room.join(READER)

        def settings() -> Settings:
            return room.app.settings

        with running(settings, room.clock) as address:
            office = Office(room, address, templates)
            try:
                yield office
            finally:
                for window in office.windows:  # whose connections the desk would wait for
                    window.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Office]:
    """A desk whose page must not complain."""
    with office(tmp_path) as desk:
        yield desk
        # Refused requests are told in the console by Chromium itself; the tests that provoke them clear it.
        assert desk.complaints == []


def rows(page: Page) -> list[str]:
    """The comparisons in the order in which the page shows them."""
    slugs: list[str] = page.eval_on_selector_all("#items > li", "rows => rows.map(row => row.dataset.slug)")
    return slugs


def saved_order(desk: Office) -> list[str]:
    """The order as it is stored."""
    return desk.room.items(KEY) if desk.room.statuses() else []


def eventually(page: Page, holds: object) -> None:
    """Wait until a condition of ours holds, as long as playwright waits for its own."""
    assert callable(holds)
    for _ in range(200):
        if holds():
            return
        page.wait_for_timeout(100)
    assert holds()


def pictured(page: Page, view: str = "desktop") -> str:
    """The words in a picture that is there; "" while it is being made."""
    frame = f"document.querySelector('[data-view={view}] iframe:not(.coming)')"
    words: str | None = page.evaluate(f"{frame}?.contentDocument?.body?.innerText")
    return words or ""


def test_from_the_desk_to_the_inbox(browser: Browser, tmp_path: Path) -> None:
    """Reorder, edit, leave out, pull in, choose, approve; then a run, and the reader gets what was shown."""
    with FaultyServer() as server, office(tmp_path, server.port) as desk:
        page = desk.page(browser)
        first, second, third, fourth = rows(page)
        page.get_by_role("button", name=re.compile("^Move down: ")).first.press("Enter")
        eventually(page, lambda: saved_order(desk) == [second, first, third, fourth])
        page.get_by_label("Subject", exact=True).fill("Written at the desk")
        page.get_by_label("Intro", exact=True).fill("Hello **readers**")
        eventually(page, lambda: "Hello readers" in pictured(page))
        page.get_by_role("button", name=re.compile("^Leave out: ")).nth(2).click()
        page.get_by_label("Why?").fill("its prices are old")
        page.get_by_role("button", name="Leave it out").click()
        expect(page.locator("#left-out")).to_contain_text("its prices are old")
        page.locator("#speakers summary").first.click()
        page.locator("#speakers input[type=checkbox]").first.uncheck()
        expect(page.locator("#speakers")).to_contain_text("your choice")
        expect(page.locator("#saved")).to_have_text("Saved")
        shown = {
            part: page.evaluate(f"fetch('render/{part}').then(told => told.text())")
            for part in ("source", "text")
        }
        page.get_by_role("button", name="Approve …").click()
        page.get_by_role("button", name="Approve it").click()
        expect(page.locator("#standing")).to_contain_text("Approved by Ed")
        expect(page.get_by_label("Subject", exact=True)).not_to_be_editable()
        assert desk.complaints == []
        desk.room.clock.moment = SLOT
        # Elsewhere, since the browser's driver keeps an event loop on this thread.
        with ThreadPoolExecutor(1) as elsewhere:
            assert elsewhere.submit(weekly.run, desk.room.app).result().sent == 1
        (received,) = server.received
    mail = message_from_bytes(received.data, policy=policy.SMTP)
    assert mail["Subject"] == "Written at the desk"
    text, html = (part.get_payload(decode=True) for part in list(mail.walk())[1:])
    assert as_shown(html) == shown["source"]
    assert as_shown(text) == shown["text"]
    assert third not in desk.room.items(KEY)


def as_shown(part: object) -> str:
    """A received part with the sample's links in place of the reader's."""
    assert isinstance(part, bytes)
    words = part.decode("utf-8").replace("\r\n", "\n")
    return re.sub(rf"({re.escape(WEB)}/(?:unsubscribe|preferences))/[\w-]+", rf"\1/{SAMPLE}", words)


def test_rows_move_by_keys(browser: Browser, desk: Office) -> None:
    """Alt and an arrow move the row the keyboard is in; the focus goes along, and it is said aloud."""
    page = desk.page(browser)
    first, second, third, fourth = rows(page)
    page.locator(f"#pin-{fourth}").focus()
    for _ in range(3):
        page.keyboard.press("Alt+ArrowUp")
    assert rows(page) == [fourth, first, second, third]
    expect(page.locator("#spoken")).to_contain_text("now 1 of 4")
    eventually(page, lambda: saved_order(desk) == [fourth, first, second, third])
    expect(page.locator(f"#pin-{fourth}")).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    eventually(page, lambda: saved_order(desk) == [first, fourth, second, third])
    page.keyboard.press("Alt+ArrowLeft")
    assert rows(page) == [first, fourth, second, third]


def test_rows_move_by_dragging(browser: Browser, desk: Office) -> None:
    """A row is dropped where the line is; Escape lets go of it."""
    page = desk.page(browser)
    first, second, third, fourth = rows(page)
    drag(page, fourth, first)
    page.mouse.up()
    eventually(page, lambda: saved_order(desk) == [fourth, first, second, third])
    assert rows(page) == [fourth, first, second, third]
    version = desk.room.edition(KEY).version
    drag(page, fourth, third)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert rows(page) == [fourth, first, second, third]
    assert desk.room.edition(KEY).version == version


def drag(page: Page, slug: str, onto: str) -> None:
    """Take a row by its handle and hold it over the far half of another."""
    handle = page.locator(f"li[data-slug={slug}] .handle").bounding_box()
    goal = page.locator(f"li[data-slug={onto}]").bounding_box()
    assert handle is not None
    assert goal is not None
    page.mouse.move(handle["x"] + 10, handle["y"] + 10)
    page.mouse.down()
    down = goal["y"] > handle["y"]
    page.mouse.move(handle["x"] + 10, goal["y"] + (goal["height"] - 4 if down else 4), steps=8)


def test_left_out_and_pulled_in(browser: Browser, desk: Office) -> None:
    """A reason is asked for and kept; backing out does nothing."""
    page = desk.page(browser)
    slug = rows(page)[0]
    page.locator(f"#out-{slug}").click()
    page.get_by_role("button", name="Leave it out").click()
    expect(page.get_by_label("Why?")).to_be_focused()
    page.keyboard.press("Escape")
    assert desk.room.statuses() == {}
    page.locator(f"#out-{slug}").click()
    page.get_by_label("Why?").fill("not yet")
    page.keyboard.press("Enter")
    expect(page.locator("#left-out")).to_contain_text("left out by the editor: not yet")
    assert desk.room.reasons(KEY)[slug] == "left out by the editor: not yet"
    page.locator(f"#pull-{slug}").click()
    expect(page.locator("#items")).to_contain_text("pinned by the editor")
    assert slug in desk.room.items(KEY)


def test_a_second_editor_is_not_overwritten(browser: Browser, desk: Office) -> None:
    """The slower one is told what changed; typed words stay, and can be saved over what is then seen."""
    page = desk.page(browser)
    page.locator("#plan").click()
    eventually(page, lambda: KEY in desk.room.statuses())
    page.route("**/api/events", lambda route: route.abort())  # as if the change came in the same second
    page.reload()
    page.wait_for_selector("html[data-ready]")
    write(desk, "Theirs")
    page.get_by_label("Subject", exact=True).fill("Mine")
    expect(page.locator("[data-kind=stale]")).to_contain_text("Somebody else changed this edition")
    expect(page.locator("[data-kind=stale]")).to_contain_text("the subject is “Theirs”")
    expect(page.get_by_label("Subject", exact=True)).to_have_value("Mine")
    expect(page.locator("#clash-subject")).to_contain_text("Theirs")
    assert desk.room.edition(KEY).own_subject == "Theirs"
    page.get_by_role("button", name="Keep mine").click()
    eventually(page, lambda: desk.room.edition(KEY).own_subject == "Mine")
    expect(page.locator("[data-kind=stale]")).to_have_count(0)
    desk.complaints.clear()


def write(desk: Office, subject: str) -> None:
    """Somebody else's act."""
    editors.edit_edition(desk.room.app, KEY, lambda _session, one: editing.set_words(one, subject=subject))


def test_an_approval_names_what_was_seen(browser: Browser, desk: Office) -> None:
    """What changes while the question stands is not approved."""
    page = desk.page(browser)
    page.locator("#plan").click()
    eventually(page, lambda: KEY in desk.room.statuses())
    page.get_by_role("button", name="Approve …").click()
    write(desk, "Theirs")
    page.get_by_role("button", name="Approve it").click()
    expect(page.locator("[data-kind=stale]")).to_be_visible()
    assert desk.room.statuses() == {KEY: Status.DRAFT}
    desk.complaints.clear()


def test_unsaved_words_are_named_before_an_approval(browser: Browser, desk: Office) -> None:
    """Whoever approves while saving does not work learns that the words would not be in it."""
    page = desk.page(browser)
    page.route("**/api/edit", lambda route: route.abort())
    page.get_by_label("Subject", exact=True).fill("Mine")
    expect(page.locator("#saved")).to_contain_text("Not saved. Your words are still here")
    page.get_by_role("button", name="Approve …").click()
    expect(page.locator("#asking-body")).to_contain_text("Words you typed are not saved yet")
    page.get_by_role("button", name="Not now").click()
    page.unroute("**/api/edit")
    page.get_by_role("button", name="Save words").click()
    expect(page.locator("#saved")).to_have_text("Saved")
    page.get_by_role("button", name="Approve …").click()
    expect(page.locator("#asking-body")).not_to_contain_text("not saved yet")
    desk.complaints.clear()


def test_words_end_where_the_server_stops_taking_them(browser: Browser, desk: Office) -> None:
    """A field takes no more than can be saved, and says what phones show of it."""
    page = desk.page(browser)
    page.get_by_label("Preheader", exact=True).focus()
    page.keyboard.insert_text("x" * 1200)
    expect(page.locator("#count-preheader")).to_have_text("1,000 characters; phones show about 90")
    eventually(page, lambda: KEY in desk.room.statuses())
    eventually(page, lambda: desk.room.edition(KEY).own_preheader == "x" * 1000)
    expect(page.locator("#word-intro")).to_have_attribute("maxlength", "200000")


def test_what_cannot_be_pulled_in_has_no_button(browser: Browser, desk: Office) -> None:
    """A comparison that readers got in another edition stays out; one that an editor left out need not."""
    page = desk.page(browser)
    slug = rows(page)[0]
    page.locator(f"#out-{slug}").click()
    page.get_by_label("Why?").fill("withdrawn for now")
    page.keyboard.press("Enter")
    expect(page.locator(f"#pull-{slug}")).to_be_visible()
    desk.room.approve(KEY)
    desk.room.plan("2026-W48")
    page.goto(desk.address + "?key=2026-W48")
    expect(page.locator("#left-out")).to_contain_text("already sent in 2026-W47")
    expect(page.locator("#left-out button")).to_have_count(0)


def test_the_page_follows_and_keeps_the_editor_in_place(browser: Browser, desk: Office) -> None:
    """Somebody's change and a template's arrive by themselves; focus, words and scrolled height stay."""
    page = desk.page(browser)
    page.locator("#plan").click()
    eventually(page, lambda: bool(pictured(page)))
    scrolled = "document.querySelector('[data-view=desktop] iframe:not(.coming)').contentWindow"
    page.evaluate(f"{scrolled}.scrollTo(0, 180)")
    page.locator("#addresses").fill("ed@exam")
    write(desk, "Theirs")
    expect(page.locator("#inbox")).to_contain_text("Theirs")
    expect(page.locator("[data-kind=news]")).to_contain_text("The subject is “Theirs”")
    expect(page.locator("#addresses")).to_be_focused()
    expect(page.locator("#addresses")).to_have_value("ed@exam")
    (desk.templates / "edition").mkdir()
    (desk.templates / "edition" / "subject.txt").write_text("By a template", "utf-8")
    eventually(page, lambda: page.evaluate(f"{scrolled}?.document.title") == "By a template")
    assert page.evaluate(f"{scrolled}.scrollY") == 180
    expect(page.locator("#addresses")).to_be_focused()


def test_a_broken_template_is_shown(browser: Browser, desk: Office) -> None:
    """Message, file, line and source instead of the picture; nobody can approve; mended, it is back."""
    page = desk.page(browser)
    eventually(page, lambda: bool(pictured(page)))
    file = desk.templates / "edition" / "body.txt"
    file.parent.mkdir()
    file.write_text("one\ntwo\n{{ story.nonsense }}\nfour\n", "utf-8")
    fault = page.locator(".fault")
    expect(fault).to_contain_text("edition/body.txt, line 3")
    expect(fault.locator(".here")).to_contain_text("{{ story.nonsense }}")
    expect(page.get_by_role("button", name="Approve …")).to_be_disabled()
    assert "Traceback" not in page.content()
    assert violations(page) == []
    file.unlink()
    eventually(page, lambda: bool(pictured(page)))
    expect(page.get_by_role("button", name="Approve …")).to_be_enabled()
    desk.complaints.clear()


def test_every_view_shows_the_edition(browser: Browser, desk: Office) -> None:
    """By day, by night, without pictures, as text, as source; one at a time or side by side."""
    page = desk.page(browser)
    assert page.locator(".pane").count() == 2
    page.get_by_label("Side by side").uncheck()
    for name in ("Phone", "Dark", "Images off"):
        page.get_by_role("button", name=name, exact=True).click()
        view = {"Phone": "phone", "Dark": "dark", "Images off": "no-images"}[name]
        eventually(page, lambda view=view: "Right1" in pictured(page, view))
        assert page.locator(".pane").count() == 1
    page.get_by_role("button", name="Text", exact=True).click()
    expect(page.locator("#words-of-text")).to_contain_text("Right1")
    page.get_by_role("button", name="Source", exact=True).click()
    expect(page.locator("#words-of-source")).to_contain_text("<!DOCTYPE html>")
    page.get_by_label("Side by side").check()
    page.get_by_role("button", name="Dark", exact=True).click()
    assert page.locator(".pane").count() == 3


def test_the_picture_cannot_act(browser: Browser, desk: Office) -> None:
    """A script in a template is not run, in the frame or opened on its own."""
    body = desk.templates / "edition" / "body.mjml"
    body.parent.mkdir()
    act = "document.title = parent.document.title = 'ran'"
    body.write_text(
        f'<mjml lang="en"><mj-body><mj-raw><p>still</p><script>{act}</script>'
        f'<img src="x" alt="" onerror="{act}"></mj-raw></mj-body></mjml>',
        "utf-8",
    )
    page = desk.page(browser)
    eventually(page, lambda: "still" in pictured(page))
    frame = "document.querySelector('[data-view=desktop] iframe:not(.coming)').contentDocument"
    assert page.evaluate(f"{frame}.querySelector('img').getAttribute('onerror')") == act
    assert page.evaluate(f"{frame}.querySelector('script').textContent") == act
    assert "ran" not in (page.title(), page.evaluate(f"{frame}.title"))
    page.goto(desk.address + "render/desktop.html")
    expect(page.locator("img")).to_have_attribute("onerror", act)
    assert page.title() != "ran"
    desk.complaints.clear()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_page_is_for_everybody(
    browser: Browser, desk: Office, width: int, height: int, dark: bool
) -> None:
    """axe-core finds nothing in any state, at any width, by day and by night; nothing overflows."""
    page = desk.page(browser, width=width, height=height, dark=dark)
    slug = rows(page)[0]
    expect(page.locator("#findings")).to_contain_text("nothing wrong", timeout=20_000)
    expect(page.locator("#spoken-verdict")).to_have_text("The checks found nothing wrong.")
    page.locator("#speakers summary").first.click()
    assert violations(page) == []
    page.locator(f"#out-{slug}").click()
    assert violations(page) == []
    page.get_by_label("Why?").fill("not yet")
    page.keyboard.press("Enter")
    expect(page.locator("#left-out")).to_contain_text("not yet")
    for name in ("Dark", "Text"):
        page.get_by_role("button", name=name, exact=True).click()
    assert violations(page) == []
    page.get_by_role("button", name="Approve …").click()
    page.get_by_role("button", name="Approve it").click()
    expect(page.locator("#withdraw")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
