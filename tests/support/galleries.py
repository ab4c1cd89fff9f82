"""Every page that readers meet, in every state, behind a real server: for browsers to walk through."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import update

from digest.app import editors, leaving, preferring, subscribing
from digest.app.admitting import Visitor
from digest.app.parts import App
from digest.app.samples import SAMPLE
from digest.audience.addresses import read_address
from digest.audience.limits import TooMany
from digest.audience.moving import Move
from digest.content.importing import import_comparisons
from digest.content.sources import read_sources
from digest.db import Database
from digest.db.migrations import upgrade
from digest.editions.models import Edition, Status
from digest.tokens import Purpose, new_public_id
from digest.web.server import serve
from tests.support.clocks import SettableClock
from tests.support.samples import PAGES
from tests.web.conftest import NOW, Backstage, settings

if TYPE_CHECKING:
    from playwright.sync_api import Page

Step = Callable[["Page"], None]
KEY = "2026-W47"
LATER = timedelta(seconds=5)
LONG_NAME = "Bartholomäa-Kunigunde " * 5


@dataclass(frozen=True)
class State:
    """A page: what to open and what to do there; `name` is for people."""

    name: str
    path: str
    steps: tuple[Step, ...] = ()


class Gallery:
    """One installation with readers at every stage; `url` is where its pages are."""

    def __init__(self, app: App, clock: SettableClock) -> None:
        """Around the parts."""
        self.url = app.settings.web.base_url
        self.app, self.clock = app, clock
        self.room = Backstage(app, clock)
        self._people = 0

    def furnish(self) -> None:
        """Publish the sample pages, send an edition of them, and have some years of others."""
        for folder in ("week-1", "week-2"):
            records = read_sources([str(PAGES / folder)], BytesIO())
            import_comparisons(self.app.database, records, now=NOW, published_at=NOW - timedelta(days=1))
        editors.plan_edition(self.app, KEY)
        editors.approve(self.app, KEY, "Ed")
        with self.app.database.write() as session:
            session.execute(update(Edition).where(Edition.key == KEY).values(status=Status.SENT))
        for week, subject in enumerate(SUBJECTS, start=1):
            self.room.edition(f"2026-W{47 - week}", Status.SENT, subject, late=168 * week)
        self.room.edition("2025-W50", Status.SENT, "The year in ten pairs", late=168 * 50)

    def states(self, *chapters: str) -> Iterator[State]:
        """Each in turn, of all chapters or of some, with people of its own, made when it is asked for."""
        for chapter in chapters or CHAPTERS:
            yield from getattr(self, chapter)()

    def public(self) -> Iterator[State]:
        """What anybody reads."""
        yield State("front", "/")
        yield State("archive", "/archive")
        yield State("year", "/archive/2025")
        yield State("edition", f"/archive/{KEY}")
        yield State("contents", f"/archive/{KEY}/contents")
        yield State("comparison", "/comparisons/kitebench-vs-marrowglass")
        yield State("no-comparison", "/comparisons/nothing")
        yield State("embed", "/subscribe/form")

    def joining(self) -> Iterator[State]:
        """From the form to the list."""
        yield State("subscribe", "/subscribe")
        yield State("once-more", "/subscribe", (fill("email", self._address()), submit))
        yield State("no-address", "/subscribe", (fill("email", "ann@"), self._wait, submit))
        yield State("subscribed", "/subscribe", (fill("email", self._address()), self._wait, submit))
        yield State("confirm", f"/confirm/{self.room.request(self._address())}")
        yield State("confirmed", f"/confirm/{self.room.request(self._address())}", (press("confirm"),))
        left = self._address()
        self.room.leave(left)
        yield State("confirm-outdated", f"/confirm/{self._old_token(Purpose.CONFIRM, left)}")
        expired = self.room.request(self._address())
        yield State("confirm-expired", f"/confirm/{expired}", (self._days(8), reload))
        nobody = self.app.keyring.issue(Purpose.CONFIRM, new_public_id(), self.clock.now())
        yield State("confirm-nobody", f"/confirm/{nobody}")
        suppressed = self._address()
        token = self.room.request(suppressed)
        with self.app.database.write() as session:
            self.app.suppressions.suppress(session, read_address(suppressed), "complaint", "test", NOW)
        yield State("confirm-suppressed", f"/confirm/{token}")

    def choosing(self) -> Iterator[State]:
        """What readers do by their own link."""
        yield State("choosing", "/preferences")
        path = self._preferences()
        yield State("preferences", path)
        yield State("name-saved", path, (fill("name", "Ann"), press("name")))
        yield State("name-wrong", path, (unlimited("name"), fill("name", LONG_NAME), press("name")))
        yield State("paused", path, (press("pause"),))
        yield State("moving", path, (fill("email", self._address()), press("move")))
        yield State("move-wrong", path, (fill("email", "ann@"), press("move")))
        yield State("data-asked", path, (press("data"),))
        yield State("erase", f"{path}/erase")
        yield State("erased", f"{self._preferences()}/erase", (press("erase"),))
        absent = self._address()
        self.room.leave(absent)
        yield State("absent", f"/preferences/{self.room.token(Purpose.PREFERENCES, absent)}")
        yield State("change", self._change())
        yield State("changed", self._change(), (press("change"),))
        yield State("change-spent", self._change(), (self._days(3), reload))
        yield State("data", f"/data/{self._token(Purpose.DATA)}")

    def leaving(self) -> Iterator[State]:
        """The way out, and back."""
        yield State("leaving", "/unsubscribe")
        yield State("unsubscribe", self._unsubscribe())
        yield State("left", self._unsubscribe(), (press("leave"),))
        yield State("told", self._unsubscribe(), (press("leave"), check("no time to read"), submit_last))
        yield State("returned", self._unsubscribe(), (press("leave"), submit))
        yield State("late", self._unsubscribe(), (press("leave"), self._days(1), submit))
        gone = self._unsubscribe()
        leaving.unsubscribe(self.app, gone.rpartition("/")[2], source="test")
        self.clock.advance(timedelta(days=1))
        yield State("left-long-ago", gone)

    def failing(self) -> Iterator[State]:
        """Whatever does not work."""
        yield State("nowhere", "/nowhere")
        yield State("damaged", "/unsubscribe/damaged")
        yield State("sample", f"/unsubscribe/{SAMPLE}")
        yield State(
            "too-often", "/subscribe", (fill("email", self._address()), self._spend, self._wait, submit)
        )

    def _address(self) -> str:
        self._people += 1
        return f"reader{self._people}@example.org"

    def _token(self, purpose: Purpose) -> str:
        address = self._address()
        self.room.join(address)
        return self.room.token(purpose, address)

    def _old_token(self, purpose: Purpose, address: str) -> str:
        return self.room.token(purpose, address, self.room.reader(address).departures - 1)

    def _preferences(self) -> str:
        return f"/preferences/{self._token(Purpose.PREFERENCES)}"

    def _unsubscribe(self) -> str:
        return f"/unsubscribe/{self._token(Purpose.UNSUBSCRIBE)}"

    def _change(self) -> str:
        address, new = self._address(), read_address(self._address())
        self.room.join(address)
        token = self.room.token(Purpose.PREFERENCES, address)
        preferring.prefer(self.app, token, Move(new), source="test")
        return f"/change/{self.room.token(Purpose.CHANGE, address, self.room.reader(address).changes)}"

    def _wait(self, _page: Page) -> None:
        """Type as slowly as people do."""
        self.clock.advance(LATER)

    def _days(self, days: int) -> Step:
        return lambda _page: self.clock.advance(timedelta(days=days))

    def _spend(self, _page: Page) -> None:
        """Ask so often from this machine that the form has a rest."""
        with suppress(TooMany):
            for _ in range(100):
                subscribing.subscribe(self.app, self._address(), source="test", visitor=Visitor("127.0.0.1"))


CHAPTERS = ("public", "joining", "choosing", "leaving", "failing")
SUBJECTS = ("Ledgers, and who keeps them best", "Five editors walk into a repository", "What to dictate to")


def fill(field: str, text: str) -> Step:
    """Type into a field."""
    return lambda page: page.fill(f"#{field}", text)


def unlimited(field: str) -> Step:
    """Let a field take more than its form asks for."""
    return lambda page: page.locator(f"#{field}").evaluate("field => field.removeAttribute('maxlength')")


def press(value: str) -> Step:
    """Press the button of that value."""
    return lambda page: page.click(f"button[value='{value}']")


def check(value: str) -> Step:
    """Choose one of several."""
    return lambda page: page.check(f"input[value='{value}']")


def submit(page: Page) -> None:
    """Press the first button there is."""
    page.locator("main button").first.click()


def submit_last(page: Page) -> None:
    """Press the last one."""
    page.locator("main button").last.click()


def reload(page: Page) -> None:
    """Open the same page once more."""
    page.reload()


@contextmanager
def gallery(folder: Path, port: int, **groups: Any) -> Iterator[Gallery]:
    """An installation that answers at `port` of this machine, for the block."""
    url = f"sqlite:///{folder / 'digest.db'}"
    database, clock = Database(url), SettableClock(NOW)
    upgrade(database)
    web = {"base_url": f"http://127.0.0.1:{port}"}
    sender = {"operator": "The Verdict Desk", "postal_address": "12 Example Street, 10115 Berlin"}
    usual: dict[str, Any] = {"web": web, "newsletter": sender, "signup": {"fill_time": "2 seconds"}}
    app = App(settings(url, **(usual | groups)), clock, database)
    ready, stop = threading.Event(), threading.Event()
    thread = threading.Thread(target=serve, args=(app, "127.0.0.1", port, lambda _: ready.set(), stop))
    thread.start()
    try:
        assert ready.wait(20)
        made = Gallery(app, clock)
        made.furnish()
        yield made
    finally:
        stop.set()
        thread.join(20)
        database.close()
