"""Importing: good rows in, bad ones named, nobody revived, nobody mailed who did not agree."""

from __future__ import annotations

import io
import re
import tracemalloc
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.audience import importing
from digest.audience.addresses import read_address
from digest.audience.csv_rows import OPEN_QUOTE
from digest.audience.importing import ImportReport, import_csv
from digest.audience.models import Consent, Standing, Subscriber
from digest.audience.names import LONGEST_NAME
from digest.audience.rows import Row
from digest.audience.suppressing import Suppressions
from digest.db import Database
from digest.errors import SourceError
from tests.support.csv_lists import table_rows
from tests.support.dumps import dumped
from tests.support.tables import NOW, add_subscriber, standings


def rows(data: bytes) -> list[Row | SourceError]:
    """Every row of a file."""
    return list(table_rows(data))


def seen(data: bytes) -> list[str]:
    """The address of good rows, line and message of bad ones."""
    return [row.address.email if isinstance(row, Row) else f"{row.line}: {row.message}" for row in rows(data)]


ANN, BOB = "ann@example.org", "bob@example.org"
GOOD = [
    (b"email\nann@example.org\nbob@example.org\n", [ANN, BOB]),
    (b"email\r\nann@example.org\r\nbob@example.org", [ANN, BOB]),
    (b"\xef\xbb\xbfemail\nann@example.org\n", [ANN]),
    (b'\xef\xbb\xbf"email","name"\nann@example.org,Ann\n', [ANN]),
    (b"id, E-Mail ,EMAIL ,name\n1,x,ann@example.org,Ann\n", [ANN]),
    (b"email,name\n\n  ,\nann@example.org\n", [ANN]),
    (b"email,name\nann@example.org,Ann,more,and more\n", [ANN]),
    (b'email,name\nann@example.org,"A\n\nnn"\nbob@example.org,\n', [ANN, BOB]),
    (b"email\nann@example.org\xc2\xa0\n", [ANN]),
    (b"email\n", []),
    (b"email\rann@example.org\rbob@example.org\r", [ANN, BOB]),
    (b'email,name\rann@example.org,"A\rnn"\rbob@example.org,', [ANN, BOB]),
    (b'email,name\nann@example.org,"A" nn\nbob@example.org,5" tall\n', [ANN, BOB]),
    (b"Name;E-Mail;email\nAnn;x;ann@example.org\n", [ANN]),
    (b"name\temail\nAnn, the first\tann@example.org\n", [ANN]),
]


@pytest.mark.parametrize(("data", "found"), GOOD)
def test_csv_as_people_have_it(data: bytes, found: list[str]) -> None:
    """Line ends, byte order marks, other columns, blank and ragged rows."""
    assert seen(data) == found


BAD = [
    (b"email\nann\nbob@example.org\n", ["2: .*expected an address", BOB]),
    (b"name,email\nAnn\nBob,bob@example.org\n", ["2: .*expected an address", BOB]),
    (b"email,name\nann@example.org,M\xfcller\nbob@example.org,B\n", ["2: .*UTF-8", BOB]),
    (b"email\na\x00nn@example.org\nbob@example.org\n", ["2: .*beyond a to z", BOB]),
    (b"email,name\nann@example.org," + b"x" * 200_000 + b"\nbob@example.org,\n", ["2: .*field", BOB]),
    (b'email,name\n"a@b@example.org\nc",x\nbob@example.org,\n', ["2: .*expected an address", BOB]),
    (b'email,name\n\n  ,\nann@example.org,"A\n\nnn"\nbob\n', [ANN, "7: .*expected an address"]),
    (b'email,name\rann@example.org,"A\rnn"\rbob', [ANN, "4: .*expected an address"]),
    (b'email\nann@example.org\n"bob@example.org\nzoe@example.org\n', [ANN, f"3: {OPEN_QUOTE}"]),
    (b'email,name\nann@example.org,"Ann\nbob@example.org,"Bob"\nzoe@example.org,\n', [f"2: {OPEN_QUOTE}"]),
    (b'email,name\nann@example.org,\nbob@example.org,"B' + b"\nx" * 70_000, [ANN, f"3: {OPEN_QUOTE}"]),
    (b'email,name\nann@example.org,"A" nn\nbob@example.org,"', [ANN, f"3: {OPEN_QUOTE}"]),
]


@pytest.mark.parametrize(("data", "found"), BAD)
def test_bad_rows_are_named_and_the_rest_is_read(data: bytes, found: list[str]) -> None:
    """By the line where they begin, with the reason."""
    for text, expected in zip(seen(data), found, strict=True):
        assert re.match(expected, text, re.DOTALL)
        assert text.encode()
        assert len(text) < 300


HEADERS = [
    (b"", "found none among: nothing"),
    (b"ann@example.org\nbob@example.org\n", 'found none among: "ann@example.org"; --map email='),
    (b"E-Mail;name\nann@example.org;Ann\n", 'among: "E-Mail;name"'),
    (b"email,name,email\na@b.example,A,c@d.example\n", 'two or more of that name among: "email", "name"'),
    ("email,name\nann@example.org,Ann\n".encode("utf-16"), "UTF-8"),
    (b"email,Vorname,Stra\xdfe\nann@example.org,Ann,x\n", "UTF-8"),
    (b"x" * 200_000, "header row"),
    (b"x" * 2_000_000, "header row"),
]


