"""Notices that go to another address than their reader's, and readers whose address changes on the way."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from digest.audience import moving
from digest.audience.addresses import Address, read_address
from digest.audience.models import Standing, Subscriber
from digest.audience.moving import ADDRESS_CHANGED, CHANGE_ADDRESS
from digest.audience.suppressing import Suppressions
from digest.db import Database
from digest.delivery.claiming import Job
from digest.delivery.models import Delivery, State
from digest.delivery.notices import owe_notice
from digest.delivery.pacing import Pacing, Rate
from digest.delivery.replies import Meaning, Outcome
from digest.feedback.refusals import apply_refusals
from digest.tokens import Keyring, Purpose
from tests.faults.smtp_server import Fault, Script
from tests.support.offices import READERS, Office
from tests.support.tables import NOW

ANN = READERS[0]
NEW = read_address("New.Ann@example.net")
GONE = Outcome(Meaning.READER, 550, "5.1.1", "no such user", gone=True)


def ask(office: Office, session: Session, address: Address = NEW) -> None:
    """Ann wants another address, and the mail about it is owed."""
    ann = session.get_one(Subscriber, 1)
    ann.next_email, ann.changes = address.email, ann.changes + 1
    owe_notice(session, CHANGE_ADDRESS, ann, NOW, to=address.email)


def change(office: Office, address: Address = NEW) -> None:
    """She confirms it."""
    with office.database.write() as session:
        ann = session.get_one(Subscriber, 1)
        moving.move(session, ann, address, office.suppressions, source="test", now=NOW)


def notice(office: Office) -> Delivery:
    """The newest notice."""
    with office.database.read() as session:
        query = select(Delivery).where(Delivery.notice).order_by(Delivery.mailing_id.desc())
        return session.scalars(query).first() or pytest.fail("no notice")


def notices(office: Office) -> list[Job]:
    """Those that are claimed."""
    return [job for job in office.claim(office.one) if job.notice]


def test_it_goes_there(office: Office) -> None:
    """The address, the pace and the link's generation are those of the new one."""
    with office.database.write() as session:
        ask(office, session)
    slow = Pacing(destinations={"example.net": Rate(per_hour=1)})
    claimed = office.claim_at(office.one, slow, limit=1)
    (job,) = claimed.jobs
    assert (job.notice, job.email, job.canonical) == (CHANGE_ADDRESS, NEW.email, NEW.canonical)
    assert job.changes == 1
    with office.database.write() as session:
        ask(office, session)
    assert office.claim_at(office.one, slow, limit=1).jobs == [], "that destination is full"


@pytest.mark.parametrize(("reason", "claimed"), [("complaint", 0), ("bounce", 0), ("unsubscribe", 1)])
def test_who_is_suppressed_there(office: Office, reason: str, claimed: int) -> None:
    """It is the address it goes to that counts."""
    with office.database.write() as session:
        ask(office, session)
        office.suppressions.suppress(session, NEW, reason, "test", NOW)
    assert len(notices(office)) == claimed


def test_only_the_address_last_asked_for_is_written_to(office: Office) -> None:
    """Its link is made when it is sent, and would be good for the later wish at the earlier address."""
    other = read_address("third@example.net")
    with office.database.write() as session:
        ask(office, session)
        ask(office, session, other)
    (job,) = notices(office)
    assert (job.email, job.changes) == (other.email, 2)
    with office.database.read() as session:
        states = session.scalars(
            select(Delivery.state).where(Delivery.notice).order_by(Delivery.mailing_id)
        ).all()
        assert states == [State.DROPPED, State.PENDING]


def test_the_old_address_is_told_whatever_became_of_the_new_one(office: Office) -> None:
    """Though it is suppressed since, and the reader has bounced meanwhile."""
    change(office)
    with office.database.write() as session:
        ann = session.get_one(Subscriber, 1)
        owe_notice(session, ADDRESS_CHANGED, ann, NOW, to=ANN)
        ann.status = Standing.BOUNCED
    (job,) = notices(office)
    assert job.email == ANN


def bounced(office: Office) -> list[str]:
    """Who is marked as bounced."""
    with office.database.write() as session:
        return apply_refusals(session, office.suppressions, NOW)


def test_a_new_address_that_is_not_there(office: Office) -> None:
    """Says nothing about the reader, who goes on at the old one."""
    with office.database.write() as session:
        ask(office, session)
    (job,) = notices(office)
    assert office.deliver(office.one, job, GONE) is State.FAILED
    assert not notice(office).gone
    assert bounced(office) == []


def test_an_old_address_that_is_gone_by_now(office: Office) -> None:
    """On its way while the address was changed: that it is refused there does not bounce the new one."""
    (job, *_) = office.claim(office.one, limit=1)
    assert job.email == ANN
    assert office.begin(office.one, job)
    change(office)
    assert office.record(office.one, job, GONE) is State.FAILED
    assert bounced(office) == []


def test_a_refusal_from_before_the_change(office: Office) -> None:
    """It is on record, and history."""
    (job, *_) = office.claim(office.one, limit=1)
    assert office.deliver(office.one, job, GONE) is State.FAILED
    with office.database.write() as session:
        session.execute(update(Delivery).where(Delivery.gone).values(changed_at=NOW.replace(year=2025)))
    change(office)
    assert bounced(office) == []


def test_who_is_refused_at_their_own_address_still_bounces(office: Office) -> None:
    """As ever."""
    (job, *_) = office.claim(office.one, limit=1)
    office.deliver(office.one, job, GONE)
    assert bounced(office) == [ANN]


def test_what_is_claimed_goes_to_the_new_address(office: Office) -> None:
    """It is not begun for the old one, and free to be claimed anew."""
    (job, *_) = office.claim(office.one, limit=1)
    change(office)
    assert not office.begin(office.one, job)
    again = next(one for one in office.claim(office.two) if one.subscriber_id == job.subscriber_id)
    assert again.email == NEW.email
    assert office.begin(office.two, again)


def test_over_smtp(database: Database, suppressions: Suppressions, post_office: Any) -> None:
    """Both mails go where they belong, with their links; the new mailbox may be missing."""
    missing = {NEW.email: Fault(reply="550 5.1.1 no such user")}
    with post_office(Script(recipients=missing)) as post:
        post.owe(ANN)
        with post.database.write() as session:
            ann = session.get_one(Subscriber, 1)
            ann.next_email, ann.changes, ann.departures = NEW.email, 7, 3
            owe_notice(session, CHANGE_ADDRESS, ann, NOW, to=NEW.email)
        post.engine().run()
        assert [mail.recipient for mail in post.server.received] == [ANN]
        with post.database.write() as session:
            assert apply_refusals(session, suppressions, NOW) == []
            missing.clear()
            owe_notice(session, CHANGE_ADDRESS, session.get_one(Subscriber, 1), NOW, to=NEW.email)
        post.engine().run()
        mail = message_from_bytes(post.server.received[-1].data, policy=default)
        assert mail["To"] == NEW.email
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["List-Unsubscribe"] is None
        text = mail.get_body(("plain",))
        assert text is not None
        (token,) = re.findall(r"/change/(\S+)", text.get_content())
        said = Keyring({1: b"k" * 32}, 1).read(token, Purpose.CHANGE, NOW)
        with post.database.read() as session:
            ann = session.get_one(Subscriber, 1)
            assert (said.subscriber, said.generation) == (ann.public_id, ann.changes)
