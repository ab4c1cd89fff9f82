"""A database with this version's tables, on each engine in turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from digest.audience.suppressing import Suppressions
from digest.db import Database
from tests.support.tables import open_tables


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
