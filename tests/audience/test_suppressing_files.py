"""Suppressing a file: addresses line by line or as CSV, and hashes that another database exported."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from sqlalchemy import event, select

from digest.audience.addresses import read_address
from digest.audience.csv_rows import CsvRows
from digest.audience.listing import export_csv, export_suppressions
from digest.audience.models import Consent, Standing, Subscriber, Suppression
from digest.audience.progress import Reading
from digest.audience.suppressing import Suppressions
from digest.audience.suppressing_files import BATCH, Entry, SuppressionReport, entries, suppress_file
from digest.db import Database
from digest.errors import SourceError
from tests.support.tables import NOW, add_subscriber, open_tables, standings


def suppress(
    database: Database, text: str | bytes, suppressions: Suppressions
) -> tuple[SuppressionReport, list[SourceError]]:
    """The file, and what was rejected of it."""
    rejected: list[SourceError] = []
    report = suppress_file(
        database,
        io.BytesIO(text.encode() if isinstance(text, str) else text),
        "gone.csv",
        suppressions=suppressions,
        reason="complaint",
        by="suppressed by zoe",
        now=NOW,
        on_rejected=rejected.append,
    )
    return report, rejected


def reasons(database: Database, suppressions: Suppressions, *emails: str) -> dict[str, str]:
    """Which of these are suppressed, and why."""
    with database.read() as session:
        return suppressions.among(session, emails)


@pytest.mark.parametrize(
    "text",
    [
        "ann@example.org\nBob@Example.org\n",
        "\ufeffann@example.org\r\n\r\nbob@example.org",
        "email\nann@example.org\nbob@example.org\n",
        "name,EMAIL\nAnn,ann@example.org\nBob,bob@example.org\n",
        "ann@example.org\rbob@example.org\r",
        'name;"E mail" ;email\nAnn;"x;y";ann@example.org\nBob;;bob@example.org\n',
        'Full name\t" Email "\nAnn\tann@example.org\nBob\tbob@example.org\n',
    ],
)
def test_lines_and_columns(database: Database, suppressions: Suppressions, text: str) -> None:
    """With or without a header."""
    report, rejected = suppress(database, text, suppressions)
    assert (report, rejected) == (SuppressionReport(suppressed=2), [])
    both = reasons(database, suppressions, "ann@example.org", "bob@example.org", "cat@example.org")
    assert both == {"ann@example.org": "complaint", "bob@example.org": "complaint"}


def test_columns_of_one_name_are_refused(database: Database, suppressions: Suppressions) -> None:
    """Nobody knows which of them is meant, and nothing is done."""
    with pytest.raises(SourceError, match="expected one column") as caught:
        suppress(database, "email,Email\nann@example.org,bob@example.org\n", suppressions)
    assert (caught.value.line, caught.value.field) == (1, "email")
    with pytest.raises(SourceError, match="a quote opens here"):
        suppress(database, 'email,"name\nann@example.org,Ann\n', suppressions)
    assert not reasons(database, suppressions, "ann@example.org", "bob@example.org")


def test_the_reason_that_stays_is_the_one_nobody_can_lift(
    exported: str, database: Database, suppressions: Suppressions
) -> None:
    """Wherever in the file it stands, and if the list has another."""
    head, *_ = exported.splitlines()
    row = ",".join((suppressions.hash("cat@example.org"), "{}", "", suppressions.fingerprint))
    for why in ("unsubscribe", "complaint", "erased"):
        head += "\n" + row.format(why)
    assert suppress(database, head, suppressions)[0] == SuppressionReport(suppressed=1, known=2)
    suppress(database, "bob@example.org\n", suppressions)
    both = reasons(database, suppressions, "bob@example.org", "cat@example.org")
    assert both == {"bob@example.org": "complaint", "cat@example.org": "complaint"}


def test_the_statements_are_as_many_whoever_is_in_it(database: Database, suppressions: Suppressions) -> None:
    """A batch takes a handful, not one for each row."""

    def statements(number: int) -> int:
        asked: list[str] = []
        event.listen(database.engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
        suppress(database, "".join(f"r{number}-{one}@example.org\n" for one in range(number)), suppressions)
        return len(asked)

    few = statements(5)
    assert statements(100) == few


def test_quotes_in_a_plain_file_are_part_of_an_address(
    database: Database, suppressions: Suppressions
) -> None:
    """In a CSV they are doubled, as everywhere in a CSV."""
    assert suppress(database, '"ann doe"@example.org\n"open@example.org\n', suppressions)[0].suppressed == 1
    assert suppress(database, 'email\n"""ann doe""@example.org"\n', suppressions)[0].known == 1


