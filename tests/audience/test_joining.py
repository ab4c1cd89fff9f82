"""Coming and going: every way from one standing to another, and the ways that are closed."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.audience import joining
from digest.audience.addresses import read_address
from digest.audience.limits import Allowances
from digest.audience.models import Standing, Subscriber, Wording
from digest.audience.suppressing import Suppressions
from digest.db import Database
from digest.errors import Conflict, InvalidToken, NotFound
from digest.tokens import Purpose, Token
from tests.support.tables import NOW, add_subscriber, history, standings

ANN = read_address("ann@example.org")
SOON = NOW + timedelta(minutes=5)
DAY = timedelta(days=1)


class Desk:
    """The list, asked and told by one person called Ann."""

    def __init__(self, session: Session, suppressions: Suppressions) -> None:
        """In one transaction."""
        self.session, self.suppressions = session, suppressions

    def request(
        self, now: datetime = NOW, name: str | None = None, language: str | None = None
    ) -> str | None:
        """She asks; the notice she is owed, without which nothing is kept."""
        attempt, allowances = self.session.begin_nested(), Allowances(b"s" * 32)
        notice = joining.request(
            *(self.session, ANN, self.suppressions, allowances),
            source="form",
            now=now,
            name=name,
            language=language,
        )[1]
        if notice:
            attempt.commit()
        else:
            attempt.rollback()
        return notice

    def link(self) -> Token:
        """The confirm link that would be mailed to her now."""
        ann = joining.get(self.session, ANN)
        return Token(Purpose.CONFIRM, ann.public_id, NOW, ann.departures % 65536)

    def confirm(self, link: Token | None = None, now: datetime = SOON) -> str | None:
        """She follows a link; the notice she is owed."""
        link = link or self.link()
        return joining.confirm(self.session, link, self.suppressions, source="link", now=now)[1]

    def leave(self) -> str | None:
        """She leaves; the notice she is owed."""
        return joining.leave(self.session, joining.get(self.session, ANN), source="link", now=SOON)

    def suppress(self, reason: str) -> bool:
        """Somebody suppresses her address."""
        return self.suppressions.suppress(self.session, ANN, reason, "test", SOON)

    @property
    def status(self) -> Standing:
        """Where she stands."""
        return joining.get(self.session, ANN).status

    def put(self, status: Standing) -> Subscriber:
        """She has been standing there for long."""
        return add_subscriber(self.session, ANN.email, status)

    @property
    def events(self) -> list[str]:
        """Her consent history."""
        return [entry.event for entry in history(self.session, joining.get(self.session, ANN))]


def test_request_and_confirm(database: Database, suppressions: Suppressions) -> None:
    """Pending, then active; the history shows both; the second click is fine."""
    with database.write() as session:
        desk = Desk(session, suppressions)
        assert (desk.request(), desk.status) == ("confirm", Standing.PENDING)
        link = desk.link()
        assert (desk.confirm(link), desk.status) == ("welcome", Standing.ACTIVE)
        assert (desk.confirm(link), desk.status) == (None, Standing.ACTIVE)
        assert desk.events == ["requested", "confirmed"]
        assert joining.get(session, ANN).confirmed_at == SOON


@pytest.mark.parametrize(
    ("standing", "notices", "after"),
    [
        (Standing.PENDING, ["confirm", "confirm", "confirm", None, None], Standing.PENDING),
        (Standing.ACTIVE, ["already-subscribed", None, None], Standing.ACTIVE),
        (Standing.UNSUBSCRIBED, ["confirm", "confirm", "confirm", None], Standing.UNSUBSCRIBED),
        (Standing.BOUNCED, [None, None], Standing.BOUNCED),
        (Standing.COMPLAINED, [None, None], Standing.COMPLAINED),
    ],
)
def test_asking_again(
    database: Database,
    suppressions: Suppressions,
    standing: Standing,
    notices: list[str | None],
    after: Standing,
) -> None:
    """So many notices a day, and asking alone changes nobody's standing."""
    with database.write() as session:
        desk = Desk(session, suppressions)
        desk.put(standing)
        assert [desk.request() for _ in notices] == notices
        assert desk.status is after
        assert desk.request(NOW + DAY + timedelta(seconds=1)) == notices[0]


