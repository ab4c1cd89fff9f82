"""What readers had chosen where a list comes from: it comes along, or is named."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from digest.audience.choices import Choices, read_choices
from digest.audience.columns import read_mapping
from digest.audience.importing import import_csv
from digest.audience.listing import export_csv
from digest.audience.models import Subscriber
from digest.audience.preferring import BadChoice
from digest.audience.rows import Row
from digest.audience.suppressing import Suppressions
from digest.db import Database
from digest.errors import SourceError
from tests.support.csv_lists import table_rows
from tests.support.tables import NOW, add_subscriber

ANN, BOB, EVE = "ann@example.org", "bob@example.org", "eve@example.org"
LATER = datetime(2026, 12, 24, 8, 0, tzinfo=UTC)
GOOD: list[tuple[dict[str, str], Choices | None]] = [
    ({}, None),
    ({"language": "", "text_only": "", "paused_until": ""}, None),
    ({"language": "", "text_only": "false", "paused_until": ""}, None),
    ({"language": "de"}, Choices(language="de")),
    ({"language": "de_DE"}, Choices(language="de-DE")),
    ({"language": "pt-BR", "text_only": "TRUE"}, Choices("pt-BR", text_only=True)),
    ({"paused_until": "2026-12-24T08:00:00Z"}, Choices(paused_until=LATER)),
    ({"paused_until": "2026-12-24T09:00:00+01:00"}, Choices(paused_until=LATER)),
]


@pytest.mark.parametrize(("cells", "choices"), GOOD)
def test_choices_as_an_export_writes_them(cells: dict[str, str], choices: Choices | None) -> None:
    """Nothing chosen is no choice."""
    assert read_choices(cells) == choices


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("language", "German", "expected a code such as de or pt-BR, not 'German'"),
        ("text_only", "maybe", "expected true or false, not 'maybe'"),
        ("paused_until", "2026-12-24T08:00:00", "expected a moment such as"),
        ("paused_until", "soon", "expected a moment such as"),
        ("paused_until", "0001-01-01T00:00:00+05:00", "expected a moment such as"),
        ("paused_until", "9999-12-31T23:59:59-05:00", "expected a moment such as"),
    ],
)
def test_what_is_no_choice_is_named(field: str, text: str, said: str) -> None:
    """With its field, what was expected, and how to do without it; its row stays out."""
    with pytest.raises(BadChoice) as caught:
        read_choices({field: text})
    assert (caught.value.field, caught.value.message[: len(said)]) == (field, said)
    (row,) = table_rows(f"email,{field}\n{ANN},{text}\n".encode())
    assert isinstance(row, SourceError)
    assert (row.line, row.field) == (2, field)
    assert row.message.endswith(f"; --map {field}= leaves the column out")
    (row,) = table_rows(f"email,{field}\n{ANN},{text}\n".encode(), mapping=read_mapping(f"{field}="))
    assert isinstance(row, Row)


def imported(database: Database, suppressions: Suppressions, data: str, now: datetime) -> None:
    """The file taken in."""
    file = io.BytesIO(data.encode())
    import_csv(
        database,
        file,
        "list.csv",
        suppressions=suppressions,
        now=now,
        consent="the old list",
        on_pending=lambda *_: None,
    )


def chosen(database: Database) -> dict[str, Choices]:
    """The choices of everybody on the list."""
    with database.read() as session:
        return {
            one.email: Choices(one.language, one.text_only, one.paused_until)
            for one in session.scalars(select(Subscriber).order_by(Subscriber.id))
        }


def test_an_export_brings_the_choices_along(database: Database, suppressions: Suppressions) -> None:
    """Whoever pauses does so in another installation too."""
    with database.write() as session:
        add_subscriber(session, ANN)
        bob = add_subscriber(session, BOB)
        bob.language, bob.text_only, bob.paused_until = "de", True, LATER
    before, out = chosen(database), io.StringIO()
    with database.write() as session:
        export_csv(session, out)
        for one in session.scalars(select(Subscriber)):
            session.delete(one)
    imported(database, suppressions, out.getvalue(), NOW)
    assert chosen(database) == before
    assert before[BOB] == Choices("de", text_only=True, paused_until=LATER)


def test_who_is_on_the_list_keeps_their_own(database: Database, suppressions: Suppressions) -> None:
    """Also somebody whom an earlier row brought, in the same batch or another import."""
    data = f"email,language\n{ANN},de\n{ANN},fr\n{BOB},\n{BOB},fr\n{EVE},pt-BR\n"
    imported(database, suppressions, data, NOW)
    imported(database, suppressions, f"email,language\n{EVE},it\n", NOW + timedelta(hours=1))
    assert {who: choices.language for who, choices in chosen(database).items()} == {
        ANN: "de",
        BOB: None,
        EVE: "pt-BR",
    }
