"""Programs that open every link of a mail before its reader does: they change nothing, whatever they try."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin

import httpx
from sqlalchemy import select, text

from digest.app import leaving, moving, preferring, subscribing
from digest.app.parts import App, open_app
from digest.audience.addresses import read_address
from digest.audience.models import Subscriber
from digest.audience.moving import Move
from digest.audience.preferring import Fetch, Shape
from digest.clock import iso
from digest.config import load_settings
from digest.db import Base, Database
from digest.rendering.notices import NOTICES
from digest.tokens import Purpose
from tests.faults.smtp_server import FaultyServer
from tests.journeys.installation import Installation, filled, installed, slot_just_passed
from tests.support.letters import Letter, addresses, read_letter

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

SOURCE = "a test"
READER, PLAIN, LEAVING = "ada@example.org", "grace@example.net", "zoe@example.com"
NEW, FRESH, MOVED, WANTED = "new@example.org", "fresh@example.org", "moved@example.org", "wanted@example.org"
SENT = """
    SELECT DISTINCT mailings.notice FROM mailings JOIN deliveries ON deliveries.mailing_id = mailings.id
    WHERE deliveries.state = 'sent'
"""
LOOKING = ("GET", "HEAD")
TABS = 10  # at once, so that half a second of silence is waited for once and not for each


def test_opening_every_link_changes_nothing(tmp_path: Path, database_url: str, browser: Browser) -> None:
    """Links of every kind of mail, by GET and HEAD, twice, and in a browser; and what those pages lead to."""
    with FaultyServer() as server:
        made = _with_every_kind_of_mail(tmp_path, database_url, server.port)
        letters = [read_letter(mail.data) for mail in server.received]
    links = _ours(made, letters)
    before = _stored(made)
    with made.serving():
        opened = _open(browser, links) if database_url.startswith("sqlite") else set()  # once shows it
        further = _fetch(links) | opened
        seen = _fetch({link for link in further - links if link.startswith(made.settings["WEB__BASE_URL"])})
    assert {_kind(link) for link in links} >= {Purpose(purpose).name.lower() for purpose in _mailed()}
    assert {"/archive", "/subscribe"} <= {httpx.URL(link).path for link in links | seen | further}
    assert _stored(made) == before


def _mailed() -> set[Purpose]:
    """All but the one whose link stands on a page alone."""
    return set(Purpose) - {Purpose.RETURN}


def _kind(link: str) -> str:
    return httpx.URL(link).path.split("/")[1]


def _with_every_kind_of_mail(folder: Path, url: str, port: int) -> Installation:
    """An installation from which each notice that there is has gone out, and an edition in both shapes."""
    more = slot_just_passed() | {"NEWSLETTER__UNSUBSCRIBE_ADDRESS": "leave@example.org"}
    made = installed(folder, url, port, **more)
    filled(made, (READER, PLAIN, LEAVING, MOVED), iso(datetime.now(UTC)) or "")
    with open_app(load_settings(folder / "digest.toml", made.environment)) as app:
        _evoke(app)
    made.run("run")
    assert {name for (name,) in made.query(SENT)} == {None, *NOTICES}
    return made


def _evoke(app: App) -> None:
    """What people do that they get mail for."""
    subscribing.subscribe(app, NEW, source=SOURCE)
    subscribing.subscribe(app, FRESH, source=SOURCE)
    subscribing.confirm(app, _token(app, Purpose.CONFIRM, FRESH), source=SOURCE)
    subscribing.subscribe(app, READER, source=SOURCE)
    leaving.unsubscribe(app, _token(app, Purpose.UNSUBSCRIBE, LEAVING), source=SOURCE)
    wishes = ((PLAIN, Shape(text_only=True)), (READER, Fetch()), (READER, Move(read_address(WANTED))))
    for email, wish in (*wishes, (MOVED, Move(read_address(f"now-{MOVED}")))):
        preferring.prefer(app, _token(app, Purpose.PREFERENCES, email), wish, source=SOURCE)
    moving.change(app, _token(app, Purpose.CHANGE, MOVED, generation=1), source=SOURCE)


def _token(app: App, purpose: Purpose, email: str, generation: int = 0) -> str:
    with app.database.read() as session:
        public_id = session.scalars(select(Subscriber.public_id).where(Subscriber.canonical == email)).one()
    return app.keyring.issue(purpose, public_id, app.clock.now(), generation)


def _ours(made: Installation, letters: Iterable[Letter]) -> set[str]:
    """The links of the mails that lead to our pages."""
    links = {urldefrag(link).url for letter in letters for link in letter.links()}
    return {link for link in links if link.startswith(made.settings["WEB__BASE_URL"])}


def _fetch(links: Iterable[str]) -> set[str]:
    """Ask for each by every method twice; each must answer. Gives what their pages lead to."""
    found: set[str] = set()
    with httpx.Client(trust_env=False) as program:
        for link in sorted(links):
            for method in LOOKING * 2:
                answer = program.request(method, link)
                assert answer.status_code == 200, f"{method} {link}: {answer.status_code}"
                assert not answer.has_redirect_location
            if "html" in answer.headers["content-type"]:
                found |= _leading(link, program.get(link).text)
    return found


def _leading(link: str, page: str) -> set[str]:
    """Every address on a page, as a program that knows nothing of forms would follow them."""
    paths = re.findall(r'(?:href|src|action)="(/[^"]*|\?[^"]*)"', page)
    return {urldefrag(urljoin(link, found)).url for found in {*addresses(page), *paths}}


def _open(browser: Browser, links: Iterable[str]) -> set[str]:
    """Open each in a browser that runs scripts, until nothing moves; gives what they lead to."""
    context, found, every = browser.new_context(), set(), sorted(links)
    for number in range(0, len(every), TABS):
        pages = [_opened(context, link) for link in every[number : number + TABS]]
        for page in pages:
            page.wait_for_load_state("networkidle")
            found |= set(page.eval_on_selector_all("a[href]", "every => every.map((one) => one.href)"))
            page.close()
    assert context.cookies() == []
    context.close()
    return {urldefrag(link).url for link in found}


def _opened(context: BrowserContext, link: str) -> Page:
    page = context.new_page()
    answer = page.goto(link)
    assert answer is not None
    assert answer.status == 200
    return page


def _stored(made: Installation) -> bytes | list[str]:
    """The bytes of the file, once nothing waits in its log; on a server, which has no file, every row."""
    database = Database(made.settings["DATABASE__URL"])
    try:
        with database.read() as session:
            if not database.is_sqlite:
                return [
                    repr(row)
                    for table in Base.metadata.sorted_tables
                    for row in session.execute(select(table))
                ]
            assert session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()[0] == 0
    finally:
        database.close()
    return Path(str(database.engine.url.database)).read_bytes()