@pytest.mark.parametrize(("data", "said"), HEADERS)
def test_an_unusable_header_is_named(data: bytes, said: str) -> None:
    """Nothing is imported, and the message says what was expected."""
    with pytest.raises(SourceError) as caught:
        rows(data)
    assert str(caught.value).startswith("list.csv:1: ")
    assert said in str(caught.value)
    assert str(caught.value).encode()


def test_names_are_cut_to_size() -> None:
    """One line, as many characters as a reader may give, and none that cannot be seen."""
    data = f'email,name\n{ANN},"  A \n\t nn {"n" * 300}"\n{BOB},\nzoe@example.org,"Z\u202eo\x1be"\n'.encode()
    ann, bob, zoe = rows(data)
    assert isinstance(ann, Row)
    assert isinstance(bob, Row)
    assert (ann.name or "").startswith("A nn nnn")
    assert len(ann.name or "") == LONGEST_NAME
    assert isinstance(zoe, Row)
    assert zoe.name == "Zoe"
    assert bob.name is None


class Importer:
    """Imports into one database, each time a second later, and remembers who was to be asked."""

    def __init__(self, database: Database, suppressions: Suppressions) -> None:
        """Nobody has been asked."""
        self.database, self.suppressions = database, suppressions
        self.asked: list[str] = []
        self.now = NOW

    def __call__(self, data: str, consent: str | None = "the fair", *, dry_run: bool = False) -> ImportReport:
        """Import a file with this text."""
        self.now += timedelta(seconds=1)
        return import_csv(
            self.database,
            io.BytesIO(data.encode()),
            "list.csv",
            suppressions=self.suppressions,
            now=self.now,
            consent=consent,
            on_pending=self.ask,
            dry_run=dry_run,
        )

    def ask(self, session: Session, added: Sequence[int]) -> None:
        """Remember who is to be asked."""
        self.asked += session.scalars(select(Subscriber.email).where(Subscriber.id.in_(added)))


@pytest.fixture
def importer(database: Database, suppressions: Suppressions) -> Importer:
    """Ready to import."""
    return Importer(database, suppressions)


def test_with_consent_they_are_active(importer: Importer) -> None:
    """And nobody is asked; the history says where they agreed."""
    report = importer(f"email,name\n{ANN},Ann\n{BOB},\n")
    assert (report.added, report.rows, importer.asked) == (2, 2, [])
    assert standings(importer.database) == {ANN: "active", BOB: "active"}
    with importer.database.read() as session:
        assert set(session.scalars(select(Consent.source))) == {"the fair (list.csv)"}
        assert set(session.scalars(select(Subscriber.confirmed_at))) == {importer.now}


@pytest.mark.parametrize("consent", [None, ""])
def test_without_consent_they_are_pending_and_asked_once(importer: Importer, consent: str | None) -> None:
    """However often the file is imported."""
    for _ in range(2):
        importer(f"email\n{ANN}\n{ANN.upper()}\n{BOB}\n", consent)
    assert importer.asked == [ANN, BOB]
    assert standings(importer.database) == {ANN: "pending", BOB: "pending"}


def test_nobody_is_revived(importer: Importer) -> None:
    """Whatever somebody's standing, an import leaves it, with consent or without."""
    with importer.database.write() as session:
        for standing in Standing:
            add_subscriber(session, f"{standing.value}@example.org", standing)
    before = standings(importer.database)
    data = "email,name\n" + "".join(f"{email.upper()},New name\n" for email in before)
    for consent in ("the fair", None):
        assert importer(data, consent).known == len(before)
    assert standings(importer.database) == before
    assert importer.asked == []
    with importer.database.read() as session:
        assert session.scalars(select(Consent)).all() == []


def test_what_stood_before_an_open_quote_is_in(importer: Importer) -> None:
    """The line where it opens is named, and nobody gets in who may only be mentioned behind it."""
    report = importer(f'email,name\n{ANN},Ann\n{BOB},"Bob\nzoe@example.org,"Zoe"\n' + "x@example.org,\n" * 20)
    assert [(error.line, error.message) for error in report.reasons] == [(3, OPEN_QUOTE)]
    assert standings(importer.database) == {ANN: "active"}


def test_the_suppressed_stay_out(importer: Importer) -> None:
    """Whatever the reason and the spelling."""
    with importer.database.write() as session:
        for reason in ("unsubscribe", "bounce", "complaint", "operator"):
            address = read_address(f"{reason}@bücher.example")
            importer.suppressions.suppress(session, address, reason, "test", NOW)
    suppressed = "Unsubscribe@BÜCHER bounce@xn--bcher-kva COMPLAINT@bücher operator@bücher"
    reasons = "\n".join(f"{name}.example" for name in suppressed.split())
    for consent in ("the fair", None):
        report = importer(f"email\n{reasons}\n{ANN}\n", consent)
        assert report.suppressed == 4
    assert standings(importer.database) == {ANN: "active"}


