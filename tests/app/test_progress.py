"""How far a run has come, in numbers, in words and in the log."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest
import structlog

from digest.app.progress import EachMinute, progress
from digest.audience.importing import ImportReport
from digest.cli.progress import reading_words, words
from digest.delivery.models import State
from digest.delivery.sending import Tally
from digest.logs import configure_logs

TRIES = Counter({State.SENT: 1190, State.DEFERRED: 6, State.FAILED: 3, State.UNKNOWN: 1})


def test_rate_and_time_left() -> None:
    """Over all tries, whatever they led to."""
    at = progress(Tally(tries=TRIES, due=3600), 10)
    assert (at.sent, at.deferred, at.failed, at.other, at.done) == (1190, 6, 3, 1, 1200)
    assert (at.per_second, at.seconds_left) == (120, 20)
    assert words(at) == "1,190 sent, 6 deferred, 3 failed, 1 in doubt or not begun; 120 a second; 20 s left"


@pytest.mark.parametrize(
    ("due", "done", "seconds", "said"),
    [
        (10, 0, 0.0, "nothing yet; 0.0 a second"),
        (10, 10, 4.0, "10 sent; 2.5 a second; 0 s left"),
        (10, 11, 1.0, "11 sent; 11 a second; 0 s left"),
        (340, 100, 100.0, "100 sent; 1.0 a second; 4 min left"),
        (12_100, 100, 100.0, "100 sent; 1.0 a second; 3 h 20 min left"),
    ],
)
def test_in_words(due: int, done: int, seconds: float, said: str) -> None:
    """As coarse as a guess is."""
    assert words(progress(Tally(tries=Counter({State.SENT: done} if done else {}), due=due), seconds)) == said


@pytest.fixture
def logs() -> Iterator[None]:
    """The log as commands write it, for one test only."""
    configure_logs()
    yield
    structlog.reset_defaults()


def test_a_line_a_minute(capsys: pytest.CaptureFixture[str], logs: None) -> None:
    """However many tries there are in it; none for what is done sooner."""
    now = 1000.0
    tally = Tally(tries=TRIES, due=3600, began=now)
    each = EachMinute(lambda: now)
    for second in range(1, 125):
        now = 1000.0 + second
        each(tally)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(one["per_second"], one["seconds_left"]) for one in lines] == [(20.0, 120), (10.0, 240)]
    assert {(one["action"], one["sent"], one["deferred"], one["failed"]) for one in lines} == {
        ("progress", 1190, 6, 3)
    }


IMPORTS = [
    (
        ImportReport(added=9_000, known=1_000, bytes_done=250, bytes_all=1000),
        "10,000 rows; 2,500 a second; 12 s left",
    ),
    (ImportReport(added=9_000, known=1_000, bytes_done=250), "10,000 rows; 2,500 a second"),
    (
        ImportReport(added=10_000, resumed=6_000, bytes_before=600, bytes_done=1000, bytes_all=4000),
        "10,000 rows; 1,000 a second; 30 s left",
    ),
    (ImportReport(bytes_all=1000), "0 rows; 0 a second"),
]


@pytest.mark.parametrize(("report", "said"), IMPORTS)
def test_an_import_in_words(report: ImportReport, said: str) -> None:
    """The time left goes by bytes, and by what this run did; of a pipe nobody knows it."""
    assert reading_words(report.reading, 4) == said
