"""How long a database is waited for that is away, and what is said of it."""

from __future__ import annotations

import threading
from datetime import timedelta

import psycopg
import pytest
from structlog.testing import capture_logs

from digest.delivery.patience import Patience

MINUTE = timedelta(minutes=1)


def failing(times: int) -> tuple[list[int], object]:
    """Something that fails so often before it works."""
    tries: list[int] = []

    def act() -> str:
        tries.append(1)
        if len(tries) <= times:
            raise psycopg.OperationalError("gone")
        return "done"

    return tries, act


def test_it_waits_and_says_so_once() -> None:
    """And once that it is over; the next outage is a new one."""
    patience = Patience(threading.Event(), MINUTE)
    with capture_logs() as logs:
        for times in (3, 0, 1):
            _, act = failing(times)
            assert patience.run(act) == "done"  # type: ignore[arg-type]  # it is callable
    assert [line["action"] for line in logs] == ["database-away", "database-back"] * 2
    assert patience.tested == 2


@pytest.mark.parametrize("impatient", ["stop", "span"])
def test_it_ends(impatient: str) -> None:
    """When somebody wants to stop, or the time is up: then the error is told."""
    stop = threading.Event()
    if impatient == "stop":
        stop.set()
    tries, act = failing(99)
    with pytest.raises(psycopg.OperationalError, match="gone"):
        Patience(stop, timedelta() if impatient == "span" else MINUTE).run(act)  # type: ignore[arg-type]
    assert len(tries) == 1


def test_other_errors_are_nobodys_patience() -> None:
    """They are told at once, and not logged as an outage."""

    def act() -> None:
        raise KeyError("x")

    with capture_logs() as logs, pytest.raises(KeyError):
        Patience(threading.Event(), MINUTE).run(act)
    assert logs == []
