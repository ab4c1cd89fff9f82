"""What the tests of docs/faults.md share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.trials import Trials
from tests.support.tables import open_tables


@pytest.fixture(scope="session")
def trials(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trials]:
    """A database with an edition that is owed, made once and restored for each trial."""
    file = tmp_path_factory.mktemp("trials") / "digest.db"
    with open_tables(f"sqlite:///{file}") as database:
        yield Trials(database, file)
