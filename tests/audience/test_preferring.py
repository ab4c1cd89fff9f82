"""What readers choose for themselves: names, pauses over changes of clocks, and the trace they leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from digest.audience import joining
from digest.audience.addresses import read_address
from digest.audience.limits import Allowances
from digest.audience.listing import as_json
from digest.audience.models import Standing, Subscriber
from digest.audience.preferring import (
    WEEKS,
    BadChoice,
    Pause,
    Rename,
    Resume,
    Wish,
    fulfil,
    pause_end,
    paused_until,
    read_name,
    read_weeks,
)
from digest.audience.suppressing import Suppressions
from digest.db import Database
from digest.tokens import Purpose, Token
from tests.support.tables import NOW, add_subscriber, history

BERLIN = ZoneInfo("Europe/Berlin")
ANN = read_address("ann@example.org")


def wish(session: Session, one: Wish, now: datetime = NOW) -> Subscriber:
    """Ann wishes something."""
    ann = joining.get(session, ANN)
    fulfil(session, ann, one, zone=BERLIN, source="the preferences page", now=now)
    return ann


def events(session: Session) -> list[str]:
    """Her history."""
    entries = history(session, joining.get(session, ANN))
    assert {entry.source for entry in entries} <= {"the preferences page", "link"}
    return [entry.event for entry in entries]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Ann", "Ann"),
        ("  Ann \u00a0 Müller  ", "Ann Müller"),
        ("", None),
        ("   ", None),
        ("<b>Ann</b> & {{ 7*7 }}", "<b>Ann</b> & {{ 7*7 }}"),
        ("نام\u200cخانوادگی", "نام\u200cخانوادگی"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        ("x" * 100, "x" * 100),
    ],
)
def test_names(typed: str, name: str | None) -> None:
    """Any letters of any language on one line."""
    assert read_name(typed) == name


@pytest.mark.parametrize(
    "typed",
    [
        "x" * 101,
        "x" * 300,
        "Ann\nBcc: bob@example.org",
        "Ann\r\n",
        "Ann\t",
        "\0",
        "Ann\x1b[2J",
        "Ann\u2028Bob",
        "Ann\u0085Bob",
        "Ann\u202eBob",
        "Ann\u2066Bob",
        "Ann\ud800",
    ],
)
def test_names_that_are_refused(typed: str) -> None:
    """Too long, or more than a line."""
    with pytest.raises(BadChoice) as caught:
        read_name(typed)
    assert caught.value.field == "name"


@given(st.text(max_size=120))
def test_a_name_is_one_short_line_or_refused(typed: str) -> None:
    """Whatever is typed; and reading it again changes nothing."""
    try:
        name = read_name(typed)
    except BadChoice:
        return
    assert name is None or (len(name) <= 100 and len(name.splitlines()) == 1 and read_name(name) == name)


@pytest.mark.parametrize(
    "typed", ["", "0", "13", "-1", "01", " 1", "1.0", "１", "1e9", "9" * 400, "nan", "1\n", "52"]
)
def test_weeks_that_are_refused(typed: str) -> None:
    """All but one to twelve, as the form sends them."""
    with pytest.raises(BadChoice, match="from 1 to 12 weeks"):
        read_weeks(typed)
    assert [read_weeks(str(weeks)) for weeks in WEEKS] == list(range(1, 13))


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (datetime(2026, 11, 19, 9, 30, tzinfo=UTC), datetime(2026, 11, 26, 9, 30, tzinfo=UTC)),
        (datetime(2026, 10, 22, 7, 30, tzinfo=UTC), datetime(2026, 10, 29, 8, 30, tzinfo=UTC)),
        (datetime(2026, 3, 26, 8, 30, tzinfo=UTC), datetime(2026, 4, 2, 7, 30, tzinfo=UTC)),
        (datetime(2026, 12, 28, 23, 30, tzinfo=UTC), datetime(2027, 1, 4, 23, 30, tzinfo=UTC)),
    ],
)
def test_a_pause_ends_at_the_same_time_of_day(now: datetime, until: datetime) -> None:
    """By the clocks that editions go by, so that a week's pause covers the edition of that week."""
    assert pause_end(now, 1, BERLIN) == until


def test_pausing_and_resuming(database: Database) -> None:
    """Consent and standing stay; each change is one entry; what is so already is none."""
    with database.write() as session:
        add_subscriber(session, ANN.email)
        ann = wish(session, Pause(2))
        until = NOW + timedelta(weeks=2)
        assert (ann.paused_until, ann.status, ann.departures) == (until, Standing.ACTIVE, 0)
        assert as_json(ann)["paused_until"] == "2026-12-03T08:00:00Z"
        assert wish(session, Resume()).paused_until is None
        wish(session, Resume())
        assert events(session) == ["paused", "resumed"]


def test_a_pause_ends_by_itself(database: Database) -> None:
    """To the second; resuming after that is nothing new."""
    with database.write() as session:
        add_subscriber(session, ANN.email)
        ann = wish(session, Pause(1))
        end = NOW + timedelta(weeks=1)
        assert paused_until(ann, end - timedelta(seconds=1)) == end
        assert paused_until(ann, end) is None
        wish(session, Resume(), end)
        assert events(session) == ["paused"]


def test_renaming(database: Database) -> None:
    """The same name again leaves no trace; no name is a name too."""
    with database.write() as session:
        add_subscriber(session, ANN.email)
        for name in ("Ann", "Ann", None, None):
            assert wish(session, Rename(name)).name == name
        assert events(session) == ["name changed"] * 2


@pytest.mark.parametrize("way", ["leaving", "being suppressed"])
def test_a_pause_does_not_outlive_a_departure(
    database: Database, suppressions: Suppressions, way: str
) -> None:
    """Neither clears it, since who left by a slip is back in a minute; confirming anew does."""
    with database.write() as session:
        ann = add_subscriber(session, ANN.email)
        wish(session, Pause(12))
        if way == "leaving":
            joining.leave(session, ann, source="link", now=NOW)
        else:
            suppressions.suppress(session, ANN, "unsubscribe", "link", NOW)
        joining.request(session, ANN, suppressions, Allowances(b"s" * 32), source="link", now=NOW)
        link = Token(Purpose.CONFIRM, ann.public_id, NOW, ann.departures)
        joining.confirm(session, link, suppressions, source="link", now=NOW)
        assert ann.status is Standing.ACTIVE
        assert ann.paused_until is None
