"""The journey itself: two weeks in the life of a newsletter, each step checked before the next."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from digest.app import delivering, editors, looking, samples, weekly
from digest.app.delivering import RunReport
from digest.app.parts import App, open_app
from digest.bundled import bundled
from digest.clock import SystemClock
from digest.config import Settings
from digest.content.importing import import_comparisons
from digest.content.sources import read_sources
from digest.demo.outbox import Outbox, first_link, leaving_link
from digest.demo.people import LEAVES, READERS
from digest.demo.setting_up import set_up
from digest.demo.website import hidden, look, press, website
from digest.errors import DigestError

# The weeks are fixed, so that every demo is the same; the times are a moment after the default slot.
EVE: Final = datetime(2026, 11, 18, 16, 0, tzinfo=UTC)
FIRST: Final = datetime(2026, 11, 19, 9, 1, tzinfo=UTC)
SECOND: Final = FIRST + timedelta(weeks=1)
KEYS: Final = ("2026-W47", "2026-W48")


@dataclass
class Journey:
    """One demo in `folder`; `say` is told of each step when it is done."""

    folder: Path
    say: Callable[[str], None]
    steps: int = field(default=0, init=False)

    def run(self) -> None:
        """All of it. Raises DigestError when anything did not happen as it must."""
        with Outbox(self.folder / "outbox") as self.outbox:
            self.settings = set_up(self.folder, self.outbox.port)
            self._done("settings with fresh keys, and an empty SQLite database")
            with _day(self.settings, EVE) as app:
                self._import(app, "week-1")
                self._subscribe(app)
            with _day(self.settings, FIRST) as app:
                self._send(app, "week-1", KEYS[0], list(READERS))
                self._leave(app)
            with _day(self.settings, SECOND) as app:
                self._import(app, "week-2")
                self._send(app, "week-2", KEYS[1], [reader for reader in READERS if reader != LEAVES])
                self._repeat(app)

    def _import(self, app: App, week: str) -> None:
        pages = bundled("examples") / "pages" / week
        records = list(read_sources([str(pages)], io.BytesIO()))
        published = app.clock.now() - timedelta(hours=20)
        report = import_comparisons(app.database, records, now=app.clock.now(), published_at=published)
        _expect("comparisons imported", len(report.imported), len(records))
        self._done(f"{len(records)} comparisons imported from the sample pages of {_words(week)}")

    def _subscribe(self, app: App) -> None:
        """Form, mail, link, button: as every reader of a newsletter should have to."""
        base = app.settings.web.base_url
        form = hidden(look(f"{base}/subscribe"))
        time.sleep(app.settings.signup.fill_time.total_seconds())  # sooner, we would be taken for a program
        for email, name in READERS.items():
            press(f"{base}/subscribe", email=email, name=name, **form)
        self._deliver(app, "confirm", list(READERS))
        self._done(f"{len(READERS)} made-up readers subscribed on the web page; each got a mail to confirm")
        for mail in self.outbox.mails("confirm").values():
            link = first_link(mail, "confirm")
            look(link)
            press(link, button="confirm")
        self._deliver(app, "welcome", list(READERS))
        self._done("all of them followed their link and pressed the button; each got a welcome")

    def _deliver(self, app: App, label: str, readers: list[str]) -> None:
        self.outbox.label = label
        report = delivering.deliver(app, RunReport())
        self._check_mails(label, report, readers)

    def _send(self, app: App, week: str, key: str, readers: list[str]) -> None:
        items = len(editors.plan_edition(app, key).items)
        self.outbox.label = week
        report = weekly.run(app)
        self._check_mails(week, report, readers)
        _expect("edition", f"{report.edition} {report.status}", f"{key} sent")
        subject = self._write_out(app, key)
        self._done(f"edition {key} ({items} comparisons) planned, rendered, frozen, sent to {len(readers)}")
        self.say(f'    "{subject}"')

    def _write_out(self, app: App, key: str) -> str:
        """The frozen bytes as files, with sample links in place of readers' own."""
        read = samples.as_read(app, looking.look(app, key).require())
        for kind, content in (("html", read.html), ("txt", read.text)):
            (self.folder / "editions" / f"{key}.{kind}").write_text(content, encoding="utf-8")
        return read.subject

    def _leave(self, app: App) -> None:
        """One-click, as a mail program does it when its user presses "unsubscribe" (RFC 8058)."""
        link = leaving_link(self.outbox.mails("week-1")[LEAVES])
        press(link, **{"List-Unsubscribe": "One-Click"})
        self._deliver(app, "goodbye", [LEAVES])
        self._done(f"{LEAVES} left with one click and got a goodbye")

    def _repeat(self, app: App) -> None:
        self.outbox.label = "repeated"
        _expect("mails of a repeated run", weekly.run(app).sent, 0)
        _expect("mails of a repeated run", list(self.outbox.mails("repeated")), [])
        self._done("the same run once more: nothing was sent, because everybody has theirs")

    def _check_mails(self, label: str, report: RunReport, readers: list[str]) -> None:
        if report.stopped:
            raise report.stopped
        mails = self.outbox.mails(label)
        _expect(f"mails in outbox/{label}", sorted(mails), sorted(readers))
        _expect(f"mails sent ({label})", report.sent, len(readers))
        _expect(f"Message-IDs ({label})", len({mail["Message-ID"] for mail in mails.values()}), len(readers))

    def _done(self, what: str) -> None:
        self.steps += 1
        self.say(f"{self.steps:>2}. {what}")


@contextmanager
def _day(settings: Settings, moment: datetime) -> Iterator[App]:
    """The app and its web pages, from this moment on."""
    with open_app(settings, SystemClock(moment)) as app, website(app):
        yield app


def _words(week: str) -> str:
    return week.replace("-", " ")


def _expect(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise DigestError(f"the demo failed: {what}: expected {wanted}, found {found}")