def test_the_newest_name_counts_until_they_confirm(database: Database, suppressions: Suppressions) -> None:
    """A stranger may have asked first; afterwards nobody renames her by the form."""
    with database.write() as session:
        desk = Desk(session, suppressions)
        names = []
        for name in ("A stranger's joke", None, "Ann"):
            desk.request(name=name)
            names.append(joining.get(session, ANN).name)
        desk.confirm()
        desk.request(NOW + timedelta(days=2), "Somebody")
        desk.leave()
        desk.request(NOW + timedelta(days=4), "Somebody")
        assert [*names, joining.get(session, ANN).name] == [
            "A stranger's joke",
            "A stranger's joke",
            "Ann",
            "Ann",
        ]


def test_the_newest_language_counts_until_they_confirm(
    database: Database, suppressions: Suppressions
) -> None:
    """Nobody is asked for good in words that a stranger chose; afterwards only she herself changes it."""
    with database.write() as session:
        desk, spoken = Desk(session, suppressions), []
        for language in ("de", None, "fr"):
            desk.request(language=language)
            spoken.append(joining.get(session, ANN).language)
        desk.confirm()
        desk.request(NOW + timedelta(days=2), language="de")
        desk.leave()
        desk.request(NOW + timedelta(days=4), language="de")
        assert [*spoken, joining.get(session, ANN).language] == ["de", None, "fr", "fr"]


def test_leaving_and_coming_back(database: Database, suppressions: Suppressions) -> None:
    """Only through the confirmation that is mailed then; the dates tell of the last stay."""
    with database.write() as session:
        desk = Desk(session, suppressions)
        desk.request()
        desk.confirm()
        assert (desk.leave(), desk.status) == ("goodbye", Standing.UNSUBSCRIBED)
        assert (desk.leave(), desk.status) == (None, Standing.UNSUBSCRIBED)
        assert joining.get(session, ANN).left_at == SOON
        assert desk.request() == "confirm"
        assert desk.status is Standing.UNSUBSCRIBED
        assert (desk.confirm(), desk.status) == ("welcome", Standing.ACTIVE)
        assert joining.get(session, ANN).left_at is None
        assert desk.events == ["requested", "confirmed", "unsubscribed", "requested", "confirmed"]


def test_an_old_confirm_link_brings_nobody_back(database: Database, suppressions: Suppressions) -> None:
    """Not after leaving, not even once a new one has been asked for."""
    with database.write() as session:
        desk = Desk(session, suppressions)
        desk.request()
        old = desk.link()
        desk.confirm(old)
        desk.leave()
        for _ in range(2):
            with pytest.raises(Conflict):
                desk.confirm(old)
            assert desk.status is Standing.UNSUBSCRIBED
            desk.request()
        desk.confirm()
        assert desk.status is Standing.ACTIVE


def test_leaving_before_confirming(database: Database, suppressions: Suppressions) -> None:
    """No goodbye to whom we never greeted, and the link is void."""
    with database.write() as session:
        desk = Desk(session, suppressions)
        desk.request()
        link = desk.link()
        assert (desk.leave(), desk.status) == (None, Standing.UNSUBSCRIBED)
        with pytest.raises(Conflict):
            desk.confirm(link)


def test_a_link_nobody_asked_for_confirms_nothing(database: Database, suppressions: Suppressions) -> None:
    """Somebody added by an operator who left has never asked for a confirmation."""
    with database.write() as session:
        desk = Desk(session, suppressions)
        desk.put(Standing.UNSUBSCRIBED)
        with pytest.raises(Conflict):
            desk.confirm()


@pytest.mark.parametrize("reason", ["bounce", "complaint", "operator"])
@pytest.mark.parametrize("standing", [None, *Standing])
def test_the_suppressed_never_come_back(
    database: Database, suppressions: Suppressions, reason: str, standing: Standing | None
) -> None:
    """By asking, by a link, by an operator's addition; whatever they were before."""
    with database.write() as session:
        desk = Desk(session, suppressions)
        link = None
        if standing:
            desk.put(standing).requested_at = NOW
            link = desk.link()
        assert desk.suppress(reason)
        before = desk.status if standing else None
        assert before is not Standing.ACTIVE
        assert desk.request() is None
        for attempt in [link, desk.link()] if link else []:
            with pytest.raises(Conflict):
                desk.confirm(attempt)
        assert not joining.add_active(session, ANN, suppressions, consent="x", name=None, now=NOW)
        assert standing is None or desk.status is before


