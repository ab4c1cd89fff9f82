"""A newsletter with readers, an edition and a comparison, and a browser in front of its pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from httpx import Response
from sqlalchemy import select
from starlette.testclient import TestClient

from digest.app import leaving, subscribing
from digest.app.parts import App
from digest.audience.models import Subscriber
from digest.config import Settings
from digest.content.importing import import_comparisons
from digest.content.records import ComparisonRecord, ReviewRecord, ToolRecord
from digest.db import Base, Database
from digest.editions.models import Edition, Status
from digest.rendering.rendered import reader_link
from digest.tokens import Purpose
from digest.web.application import create_application
from tests.support.clocks import SettableClock

NOW = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)
BASE_URL = "https://digest.example.org"
MARKER = "mabcdef0123456789"
BODY = f'<p style="color:#111">Grüße</p><a href="{reader_link(MARKER, "unsubscribe")}">Unsubscribe</a>'


class Backstage:
    """Everything a test does behind the pages."""

    def __init__(self, app: App, clock: SettableClock) -> None:
        """Around the parts of one installation."""
        self.app = app
        self.clock = clock

    def request(self, email: str) -> str:
        """Ask for the newsletter and return the link that the confirm mail would carry."""
        subscribing.subscribe(self.app, email, source="test")
        return self.confirm_token(email)

    def join(self, email: str) -> str:
        """Ask and confirm; returns the reader's unsubscribe token."""
        subscribing.confirm(self.app, self.request(email), source="test")
        return self.token(Purpose.UNSUBSCRIBE, email)

    def leave(self, email: str) -> str:
        """Ask, confirm and leave; returns the unsubscribe token."""
        token = self.join(email)
        leaving.unsubscribe(self.app, token, source="test")
        return token

    def confirm_token(self, email: str) -> str:
        """A confirm link as it would be made now."""
        reader = self.reader(email)
        return self.token(Purpose.CONFIRM, email, reader.departures)

    def token(self, purpose: Purpose, email: str, generation: int = 0) -> str:
        """A genuine token."""
        return self.app.keyring.issue(purpose, self.reader(email).public_id, self.clock.now(), generation)

    def reader(self, email: str) -> Subscriber:
        """The row of an address."""
        with self.app.database.read() as session:
            return session.scalars(select(Subscriber).where(Subscriber.canonical == email.casefold())).one()

    def status(self, email: str) -> str:
        """Where an address stands."""
        return self.reader(email).status.value

    def edition(self, key: str, status: Status, subject: str = "Three to ship", *, late: int = 1) -> None:
        """Put an edition into the archive, its slot `late` hours ago."""
        slot = self.clock.now() - timedelta(hours=late)
        edition = Edition(
            key=key,
            status=status,
            slot=slot,
            window_start=slot - timedelta(days=7),
            window_end=slot,
            subject=subject,
            preheader="and one to skip",
            intro="",
            created_at=slot,
            html=BODY,
            text="plain",
            marker=MARKER,
        )
        with self.app.database.write() as session:
            session.add(edition)

    def compare(self, left: str = "Axolotl", right: str = "Newt", blurb: str = "Which one?") -> str:
        """Publish a comparison; returns its slug."""
        tools = (_tool(left, 100), _tool(right, None))
        record = ComparisonRecord(f"{left} vs {right}", blurb, tools, "test")
        report = import_comparisons(self.app.database, [record], now=self.clock.now())
        return report.imported[0]

    def rows(self) -> dict[str, list[str]]:
        """Every row of every table, as text."""
        with self.app.database.read() as session:
            tables = Base.metadata.sorted_tables
            return {table.name: sorted(map(repr, session.execute(select(table)))) for table in tables}


def _tool(name: str, panel_ship: int | None) -> ToolRecord:
    reviews = (ReviewRecord(1, f"{name} is quick.", "Ada", "ship"), ReviewRecord(2, f"{name} is not cheap."))
    return ToolRecord(name, "Tools", f"{name} swims", "First.\n\nSecond.", panel_ship, None, "Free", reviews)


def settings(url: str, **groups: Mapping[str, object]) -> Settings:
    """Settings with keys and a database, and whatever a test needs besides."""
    keys = {"signing": {"1": "ab" * 32}, "suppression": "cd" * 32}
    web = {"base_url": BASE_URL}
    signup = {"fill_time": "0 seconds"}  # most tests fill the form in at once
    own = {"keys": keys, "database": {"url": url}, "web": web, "signup": signup}
    return Settings.model_validate(own | groups)


def browser(app: App) -> TestClient:
    """A client that follows no redirect and gets a page, not an exception."""
    return TestClient(create_application(app), raise_server_exceptions=False, follow_redirects=False)


def press(client: TestClient, page: str, button: str, **form: str) -> Response:
    """Press a button of somebody's preferences, and see where it leads."""
    answer: Response = client.post(page, data={"button": button, **form}, follow_redirects=True)
    return answer


@pytest.fixture
def clock() -> SettableClock:
    """A clock that stands at a Thursday morning."""
    return SettableClock(NOW)


@pytest.fixture
def app(database_url: str, clock: SettableClock) -> Iterator[App]:
    """The parts of one installation."""
    database = Database(database_url)
    yield App(settings(database_url), clock, database)
    database.close()


@pytest.fixture
def backstage(app: App, clock: SettableClock) -> Backstage:
    """What happens behind the pages."""
    return Backstage(app, clock)


@pytest.fixture
def client(app: App) -> Iterator[TestClient]:
    """A browser in front of the pages."""
    with browser(app) as client:
        yield client
