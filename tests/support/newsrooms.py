"""A newsletter's office to run weeks in: pages come out, time passes, editors and the scheduler act."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from digest.app import editors, weekly
from digest.app.delivering import RunReport
from digest.app.parts import App
from digest.audience.models import Standing, Subscriber
from digest.config import Settings
from digest.content.importing import Report, import_comparisons
from digest.content.records import ComparisonRecord, ReviewRecord, ToolRecord
from digest.db import Base, Database
from digest.editions import freezing, listing
from digest.editions.models import Edition, Status
from digest.editions.planning import get_edition
from digest.errors import SourceError
from tests.support.clocks import SettableClock
from tests.support.tables import make_tables

TUESDAY = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)  # in 2026-W47
SLOT = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)  # Thursday of that week, the default slot
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def tool(name: str, panel_ship: int | None = 75, **values: object) -> ToolRecord:
    """A tool as a source tells it."""
    facts: dict[str, object] = {
        "category": "Tools",
        "tagline": f"{name} helps",
        "description": "First.\n\nSecond.",
        "community": None,
        "entry": "Free",
        "reviews": (ReviewRecord(1, f"{name} is quick.", "Ada", "ship"), ReviewRecord(2, "Not cheap.")),
    }
    return ToolRecord(name=name, panel_ship=panel_ship, **{**facts, **values})  # type: ignore[arg-type]


def versus(left: ToolRecord | str, right: ToolRecord | str, **values: object) -> ComparisonRecord:
    """The two side by side, as a source tells it."""
    tools = tuple(tool(one) if isinstance(one, str) else one for one in (left, right))
    facts: dict[str, object] = {
        "title": f"{tools[0].name} vs {tools[1].name}",
        "blurb": "Which one?",
        "source": "test.json",
    }
    return ComparisonRecord(tools=tools, **{**facts, **values})  # type: ignore[arg-type]


class Newsroom:
    """One installation with a clock that stands still until somebody moves it."""

    def __init__(self, app: App, clock: SettableClock) -> None:
        """Around the parts."""
        self.app = app
        self.clock = clock
        self.published = 0

    def publish(self, left: ToolRecord | str, right: ToolRecord | str, **values: object) -> str:
        """Put a comparison on the site and import it, unless told otherwise as published now; its slug."""
        report = self.bring(versus(left, right, **values))
        return (report.imported + report.updated + report.unchanged)[0]

    def bring(self, *records: ComparisonRecord | SourceError, published_at: datetime | None = None) -> Report:
        """Import records now."""
        return import_comparisons(self.app.database, records, now=self.clock.now(), published_at=published_at)

    def publish_many(self, count: int) -> list[str]:
        """As many comparisons of tools nobody has heard of, a minute apart, the last one a minute ago."""
        slugs = []
        for ago in range(count, 0, -1):
            self.published += 1
            moment = self.clock.now() - timedelta(minutes=ago)
            slugs.append(self.publish(f"Left{self.published}", f"Right{self.published}", published_at=moment))
        return slugs

    def join(self, *emails: str) -> None:
        """Put people on the list, confirmed."""
        now = self.clock.now()
        with self.app.database.write() as session:
            for email in emails:
                public = f"{abs(hash(email)):024x}"[-24:]
                session.add(
                    Subscriber(
                        public_id=public,
                        email=email,
                        canonical=email,
                        status=Standing.ACTIVE,
                        created_at=now,
                        confirmed_at=now,
                    )
                )

    def plan(self, key: str | None = None) -> Edition:
        """Make or refresh a draft."""
        return editors.plan_edition(self.app, key)

    def approve(self, key: str) -> Edition:
        """Freeze a draft."""
        return editors.approve(self.app, key, "Ed")

    def skip(self, key: str) -> None:
        """Send nothing this week."""
        with self.app.database.write(lock="editions") as session:
            freezing.skip(get_edition(session, key), "holiday")

    def cancel(self, key: str) -> None:
        """Stop an edition for good."""
        with self.app.database.write(lock="editions") as session:
            freezing.cancel(get_edition(session, key), "wrong prices", self.clock.now())

    def thaw(self, key: str) -> None:
        """Take an approval back."""
        with self.app.database.write(lock="editions") as session:
            freezing.thaw(session, get_edition(session, key))

    def run(self) -> RunReport:
        """The weekly run, as cron calls it."""
        return weekly.run(self.app)

    def edition(self, key: str) -> Edition:
        """An edition with the bytes it was frozen to, if it was."""
        with self.app.database.read() as session:
            edition = get_edition(session, key)
            _ = (edition.html, edition.text)  # loaded while the session lasts
            return edition

    def items(self, key: str) -> list[str]:
        """What an edition holds, in order."""
        return [item.comparison.slug for item in self.edition(key).items]

    def reasons(self, key: str) -> dict[str, str]:
        """Why each comparison is in an edition or not."""
        shown = listing.as_json(self.edition(key))
        return {row["comparison"]: row["reason"] for row in shown["items"] + shown["left_out"]}

    def statuses(self) -> dict[str, Status]:
        """Where every edition stands."""
        with self.app.database.read() as session:
            return {edition.key: edition.status for edition in listing.list_editions(session)}

    def count(self, model: type[Base]) -> int:
        """How many rows there are."""
        with self.app.database.read() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0

    def rows(self, *without: str) -> dict[str, list[str]]:
        """Every row of every table as text, `without` some columns."""
        with self.app.database.read() as session:
            return {
                table.name: sorted(
                    map(repr, session.execute(select(*(c for c in table.c if c.name not in without))))
                )
                for table in Base.metadata.sorted_tables
            }


@contextmanager
def newsroom(url: str, now: datetime = TUESDAY, **groups: dict[str, object]) -> Iterator[Newsroom]:
    """An installation over a fresh database; `groups` are settings."""
    keys = {"signing": {"1": "ab" * 32}, "suppression": "cd" * 32}
    smtp = {"security": "none", "port": 9, "connections": 2, **groups.pop("smtp", {})}
    values = {"keys": keys, "database": {"url": url}, "smtp": smtp, **groups}
    clock = SettableClock(now)
    database = Database(url)
    try:
        make_tables(database)
        yield Newsroom(App(Settings.model_validate(values), clock, database), clock)
    finally:
        database.close()
