"""Claims at a pace, and that the database finds what is due without a look at anything else."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event, text, update
from sqlalchemy.orm import Session

from digest.audience.suppressing import Suppressions
from digest.db import Database
from digest.delivery import claiming, ledger
from digest.delivery.models import Delivery
from digest.delivery.notices import owe_notice
from digest.delivery.pacing import HORIZON, Pacing, Rate
from tests.support.offices import READERS, Office
from tests.support.postgres import PostgresServer
from tests.support.tables import NOW, add_edition, add_subscriber, open_tables

SLOW = Rate(per_hour=60)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Database]:
    """Empty tables in a file."""
    with open_tables(f"sqlite:///{tmp_path / 'digest.db'}") as opened:
        yield opened


@pytest.fixture
def on_postgresql(postgres_server: PostgresServer) -> Iterator[Database]:
    """Empty tables on a server."""
    with postgres_server.database() as url, open_tables(url) as opened:
        yield opened


@pytest.fixture
def mixed(office: Office) -> Office:
    """Five readers at example.org, and behind them two elsewhere."""
    with office.database.write() as session:
        for email in ("x@example.net", "y@example.com"):
            add_subscriber(session, email)
        ledger.fan_out(session, add_edition(session, "2026-W48"), NOW)
    return office


def test_without_a_pace_all_go_at_once(mixed: Office) -> None:
    """As many as are asked for."""
    claimed = mixed.claim_at(mixed.one, Pacing(), limit=6)
    assert (len(claimed.jobs), claimed.wait) == (6, None)
    assert {job.ready_at for job in claimed.jobs} == {0.0}


def test_a_destination_that_must_wait_holds_nobody_else_up(mixed: Office) -> None:
    """One goes there now, the others become due in their turn, and who goes elsewhere goes."""
    pacing = Pacing(destinations={"example.org": SLOW})
    claimed = mixed.claim_at(mixed.one, pacing)
    assert [job.email for job in claimed.jobs] == [READERS[0], "x@example.net", "y@example.com"]
    assert (claimed.wait, claimed.held, claimed.again) == (MINUTE, None, False)
    due = [mixed.row(email).due_at for email in READERS[1:]]
    assert due == [NOW + later * MINUTE - HORIZON for later in range(1, 5)]
    assert all(mixed.row(email).worker_id is None for email in READERS[1:])
    again = mixed.claim_at(mixed.two, pacing)
    assert (again.jobs, again.wait, again.held) == ([], None, None)


def test_who_waits_for_a_destination_is_claimed_in_turn(mixed: Office) -> None:
    """Once due, it has its slot."""
    pacing = Pacing(destinations={"example.org": Rate(per_second=1)})
    before = time.monotonic()
    first = mixed.claim_at(mixed.one, pacing)
    after = time.monotonic()
    here = [job for job in first.jobs if job.canonical.endswith("@example.org")]
    assert [job.email for job in here] == READERS[:2]  # slots are handed out a second ahead
    assert here[0].ready_at == 0
    ahead = HORIZON.total_seconds()
    assert before + ahead <= here[1].ready_at <= after + ahead
    later = mixed.claim(mixed.two, now=NOW + MINUTE)
    assert [job.email for job in later if job.canonical.endswith("@example.org")][:3] == READERS[2:]


def test_the_pace_of_all_mail_holds_the_rest(mixed: Office) -> None:
    """They stay due, and the claim says how long it takes until the next may go."""
    claimed = mixed.claim_at(mixed.one, Pacing(SLOW))
    assert [job.email for job in claimed.jobs] == READERS[:1]
    assert claimed.wait is not None
    assert MINUTE - HORIZON <= claimed.wait <= MINUTE
    again = mixed.claim_at(mixed.two, Pacing(SLOW))
    assert again.jobs == []
    assert again.wait is not None
    assert timedelta() < again.wait <= claimed.wait
    for email in READERS[1:]:
        row = mixed.row(email)
        assert (row.due_at, row.worker_id) == (NOW, None)


def test_a_quick_pace_is_spread_over_the_next_second(mixed: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each may go when its slot begins."""
    monkeypatch.setattr(claiming, "time", SimpleNamespace(monotonic=lambda: 1000.0))
    claimed = mixed.claim_at(mixed.one, Pacing(Rate(per_second=5)))
    first, *moments = [job.ready_at for job in claimed.jobs]
    assert first == 0
    assert moments == pytest.approx([1000.2, 1000.4, 1000.6, 1000.8, 1001.0])


