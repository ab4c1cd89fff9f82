"""Which column is which: by the header row, or as the operator says."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.audience.columns import FIELDS, NotAMapping, read_mapping
from digest.audience.rows import Row
from digest.errors import SourceError
from tests.support.csv_lists import table_rows

GOOD = [
    ('email="E-Mail",name="Full name"', {"email": "E-Mail", "name": "Full name"}),
    ("email=E-Mail,name=Full name", {"email": "E-Mail", "name": "Full name"}),
    (' Email = "Mail, private" , status= Stand ', {"email": "Mail, private", "status": "Stand"}),
    ('name="the ""best"" one"', {"name": 'the "best" one'}),
    ("email=a=b", {"email": "a=b"}),
    ("", {}),
]


@pytest.mark.parametrize(("text", "mapping"), GOOD)
def test_mappings_as_they_are_typed(text: str, mapping: dict[str, str]) -> None:
    """With the quotes and without, which a shell takes away."""
    assert read_mapping(text) == mapping


BAD = [
    ("E-Mail", "expected email="),
    ("email", "expected email="),
    ('email="E-Mail', "expected email="),
    ('email="E"-Mail', "expected email="),
    ("mail=E-Mail", "expected one of email, name, status, .* before the =, not 'mail'"),
    ("email=a,email=b", "email is named twice"),
    ("email=,name=x", "expected the name of a column after email="),
]


@pytest.mark.parametrize(("text", "said"), BAD)
def test_other_mappings_are_refused(text: str, said: str) -> None:
    """With what was expected."""
    with pytest.raises(NotAMapping, match=said):
        read_mapping(text)


@given(st.text())
def test_no_mapping_is_too_odd(text: str) -> None:
    """It is one, or it is refused."""
    with suppress(NotAMapping):
        assert set(read_mapping(text)) <= set(FIELDS)


def test_other_names_of_columns() -> None:
    """Whatever their case; a column that would have been taken otherwise is left alone."""
    table = b'email;E-MAIL;"Full  name";name\nx;ann@example.org;Ann;no\n'
    (row,) = table_rows(table, mapping=read_mapping("email=e-mail,name=full name"))
    assert isinstance(row, Row)
    assert (row.address.email, row.name) == ("ann@example.org", "Ann")


def test_a_column_can_be_left_out() -> None:
    """Where another tool means something else by its name."""
    table = b"email,name,status\nann@example.org,Ann,Subscribed\n"
    (named,) = table_rows(table)
    assert isinstance(named, SourceError)
    assert named.message == (
        "expected pending, active, unsubscribed, bounced, complained or nothing, not 'subscribed'"
        "; name those who may be mailed active"
    )
    (row,) = table_rows(table, mapping=read_mapping('name="",status='))
    assert isinstance(row, Row)
    assert (row.address.email, row.name, row.pending) == ("ann@example.org", None, False)


@pytest.mark.parametrize(
    ("mapping", "field", "said"),
    [
        ("email=Mail", "email", 'called Mail, found none among: "id", "E-Mail", "Name", "name"'),
        ("email=E-Mail,name=Surname", "name", "called Surname, found none among"),
        ("email=E-Mail", "name", "called name, found two or more of that name among"),
        ("email=E-Mail,name=id,status=Stand", "status", "called Stand, found none"),
    ],
)
def test_a_missing_column_is_named_with_those_there_are(mapping: str, field: str, said: str) -> None:
    """Before anything is read."""
    with pytest.raises(SourceError) as caught:
        list(table_rows(b"id,E-Mail,Name,name\n", mapping=read_mapping(mapping)))
    assert (caught.value.line, caught.value.field) == (1, field)
    assert said in caught.value.message
