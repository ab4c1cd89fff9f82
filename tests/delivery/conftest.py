"""A database with this version's tables, on each engine in turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from digest.audience.suppressing import Suppressions
from digest.db import Database
from digest.delivery.signing import Signer
from tests.faults.smtp_server import FaultyServer, Script
from tests.support.offices import Office
from tests.support.posts import Post
from tests.support.signatures import KINDS, signer_of
from tests.support.tables import open_tables
from tests.support.verifiers import OpenDkim, Verify, dkimpy


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Empty tables."""
    with open_tables(database_url) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _even_dice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A retry five minutes away is due in five minutes; what the dice do is tested with retrying."""
    monkeypatch.setattr("digest.delivery.retrying.random", lambda: 0.5)


@pytest.fixture
def suppressions() -> Suppressions:
    """The list of those who must never be mailed, under a key of the tests'."""
    return Suppressions(b"s" * 32)


@pytest.fixture
def office(database: Database, suppressions: Suppressions) -> Office:
    """An edition on its way."""
    return Office(database, suppressions)


@pytest.fixture
def post_office(database: Database, suppressions: Suppressions) -> Any:
    """Opens for one script."""

    @contextmanager
    def opened(script: Script | None = None) -> Iterator[Post]:
        with FaultyServer(script) as server:
            yield Post(database, suppressions, server)

    return opened


@pytest.fixture(params=KINDS.values(), ids=list(KINDS))
def signer(request: pytest.FixtureRequest, tmp_path: Path) -> Signer:
    """With each kind of key in turn."""
    return signer_of(tmp_path, *request.param)


@pytest.fixture
def both(tmp_path: Path) -> Signer:
    """Signs twice."""
    return signer_of(tmp_path, "rsa2048", "ed25519")


@pytest.fixture(params=["dkimpy", "opendkim"])
def verify(request: pytest.FixtureRequest, tmp_path: Path) -> Verify:
    """Each verifier in turn."""
    return dkimpy if request.param == "dkimpy" else OpenDkim(tmp_path)