def test_bad_lines_are_named_and_the_others_done(database: Database, suppressions: Suppressions) -> None:
    """With their line and the reason."""
    text = "email\nann@example.org\nnobody\n\n\u00e4@example.org\nbob@example.org\nann@example.org\n"
    report, rejected = suppress(database, text, suppressions)
    assert report == SuppressionReport(suppressed=2, known=1, rejected=2)
    assert [(one.line, one.field) for one in rejected] == [(3, "email"), (5, "email")]
    assert "such as ann@example.org" in rejected[0].message


def test_stray_bytes_are_no_address(database: Database, suppressions: Suppressions) -> None:
    """Their line is named, and the rest is read."""
    report, rejected = suppress(database, b"\xff\xfe@example.org\nann@example.org\n", suppressions)
    assert (report.suppressed, report.rejected, rejected[0].line) == (1, 1, 1)


def test_who_is_on_the_list_leaves(database: Database, suppressions: Suppressions) -> None:
    """And the history says by whom."""
    with database.write() as session:
        add_subscriber(session, "ann@example.org")
        add_subscriber(session, "bob@example.org")
    suppress(database, "ann@example.org\n", suppressions)
    assert standings(database) == {"ann@example.org": "complained", "bob@example.org": "active"}
    with database.read() as session:
        assert session.scalars(select(Consent.source)).all() == ["suppressed by zoe"]


def test_more_than_a_batch(database: Database, suppressions: Suppressions) -> None:
    """Every one of them."""
    lines = "".join(f"r{number}@example.org\n" for number in range(2 * BATCH + 1))
    report, _ = suppress(database, lines, suppressions)
    assert report == SuppressionReport(suppressed=2 * BATCH + 1)


@pytest.mark.parametrize("seekable", [True, False], ids=["file", "pipe"])
def test_how_far_it_is(database: Database, suppressions: Suppressions, seekable: bool) -> None:
    """After each batch, in rows and bytes, from where the file stood; nobody knows how long a pipe is."""
    lines = b"nobody\n" + b"".join(b"r%d@example.org\n" % number for number in range(BATCH + 1))
    file = io.BytesIO(b"read before\n" + lines)
    file.seek(-len(lines), io.SEEK_END)
    seen: list[Reading] = []
    suppress_file(
        database,
        file if seekable else Pipe(lines),
        "gone.csv",
        suppressions=suppressions,
        reason="complaint",
        by="test",
        now=NOW,
        on_rejected=lambda _: None,
        on_progress=seen.append,
    )
    size = len(lines) if seekable else None
    assert [(one.rows, one.bytes_all) for one in seen] == [(BATCH + 1, size), (BATCH + 2, size)]
    assert 0 < seen[0].bytes_done < seen[1].bytes_done == len(lines)


class Pipe(io.BytesIO):
    """What cannot be read twice."""

    def seekable(self) -> bool:
        """It is gone."""
        return False


def test_our_own_export_of_the_list_can_be_suppressed(database: Database, suppressions: Suppressions) -> None:
    """Also addresses that a spreadsheet would take for formulas."""
    out = io.StringIO(newline="")
    with database.write() as session:
        add_subscriber(session, "=1+1@example.org")
        export_csv(session, out)
    report, rejected = suppress(database, out.getvalue(), suppressions)
    assert (report.suppressed, rejected) == (1, [])
    assert reasons(database, suppressions, "=1+1@example.org")


