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


@pytest.fixture
def suppressions() -> Suppressions:
    """The list of those who must never be mailed, under a key of the tests'."""
    return Suppressions(b"s" * 32)
