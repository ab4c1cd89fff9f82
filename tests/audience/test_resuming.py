"""An import that is broken off goes on where it was, and says so; another file or another wish does not."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.audience import importing
from digest.audience.importing import ImportReport, import_csv
from digest.audience.models import Import, Subscriber
from digest.audience.rejects import RejectsFile
from digest.audience.suppressing import Suppressions
from digest.db import Database
from digest.errors import Conflict
from tests.support.tables import NOW, standings

LIST = "email,name\n" + "".join(
    f"reader{number % 40}@example.org,Reader\n" if number % 7 else f"nobody,{number}\n"
    for number in range(60)
)
WHOLE = {"added": 37, "asked": 0, "repeated": 14, "known": 0, "suppressed": 0, "rejected": 9}


class Broken(Exception):
    """What breaks it off."""


class Reader:
    """Imports in batches of ten rows into one database, each time a minute later."""

    def __init__(self, database: Database, suppressions: Suppressions, folder: Path) -> None:
        """Nothing has been read."""
        self.database, self.suppressions = database, suppressions
        self.rejects, self.now = folder / "rejects.csv", NOW

    def __call__(
        self,
        data: str = LIST,
        *,
        consent: str | None = "the fair",
        breaks_after: int | None = None,
        mapping: dict[str, str] | None = None,
        from_start: bool = False,
        dry_run: bool = False,
        file: io.BytesIO | None = None,
    ) -> ImportReport:
        """Import, or break off as soon as so many rows are done."""
        self.now += timedelta(minutes=1)
        out = RejectsFile(str(self.rejects))

        def look(report: ImportReport) -> None:
            if breaks_after is not None and report.rows >= breaks_after:
                raise Broken

        try:
            return import_csv(
                self.database,
                file or io.BytesIO(data.encode()),
                "list.csv",
                suppressions=self.suppressions,
                now=self.now,
                consent=consent,
                on_pending=self.ask,
                on_progress=look,
                rejects=out,
                mapping=mapping,
                from_start=from_start,
                dry_run=dry_run,
            )
        finally:
            out.close()

    def ask(self, session: Session, added: Sequence[int]) -> None:
        """Nobody is mailed here."""


@pytest.fixture
def read(
    database: Database, suppressions: Suppressions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Reader:
    """Ready to import."""
    for name in ("FIRST", "SMALLEST", "LARGEST"):
        monkeypatch.setattr(importing, name, 10)
    return Reader(database, suppressions, tmp_path)


@pytest.mark.parametrize("done", [10, 30, 60])
def test_it_goes_on_and_reports_the_whole(read: Reader, done: int) -> None:
    """The same numbers, the same people and the same rejects as in one go."""
    expected = [f"{line}" for line in range(2, 62) if (line - 2) % 7 == 0]
    with pytest.raises(Broken):
        read(breaks_after=done)
    report = read()
    assert (report.counts(), report.rows, report.resumed) == (WHOLE, 60, done)
    assert len(standings(read.database)) == 37
    assert [line.split(",")[0] for line in read.rejects.read_text().splitlines()[1:]] == expected


@pytest.mark.parametrize("from_start", [False, True])
def test_a_trial_says_what_going_on_would(read: Reader, from_start: bool) -> None:
    """The same numbers, the same rejects, and nothing is stored: the place where to go on neither."""
    with pytest.raises(Broken):
        read(breaks_after=30)
    before = standings(read.database)
    told = read(dry_run=True, from_start=from_start)
    named = read.rejects.read_bytes()
    assert standings(read.database) == before
    done = read(from_start=from_start)
    assert (told.counts(), told.resumed) == (done.counts(), done.resumed)
    assert (done.resumed, read.rejects.read_bytes()) == (0 if from_start else 30, named)


def test_the_moment_is_that_of_the_first_beginning(read: Reader) -> None:
    """By it the rows of one import know each other; they are not another's."""
    with pytest.raises(Broken):
        read(breaks_after=10)
    read()
    with read.database.read() as session:
        assert set(session.scalars(select(Subscriber.created_at))) == {NOW + timedelta(minutes=1)}


def test_done_is_done(read: Reader) -> None:
    """Imported again, it is read from the start, and everybody is known."""
    assert read().counts() == WHOLE
    again = read()
    assert (again.known, again.repeated, again.added, again.rejected, again.resumed) == (51, 0, 0, 9, 0)
    assert len(read.rejects.read_text().splitlines()) == 10


@pytest.mark.parametrize(
    "other",
    [
        {"data": LIST.replace("reader1@", "another@")},
        {"data": LIST + "zoe@example.org,Zoe\n"},
        {"consent": "another fair"},
        {"consent": None},
        {"mapping": {"name": "email"}},
        {"from_start": True},
    ],
)
def test_what_is_not_the_same_begins_at_the_start(read: Reader, other: dict[str, object]) -> None:
    """A file that was changed, however little; other wishes; or because the operator says so."""
    with pytest.raises(Broken):
        read(breaks_after=30)
    assert read(**other).resumed == 0  # type: ignore[arg-type]  # each is one of its own arguments


def test_a_pipe_begins_at_the_start(read: Reader) -> None:
    """It cannot be read twice; who is in already is known."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with pytest.raises(Broken):
        read(breaks_after=30, file=Pipe(LIST.encode()))
    report = read(file=Pipe(LIST.encode()))
    assert (report.resumed, report.rows, report.bytes_all) == (0, 60, None)
    assert report.added + report.known + report.repeated == 51
    with read.database.read() as session:
        assert session.scalars(select(Import)).all() == []


@pytest.mark.parametrize(("breaks_after", "there"), [(30, 25), (None, 37)])
def test_two_at_one_file_do_not_count_each_others_rows(
    read: Reader, breaks_after: int | None, there: int
) -> None:
    """The second one to come to a place gives up, and nothing of its batch is in."""
    other = Reader(read.database, read.suppressions, read.rejects.parent / "..")
    other.rejects = read.rejects.with_name("other.csv")

    def meanwhile(report: ImportReport) -> None:
        if report.rows == 10:
            with suppress(Broken):
                other(breaks_after=breaks_after)

    with pytest.raises(Conflict, match="another process"):
        import_csv(
            read.database,
            io.BytesIO(LIST.encode()),
            "list.csv",
            suppressions=read.suppressions,
            now=NOW,
            consent="the fair",
            on_pending=read.ask,
            on_progress=meanwhile,
        )
    assert len(standings(read.database)) == there
