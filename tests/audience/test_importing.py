"""Importing: good rows in, bad ones named, nobody revived, nobody mailed who did not agree."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.audience import importing
from digest.audience.addresses import read_address
from digest.audience.csv_rows import OPEN_QUOTE
from digest.audience.importing import ImportReport, Row, import_csv, read_rows
from digest.audience.models import Consent, Standing, Subscriber
from digest.audience.suppressing import Suppressions
from digest.db import Database
from digest.errors import SourceError
from tests.support.tables import NOW, add_subscriber, standings


def rows(data: bytes) -> list[Row | SourceError]:
    """Every row of a file."""
    return list(read_rows(io.BytesIO(data), "list.csv"))


def seen(data: bytes) -> list[tuple[int | None, str]]:
    """Line and address of good rows, line and message of bad ones."""
    return [
        (row.line, row.address.email) if isinstance(row, Row) else (row.line, f"! {row.message}")
        for row in rows(data)
    ]


ANN, BOB = "ann@example.org", "bob@example.org"
GOOD = [
    (b"email\nann@example.org\nbob@example.org\n", [(2, ANN), (3, BOB)]),
    (b"email\r\nann@example.org\r\nbob@example.org", [(2, ANN), (3, BOB)]),
    (b"\xef\xbb\xbfemail\nann@example.org\n", [(2, ANN)]),
    (b'\xef\xbb\xbf"email","name"\nann@example.org,Ann\n', [(2, ANN)]),
    (b"id, E-Mail ,EMAIL ,name\n1,x,ann@example.org,Ann\n", [(2, ANN)]),
    (b"email,name\n\n  ,\nann@example.org\n", [(4, ANN)]),
    (b"email,name\nann@example.org,Ann,more,and more\n", [(2, ANN)]),
    (b'email,name\nann@example.org,"A\n\nnn"\nbob@example.org,\n', [(2, ANN), (5, BOB)]),
    (b"email\nann@example.org\xc2\xa0\n", [(2, ANN)]),
    (b"email\n", []),
    (b"email\rann@example.org\rbob@example.org\r", [(2, ANN), (3, BOB)]),
    (b'email,name\rann@example.org,"A\rnn"\rbob@example.org,', [(2, ANN), (4, BOB)]),
    (b'email,name\nann@example.org,"A" nn\nbob@example.org,5" tall\n', [(2, ANN), (3, BOB)]),
]


@pytest.mark.parametrize(("data", "found"), GOOD)
def test_csv_as_people_have_it(data: bytes, found: list[tuple[int, str]]) -> None:
    """Line ends, byte order marks, other columns, blank and ragged rows."""
    assert seen(data) == found


BAD = [
    (b"email\nann\nbob@example.org\n", [(2, "expected an address"), (3, BOB)]),
    (b"name,email\nAnn\nBob,bob@example.org\n", [(2, "expected an address"), (3, BOB)]),
    (b"email,name\nann@example.org,M\xfcller\nbob@example.org,B\n", [(2, "UTF-8"), (3, BOB)]),
    (b"email\na\x00nn@example.org\nbob@example.org\n", [(2, "must be ASCII"), (3, BOB)]),
    (b"email,name\nann@example.org," + b"x" * 200_000 + b"\nbob@example.org,\n", [(2, "field"), (3, BOB)]),
    (b'email,name\n"a@b@example.org\nc",x\nbob@example.org,\n', [(2, "characters"), (4, BOB)]),
    (b'email\nann@example.org\n"bob@example.org\nzoe@example.org\n', [(2, ANN), (3, OPEN_QUOTE)]),
    (b'email,name\nann@example.org,"Ann\nbob@example.org,"Bob"\nzoe@example.org,\n', [(2, OPEN_QUOTE)]),
    (b'email,name\nann@example.org,\nbob@example.org,"B' + b"\nx" * 70_000, [(2, ANN), (3, OPEN_QUOTE)]),
    (b'email,name\nann@example.org,"A" nn\nbob@example.org,"', [(2, ANN), (3, OPEN_QUOTE)]),
]


@pytest.mark.parametrize(("data", "found"), BAD)
def test_bad_rows_are_named_and_the_rest_is_read(data: bytes, found: list[tuple[int, str]]) -> None:
    """By the line where they begin, with the reason."""
    got = seen(data)
    assert [line for line, _ in got] == [line for line, _ in found]
    for (_, text), (_, expected) in zip(got, found, strict=True):
        assert expected in text
        assert text.encode()
        assert len(text) < 300


HEADERS = [
    (b"", "found 'nothing'"),
    (b"ann@example.org\nbob@example.org\n", "found 'ann@example.org'"),
    (b"email;name\nann@example.org;Ann\n", "separated by commas, found 'email;name'"),
    (b"email\tname\nann@example.org\tAnn\n", "separated by commas"),
    (b"email,name,email\na@b.example,A,c@d.example\n", "one column called email"),
    ("email,name\nann@example.org,Ann\n".encode("utf-16"), "UTF-8"),
    (b"email,Vorname,Stra\xdfe\nann@example.org,Ann,x\n", "UTF-8"),
    (b"x" * 200_000, "header row"),
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
    """One line, two hundred characters."""
    data = f'email,name\n{ANN},"  A \n\t nn {"n" * 300}"\n{BOB},\n'.encode()
    ann, bob = rows(data)
    assert isinstance(ann, Row)
    assert isinstance(bob, Row)
    assert (ann.name or "").startswith("A nn nnn")
    assert len(ann.name or "") == 200
    assert bob.name is None


class Importer:
    """Imports into one database and remembers who was to be asked."""

    def __init__(self, database: Database, suppressions: Suppressions) -> None:
        """Nobody has been asked."""
        self.database, self.suppressions = database, suppressions
        self.asked: list[str] = []

    def __call__(self, data: str, consent: str | None = "the fair") -> ImportReport:
        """Import a file with this text."""
        return import_csv(
            self.database,
            io.BytesIO(data.encode()),
            "list.csv",
            suppressions=self.suppressions,
            now=NOW,
            consent=consent,
            on_pending=self.ask,
        )

    def ask(self, session: Session, added: Sequence[Subscriber]) -> None:
        """Remember who is to be asked."""
        self.asked += [subscriber.email for subscriber in added]


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
        assert session.scalars(select(Subscriber.confirmed_at)).all() == [NOW, NOW]


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
    assert [(error.line, error.message) for error in report.rejected] == [(3, OPEN_QUOTE)]
    assert standings(importer.database) == {ANN: "active"}


def test_the_suppressed_stay_out(importer: Importer) -> None:
    """Whatever the reason and the spelling."""
    with importer.database.write() as session:
        for reason in ("unsubscribe", "bounce", "complaint", "operator"):
            address = read_address(f"{reason}@bücher.example")
            importer.suppressions.suppress(session, address, reason, "test", NOW)
    barred = "Unsubscribe@BÜCHER bounce@xn--bcher-kva COMPLAINT@bücher operator@bücher"
    reasons = "\n".join(f"{name}.example" for name in barred.split())
    for consent in ("the fair", None):
        report = importer(f"email\n{reasons}\n{ANN}\n", consent)
        assert report.suppressed == 4
    assert standings(importer.database) == {ANN: "active"}


def test_every_row_is_counted(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    """In several batches, with repetitions within and across them and bad rows in between."""
    monkeypatch.setattr(importing, "BATCH", 4)
    emails = [f"r{number % 7}@example.org" for number in range(15)] + ["bad", ""]
    report = importer("email\n" + "\n".join(emails) + "\nlast@example.org\n")
    assert (report.added, report.known, len(report.rejected)) == (8, 8, 1)
    assert report.rows == 17
    assert [(error.line, error.field) for error in report.rejected] == [(17, "email")]
    assert len(standings(importer.database)) == 8


def test_a_batch_is_all_or_nothing_with_its_notices(importer: Importer) -> None:
    """Nobody is on the list who is owed a mail that was not written."""

    def fail(session: Session, added: Sequence[Subscriber]) -> None:
        raise KeyError("x")

    importer.ask = fail  # type: ignore[method-assign]
    with pytest.raises(KeyError):
        importer(f"email\n{ANN}\n", None)
    assert standings(importer.database) == {}


@pytest.mark.parametrize("status", ["unsubscribed", "bounced", "complained"])
def test_our_own_export_brings_nobody_back(status: str) -> None:
    """A row that says its reader left is named and kept out, also where nobody knows them."""
    file = io.BytesIO(f"email,status\nann@example.org,{status}\nbob@example.org,active\n".encode())
    first, second = read_rows(file, "export.csv")
    assert isinstance(first, SourceError)
    assert (first.line, first.field) == (2, "status")
    assert not isinstance(second, SourceError)
