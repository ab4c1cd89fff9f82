"""What every test can ask for, and the rule that nothing is skipped in silence."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.newsrooms import Newsroom, newsroom
from tests.support.postgres import PostgresMissing, PostgresServer
from tests.support.postgres import postgres_server as running_server
from tests.support.tables import empty, open_tables

# Set by continuous integration: whatever a test needs must be there.
NO_SKIP = os.environ.get("DIGEST_TEST_NO_SKIP", "") not in {"", "0"}

# The one excuse that always counts: a folder beside the clone, which a clone alone does not have.
EXCUSED = "../shared"


# A machine that stalls for a moment makes no example wrong.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server in which databases may be created; skips where there is none."""
    try:
        with running_server() as server:
            yield server
    except PostgresMissing as absent:
        pytest.skip(str(absent))


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of one's own without tables; a test that asks for it runs once on each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'digest.db'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        with server.database() as url:
            yield url


@pytest.fixture(scope="session")
def postgres_tables(postgres_server: PostgresServer) -> Iterator[str]:
    """A PostgreSQL database with this version's tables, to be emptied: making one takes half a second."""
    with postgres_server.database() as url, open_tables(url):
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Empty tables of one's own, on each engine in turn."""
    if request.param == "sqlite":
        with open_tables(f"sqlite:///{tmp_path / 'digest.db'}") as database:
            return database.url
    url: str = request.getfixturevalue("postgres_tables")
    empty(url)
    return url


@pytest.fixture
def room(database_url: str) -> Iterator[Newsroom]:
    """A newsroom at the default settings, on a Tuesday; two days later an edition is due."""
    with newsroom(database_url) as room:
        yield room


def skip_reason(report: pytest.TestReport | pytest.CollectReport) -> str | None:
    """Why that was skipped; None for anything else, expected failures included."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return None
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


def forbid_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Where skipping is forbidden, turn a skip into a failure that says what was missing."""
    reason = skip_reason(report) if NO_SKIP else None
    if reason is not None and not reason.startswith(EXCUSED):
        report.outcome = "failed"
        report.longrepr = f"Skipped, which DIGEST_TEST_NO_SKIP forbids: {reason}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Hold the rule for tests and fixtures."""
    report = yield
    forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Hold the rule for whole files (`importorskip`, `skip(allow_module_level=True)`)."""
    report = yield
    forbid_skip(report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end what was not tested and how to change that, whatever the options."""
    reasons = Counter(skip_reason(report) for report in terminalreporter.stats.get("skipped", []))
    if reasons:
        terminalreporter.section("NOT TESTED", sep="!", yellow=True, bold=True)
        for reason, count in reasons.most_common():
            terminalreporter.line(f"{count} skipped: {reason}", yellow=True)