@pytest.fixture
def exported(database: Database, suppressions: Suppressions) -> str:
    """Suppressions of another database under the same key."""
    out = io.StringIO(newline="")
    with database.write() as session:
        for email, why in (("ann@example.org", "complaint"), ("bob@example.org", "unsubscribe")):
            suppressions.suppress(session, read_address(email), why, "a test", NOW)
    with database.read() as session:
        assert export_suppressions(session, out, suppressions.fingerprint) == 2
    return out.getvalue()


def test_hashes_move_from_one_database_to_another(
    exported: str, suppressions: Suppressions, tmp_path: Path
) -> None:
    """With their own reasons; whoever is on the list there leaves; no address is in the file."""
    assert "@" not in exported
    with open_tables(f"sqlite:///{tmp_path / 'other.db'}") as other:
        with other.write() as session:
            for email in ("ann@example.org", "bob@example.org", "cat@example.org"):
                add_subscriber(session, email)
        report, rejected = suppress(other, exported, suppressions)
        assert (report, rejected) == (SuppressionReport(suppressed=2), [])
        assert standings(other) == {
            "ann@example.org": "complained",
            "bob@example.org": "unsubscribed",
            "cat@example.org": "active",
        }
        with other.read() as session:
            found = {one.address_hash: one.reason for one in session.scalars(select(Suppression))}
        assert sorted(found.values()) == ["complaint", "unsubscribe"]
        assert suppress(other, exported, suppressions)[0] == SuppressionReport(known=2)


def test_who_left_and_asked_again_needs_a_new_link(
    exported: str, suppressions: Suppressions, tmp_path: Path
) -> None:
    """The one under way would lift the suppression that came after it; the same by address and by hash."""
    with open_tables(f"sqlite:///{tmp_path / 'other.db'}") as other:
        with other.write() as session:
            for email in ("ann@example.org", "bob@example.org", "cat@example.org", "dan@example.org"):
                asked = add_subscriber(session, email, Standing.UNSUBSCRIBED)
                asked.departures, asked.requested_at = 1, NOW
        suppress(other, exported, suppressions)
        suppress(other, "cat@example.org\n", suppressions)
        with other.read() as session:
            found = session.scalars(select(Subscriber).order_by(Subscriber.id)).all()
            assert [one.departures for one in found] == [2, 2, 2, 1]
            assert [one.requested_at for one in found] == [None, None, None, NOW]
            assert {one.status for one in found} == {Standing.UNSUBSCRIBED}
            assert session.scalars(select(Consent)).all() == []


def test_hashes_of_another_key_are_refused(exported: str, database: Database) -> None:
    """They would stand for nobody, in silence."""
    report, rejected = suppress(database, exported, Suppressions(b"t" * 32))
    assert report == SuppressionReport(rejected=2)
    assert {one.field for one in rejected} == {"key"}


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        ("hash,reason,key\nxyz,complaint,KEY\n", 2, "hash"),
        (f"hash,reason,key\n{'a' * 40},,KEY\n", 2, "reason"),
        (f"hash,reason,key\n{'a' * 40},=cmd(),KEY\n", 2, "reason"),
        (f"hash,reason,key\n{'a' * 40},complaint\n", 2, "key"),
    ],
)
def test_rows_that_are_no_hash(suppressions: Suppressions, text: str, line: int, field: str) -> None:
    """Are named by line and column."""
    file = io.BytesIO(text.replace("KEY", suppressions.fingerprint).encode())
    (error,) = entries(CsvRows(file, "gone.csv"), "gone.csv", suppressions.fingerprint)
    assert isinstance(error, SourceError)
    assert (error.line, error.field) == (line, field)


def test_hashes_without_their_columns_are_refused_before_anything_is_done(
    database: Database, suppressions: Suppressions
) -> None:
    """The error names what is missing."""
    with pytest.raises(SourceError, match="missing: key, reason"):
        suppress(database, f"hash\n{'a' * 40}\n", suppressions)
    assert list(entries(CsvRows(io.BytesIO(b""), "empty"), "empty", "x")) == []
    assert Entry().address is None
