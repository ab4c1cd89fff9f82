"""One grammar of names: what a form, an import or an operator gives can be saved again by its reader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.audience.names import LONGEST_NAME, tidy_name
from digest.audience.preferring import read_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ann", "Ann"),
        ("  Ann \u00a0 Müller\r\n", "Ann Müller"),
        ("Z\u202eo\x1be\0", "Zoe"),
        ("\udcff\udc80", None),
        ("\u200b \u2060", None),
        ("\u3164\u2800", None),
        ("", None),
        ("n" * 99 + " nn", "n" * 99),
        ("n" * 300, "n" * LONGEST_NAME),
    ],
)
def test_what_has_no_place_in_a_name_goes(text: str, name: str | None) -> None:
    """Whoever typed it is not there to be asked."""
    assert tidy_name(text) == name


@given(st.text(st.characters(), max_size=2 * LONGEST_NAME))
def test_every_name_kept_is_one_that_its_reader_may_choose(text: str) -> None:
    """The page for preferences takes it as it stands."""
    name = tidy_name(text)
    assert read_name(name or "") == name