def small_batches(patch: pytest.MonkeyPatch, rows: int) -> None:
    """So many rows in every transaction."""
    for name in ("FIRST", "SMALLEST", "LARGEST"):
        patch.setattr(importing, name, rows)


@pytest.mark.parametrize("size", [1, 3, 4, 100])
@pytest.mark.parametrize("dry_run", [False, True])
def test_every_row_is_counted(
    importer: Importer, monkeypatch: pytest.MonkeyPatch, size: int, dry_run: bool
) -> None:
    """In batches of any size, with repetitions within and across them: the same numbers, also in a trial."""
    small_batches(monkeypatch, size)
    importer("email\nr5@example.org\nr6@example.org\n")
    with importer.database.write() as session:
        importer.suppressions.suppress(session, read_address("r4@example.org"), "complaint", "test", NOW)
    emails = [f"r{number % 7}@example.org" for number in range(15)] + ["bad", "", "R4@example.org"]
    data = (
        "email,status\n" + "\n".join(f"{email},active" for email in emails) + "\nlast@example.org,pending\n"
    )
    report = importer(data, dry_run=dry_run)
    told = {"added": 5, "asked": 1, "repeated": 5, "known": 4, "suppressed": 3, "rejected": 2}
    assert (report.counts(), report.rows) == (told, 19)
    assert [(error.line, error.field) for error in report.reasons] == [(17, "email"), (18, "email")]
    assert len(standings(importer.database)) == (2 if dry_run else 7)
    assert importer.asked == ([] if dry_run else ["last@example.org"])


def test_a_trial_stores_nothing(importer: Importer) -> None:
    """Whatever it says; and the import afterwards begins at the start."""
    before = dumped(importer.database)
    data = f"email\n{ANN}\n{BOB}\n{ANN}\n"
    told = importer(data, dry_run=True)
    assert told.counts() == importer(data, dry_run=True).counts()
    assert dumped(importer.database) == before
    assert importer(data).counts() == told.counts()
    assert (told.added, told.repeated, told.rows) == (2, 1, 3)


def test_who_never_confirmed_is_asked(importer: Importer) -> None:
    """Our own export says so of them; that others agreed at the fair does not make them active."""
    importer(f"email,status\n{ANN},pending\n{BOB},active\n")
    assert standings(importer.database) == {ANN: "pending", BOB: "active"}
    assert importer.asked == [ANN]
    with importer.database.read() as session:
        told = session.execute(select(Consent.event, Consent.source).order_by(Consent.id)).all()
        assert [tuple(one) for one in told] == [
            ("requested", "import of list.csv"),
            ("imported", "the fair (list.csv)"),
        ]


def test_they_stand_in_the_order_of_the_file(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an export gives them again."""
    small_batches(monkeypatch, 7)
    emails = [f"r{number}@example.org" for number in (5, 3, 9, 1, 8, 2, 7, 4, 6, 12, 11)]
    importer("email\n" + "\n".join(emails))
    assert list(standings(importer.database)) == emails


def test_rejected_rows_do_not_fill_the_memory(importer: Importer) -> None:
    """However long they are: each is written and forgotten."""
    row = "no address" + f",{'x' * 100_000}" * 3 + "\n"
    data, megabyte = "email\n" + row * 100, 1_000_000
    tracemalloc.start()
    try:
        held = tracemalloc.get_traced_memory()[0]
        assert importer(data).rejected == 100
        assert tracemalloc.get_traced_memory()[1] - held < len(data) + 10 * megabyte
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("size", "seconds", "following"),
    [(5_000, 0.01, 10_000), (10_000, 1.4, 5_000), (20_000, 0.1, 20_000), (5_000, 60.0, 5_000)],
)
def test_batches_are_as_long_as_others_can_wait(size: int, seconds: float, following: int) -> None:
    """Longer where they are quick, shorter where they are slow, within bounds."""
    assert importing.next_size(size, seconds) == following


def test_a_batch_is_all_or_nothing_with_its_notices(importer: Importer) -> None:
    """Nobody is on the list who is owed a mail that was not written."""

    def fail(session: Session, added: Sequence[int]) -> None:
        raise KeyError("x")

    importer.ask = fail  # type: ignore[method-assign]
    with pytest.raises(KeyError):
        importer(f"email\n{ANN}\n", None)
    assert standings(importer.database) == {}


@pytest.mark.parametrize("status", ["unsubscribed", "bounced", "complained"])
def test_our_own_export_brings_nobody_back(status: str) -> None:
    """A row that says its reader left is named and kept out, also where nobody knows them."""
    first, second = rows(f"email,status\nann@example.org,{status}\nbob@example.org,active\n".encode())
    assert isinstance(first, SourceError)
    assert (first.line, first.field) == (2, "status")
    assert not isinstance(second, SourceError)
