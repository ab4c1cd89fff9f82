"""A list taken in: whoever has to confirm is asked in the same transaction."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import select

from digest.app import importing
from digest.app.importing import import_readers
from digest.audience.importing import ImportReport
from digest.audience.models import Subscriber
from digest.delivery.models import Delivery, Mailing
from tests.support.newsrooms import Newsroom
from tests.support.tables import standings

LIST = b"email,status\nann@example.org,active\nbob@example.org,pending\n"


def imported(room: Newsroom, consent: str | None) -> ImportReport:
    """The list, in a newsroom."""
    return import_readers(room.app, io.BytesIO(LIST), "list.csv", consent=consent, on_progress=lambda _: None)


@pytest.mark.parametrize(
    ("consent", "asked"),
    [("a fair", ["bob@example.org"]), (None, ["ann@example.org", "bob@example.org"])],
    ids=["agreed", "nobody knows"],
)
def test_who_has_to_confirm_is_asked(room: Newsroom, consent: str | None, asked: list[str]) -> None:
    """Each by a notice of their own."""
    assert imported(room, consent).asked == len(asked)
    query = select(Subscriber.email, Mailing.notice).join(Delivery, Delivery.subscriber_id == Subscriber.id)
    with room.app.database.read() as session:
        owed = session.execute(query.join(Mailing).order_by(Subscriber.email)).all()
    assert [tuple(row) for row in owed] == [(email, "confirm") for email in asked]


def test_nobody_is_in_who_could_not_be_asked(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """They would wait for a mail that nobody owes them."""

    def fail(*_: object) -> None:
        raise OSError("no")

    monkeypatch.setattr(importing, "owe_notices", fail)
    with pytest.raises(OSError, match="no"):
        imported(room, None)
    assert standings(room.app.database) == {}