def test_a_full_day_of_the_warm_up_holds_all_but_notices(mixed: Office) -> None:
    """Until the next one begins."""
    pacing = Pacing(warm_up=(2, 100))
    assert len(mixed.claim_at(mixed.one, pacing).jobs) == 2
    with mixed.database.write() as session:
        owe_notice(session, "welcome", mixed.reader(session, READERS[4]), NOW)
    claimed = mixed.claim_at(mixed.one, pacing)
    assert [job.notice for job in claimed.jobs] == ["welcome"]
    assert claimed.wait is None, "nobody waits in a run for the next day"
    assert claimed.held is not None
    assert timedelta() < claimed.held <= timedelta(days=1)


def test_who_is_dropped_uses_up_no_slot(mixed: Office) -> None:
    """Those who left are out before the pace is asked."""
    with mixed.database.write() as session:
        for email in READERS[:3]:
            mixed.reader(session, email).paused_until = NOW + MINUTE
    claimed = mixed.claim_at(mixed.one, Pacing(SLOW), limit=5)
    assert [job.email for job in claimed.jobs] == []
    claimed = mixed.claim_at(mixed.one, Pacing(SLOW), limit=5)
    assert [job.email for job in claimed.jobs] == [READERS[3]]


# --- the plans ---


@contextmanager
def watched(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """The statements that run meanwhile, with their parameters."""
    seen: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *more: Any) -> None:
        seen.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine, "before_cursor_execute", note)


def claims(seen: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """The queries that look for deliveries that are due: of notices, and of each mailing."""
    return [(sql, values) for sql, values in seen if re.match(r"SELECT deliveries\.mailing_id", sql)]


def grown(session: Session) -> None:
    """A ledger of which nearly all is done, and an edition that is paused."""
    for number in range(300):
        add_subscriber(session, f"old{number}@example.org")
    for key in ("2026-W40", "2026-W41"):
        edition = add_edition(session, key)
        ledger.fan_out(session, edition, NOW)
        edition.paused_at = NOW if key == "2026-W41" else None
    session.execute(update(Delivery).where(Delivery.mailing_id == 2).values(due_at=None, state="sent"))


def test_sqlite_claims_by_index_alone(on_sqlite: Database, suppressions: Suppressions) -> None:
    """Sorted by it too, however large the ledger is."""
    office = Office(on_sqlite, suppressions)
    with on_sqlite.write() as session:
        grown(session)
    with watched(on_sqlite) as seen:
        office.claim(office.one, limit=2)
    with on_sqlite.read() as session:
        notices, *editions = [plan_of(session, *query) for query in claims(seen)]
    assert re.search(r"SEARCH deliveries USING INDEX ix_deliveries_free_notices \(due_at<\?\)", notices)
    assert editions
    for plan in editions:
        assert "SEARCH deliveries USING INDEX ix_deliveries_free (mailing_id=? AND due_at<?)" in plan
        assert "SCAN" not in plan
    assert not any("TEMP B-TREE" in plan for plan in (notices, *editions))


def plan_of(session: Session, sql: str, values: Any) -> str:
    """SQLite's plan for a query."""
    rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
    return "\n".join(row[3] for row in rows)


def test_postgresql_claims_by_index(on_postgresql: Database, suppressions: Suppressions) -> None:
    """Where it costs less than reading everything, which for a few rows nothing does."""
    database, office = on_postgresql, Office(on_postgresql, suppressions)
    with database.write() as session:
        grown(session)
    with database.write() as session:
        session.execute(text("ANALYZE"))
    with watched(database) as seen:
        office.claim(office.one, limit=2)
    notices, *editions = claims(seen)
    with database.read() as session:
        for setting in ("enable_seqscan", "enable_bitmapscan"):
            session.execute(text(f"SET LOCAL {setting} = off"))
        plans = [
            "\n".join(row[0] for row in session.connection().exec_driver_sql(f"EXPLAIN {sql}", values))
            for sql, values in (notices, *editions)
        ]
    assert "ix_deliveries_free_notices" in plans[0]
    for plan in plans[1:]:
        assert re.search(r"ix_deliveries_free\b", plan)
    assert not any("Sort" in plan for plan in plans), plans


def test_the_next_moment_is_found_by_index_too(on_sqlite: Database, suppressions: Suppressions) -> None:
    """What a run asks at its end."""
    Office(on_sqlite, suppressions)
    with on_sqlite.write() as session:
        grown(session)
    with watched(on_sqlite) as seen, on_sqlite.read() as session:
        assert claiming.next_due(session) == NOW
    asked = [query for query in seen if "min(deliveries.due_at)" in query[0]]
    with on_sqlite.read() as session:
        notices, *editions = [plan_of(session, *query) for query in asked]
    assert re.search("SEARCH deliveries USING (COVERING )?INDEX ix_deliveries_free_notices", notices)
    assert editions
    for plan in editions:
        assert re.search(r"SEARCH deliveries USING (COVERING )?INDEX ix_deliveries_free \(mailing_id=", plan)