@pytest.mark.parametrize(
    ("reason", "after"),
    [
        ("bounce", Standing.BOUNCED),
        ("complaint", Standing.COMPLAINED),
        ("unsubscribe", Standing.UNSUBSCRIBED),
        ("operator", Standing.UNSUBSCRIBED),
    ],
)
def test_suppressing_a_subscriber(
    database: Database, suppressions: Suppressions, reason: str, after: Standing
) -> None:
    """They leave in the way that the reason says; the second time says so."""
    with database.write() as session:
        desk = Desk(session, suppressions)
        ann = desk.put(Standing.ACTIVE)
        assert [desk.suppress(reason), desk.suppress(reason)] == [True, False]
        assert (desk.status, ann.left_at) == (after, SOON)
        assert ann.departures == 1
        assert desk.events == [after.value]


@pytest.mark.parametrize("known", [True, False])
def test_who_was_suppressed_as_having_left_may_come_back(
    database: Database, suppressions: Suppressions, known: bool
) -> None:
    """By confirming anew, which lifts the suppression; also when the row is gone."""
    with database.write() as session:
        desk = Desk(session, suppressions)
        if known:
            desk.put(Standing.ACTIVE)
        desk.suppress("unsubscribe")
        assert not joining.add_active(session, ANN, suppressions, consent="x", name=None, now=NOW)
        assert desk.request() == "confirm"
        assert suppressions.reason(session, ANN.canonical) == "unsubscribe"
        desk.confirm()
        assert suppressions.reason(session, ANN.canonical) is None
        assert desk.status is Standing.ACTIVE


def test_a_complaint_outweighs_a_departure(database: Database, suppressions: Suppressions) -> None:
    """Somebody who leaves and then reports us as spam is not asked again."""
    with database.write() as session:
        desk = Desk(session, suppressions)
        desk.put(Standing.ACTIVE)
        desk.suppress("unsubscribe")
        desk.suppress("complaint")
        assert desk.request() is None
        desk.suppress("unsubscribe")
        assert suppressions.reason(session, ANN.canonical) == "complaint"


def test_adding_with_consent(database: Database, suppressions: Suppressions) -> None:
    """New addresses only; nobody who is known is touched."""
    for standing in Standing:
        with database.write() as session:
            add_subscriber(session, f"{standing.value}@example.org", standing)
    before = standings(database)
    with database.write() as session:
        for email in before:
            address = read_address(email.upper())
            assert not joining.add_active(session, address, suppressions, consent="fair", name=None, now=NOW)
        assert joining.add_active(session, ANN, suppressions, consent="fair", name="Ann", now=NOW)
        assert history(session, joining.get(session, ANN))[0].source == "fair"
    assert standings(database) == before | {"ann@example.org": "active"}


def test_links_and_addresses_of_nobody(database: Database, suppressions: Suppressions) -> None:
    """After an erasure, say."""
    with database.write() as session:
        with pytest.raises(InvalidToken):
            Desk(session, suppressions).confirm(Token(Purpose.CONFIRM, "00" * 12, NOW))
        with pytest.raises(NotFound):
            joining.get(session, ANN)


def test_the_words_consented_to_are_kept_once(database: Database, suppressions: Suppressions) -> None:
    """Each entry has the SHA-256 of the exact text, under which the text itself is kept."""
    with database.write() as session:
        allowances, words = Allowances(b"s" * 32), "Yes, please — weekly"
        for now in (NOW, SOON):
            joining.request(
                session, ANN, suppressions, allowances, source="form " * 200, now=now, wording=words
            )
        kept = session.scalars(select(Wording)).one()
        entry = history(session, joining.get(session, ANN))[0]
    assert entry.wording == kept.hash == hashlib.sha256(words.encode()).hexdigest()
    assert (kept.text, kept.first_used_at) == (words, NOW)
    assert len(entry.source) == 500
