"""Signed mail of any shape is believed by two verifiers we did not write."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from datetime import timedelta
from email.utils import quote
from hashlib import sha256
from typing import Any

import pytest
from dkim.canonicalization import Relaxed
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.audience.suppressing import Suppressions
from digest.db import Database
from digest.delivery import ledger
from digest.delivery.messages import Messages, Sender
from digest.delivery.models import State
from digest.delivery.retrying import Policy
from digest.delivery.sending import Engine
from digest.delivery.signing import Signer, relaxed_fields
from digest.delivery.smtp import Relay
from digest.rendering.notices import NOTICES
from digest.rendering.renderer import Renderer
from digest.tokens import Keyring
from tests.faults.smtp_server import FaultyServer
from tests.support.clocks import SettableClock
from tests.support.signatures import (
    DATE,
    EDITION,
    LINKS,
    PAGE,
    PLAIN,
    PREFERENCES,
    RISKY,
    UNSUBSCRIBE,
    WORDS,
    head_of,
    signed,
    signer_of,
    tags,
)
from tests.support.stories import BRANDING
from tests.support.tables import MARKER, add_edition, add_subscriber
from tests.support.verifiers import Verify, dkimpy


def test_signatures_hold_and_change_nothing_below_them(signer: Signer, verify: Verify) -> None:
    """With each kind of key; the message itself is the one that would go out unsigned."""
    mail = signed(signer)
    assert verify(mail) == [True] * len(signer.keys)
    assert mail.endswith(signed(None))
    assert b"DKIM-Signature" not in signed(None)


def test_the_signature_says_what_it_should(both: Signer) -> None:
    """Relaxed both ways, the clock's time, no length, no end; and short lines."""
    mail = signed(both)
    for found, selector, algorithm in zip(
        tags(mail), ("rsa2048", "ed25519"), ("rsa-sha256", "ed25519-sha256"), strict=True
    ):
        assert set(found) == {"v", "a", "c", "d", "s", "t", "h", "bh", "b"}
        assert (found["v"], found["c"], found["d"]) == ("1", "relaxed/relaxed", "example.org")
        assert (found["s"], found["a"], int(found["t"])) == (selector, algorithm, int(DATE.timestamp()))
    assert max(map(len, mail.removesuffix(signed(None)).split(b"\r\n"))) < 78


def test_every_field_is_signed_and_the_risky_ones_once_more(both: Signer) -> None:
    """Both unsubscribe fields among them, which one-click wants (RFC 8058 §4)."""
    for envelope in (EDITION, PLAIN, replace(PLAIN, auto_submitted=True)):
        mail = signed(both, envelope)
        present = [field.partition(b":")[0].decode().lower() for field in head_of(mail)]
        assert envelope is not EDITION or {"list-unsubscribe-post", "feedback-id", "precedence"} < set(
            present
        )
        for found in tags(mail):
            assert sorted(found["h"].split(":")) == sorted([*present, *RISKY])


@pytest.fixture
def messages(database: Database, both: Signer) -> Messages:
    """Makes signed mail for a newsletter of the tests'."""
    sender = Sender("Weekly <digest@news.example.org>", "Weekly", "ed@example.org", None)
    keyring = Keyring({1: b"k" * 32}, 1)
    return Messages(database, Renderer(BRANDING), keyring, sender, BRANDING.base_url, lambda _: MARKER, both)


@pytest.mark.parametrize("name", NOTICES)
def test_notices_are_signed(name: str, messages: Messages, verify: Verify) -> None:
    """Every one of them."""
    mail = messages.notice_pieces(name).message(
        to="ada@example.net", message_id="<abc@example.org>", date=DATE, links=LINKS
    )
    assert verify(mail) == [True, True]


def test_what_arrives_by_smtp_is_still_good(database: Database, messages: Messages, verify: Verify) -> None:
    """Through a real server, dots at the beginning of lines and all; everybody's own."""
    clock, people = SettableClock(DATE), [f"r{number}@example.net" for number in range(5)]
    with database.write() as session:
        edition = add_edition(session)
        edition.subject, edition.text, edition.html = "Verdicts " * 30, WORDS, PAGE
        for person in people:
            add_subscriber(session, person)
        ledger.fan_out(session, edition, clock.now())
    minute = timedelta(minutes=1)
    with FaultyServer() as server:
        engine = Engine(
            database=database,
            clock=clock,
            messages=messages,
            relay=Relay(host=server.host, port=server.port, security="none"),
            suppressions=Suppressions(b"s" * 32),
            policy=Policy((minute,), timedelta(days=2), resend_unknown=True, resend_after=minute),
            connections=2,
            batch=10,
            lease=minute,
        )
        assert engine.run().tries == {State.SENT: len(people)}
        received = [mail.data for mail in server.received]
    assert all(b"\r\n..dots\r\n" in mail for mail in received)
    assert [verify(mail) for mail in received] == [[True, True]] * len(people)
    assert len({found["b"] for mail in received for found in tags(mail)}) == 2 * len(people)


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "語" * 300},
        {"subject": "word " * 190},
        {"subject": "x" * 300},
        {"subject": "two  blanks\tand \r\n a break"},
        {"subject": ""},
        {"text": "", "html": ""},
        {"text": "\n\n\n", "html": " \n \n"},
        {"text": f"{UNSUBSCRIBE}={PREFERENCES}", "html": f"{PREFERENCES}." * 3},
        {"text": "a " * 500 + "\t\t" * 90, "html": ("é" + " " * 80) * 20},
        {"to": "a@bücher.example"},
        *({"links": LINKS | {"unsubscribe": "https://example.org/" + "x" * n}} for n in (1, 50, 51, 52, 900)),
    ],
)
def test_odd_mails_are_signed_as_well(changes: dict[str, Any], both: Signer, verify: Verify) -> None:
    """Long and empty subjects and bodies, blanks everywhere, links of any length."""
    assert verify(signed(both, **changes)) == [True, True]


@pytest.mark.parametrize("name", ["Wöchentliche Urteile", "x" * 300, "ü" * 300, "a  b\t c", 'A "B" \\ C', ""])
def test_any_name_can_sign(name: str, both: Signer, verify: Verify) -> None:
    """Encoded, folded or quoted; with list fields and without."""
    sender = f'"{quote(name)}" <a@example.org>'
    for envelope in (EDITION, PLAIN, replace(PLAIN, list_id="l.example.org")):
        mail = signed(both, replace(envelope, sender=sender, reply_to=sender, name=name))
        assert verify(mail) == [True, True]


_BODIES = st.lists(
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=90).filter(
            lambda text: MARKER not in text.lower()
        ),
        st.text(" \t\n\r.=", max_size=90),
        st.sampled_from([UNSUBSCRIBE, PREFERENCES, " " * 75, "\t" * 76, "x" * 74, "\n\n", "\r", "\n. \n"]),
    ),
    max_size=10,
).map(" ".join)


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    """Signs fast, for many examples."""
    return signer_of(tmp_path_factory.mktemp("keys"), "ed25519")


@settings(max_examples=150)
@given(text=_BODIES, html=_BODIES)
def test_any_body_hashes_as_it_does_elsewhere(quick: Signer, text: str, html: str) -> None:
    """Hashed piece by piece here, and as a whole by dkimpy."""
    mail = signed(quick, text=text, html=html)
    body = Relaxed.canonicalize_body(mail.partition(b"\r\n\r\n")[2])
    assert b64decode(tags(mail)[0]["bh"]) == sha256(body).digest()
    assert dkimpy(mail) == [True]


@given(st.lists(st.tuples(st.from_regex(r"[A-Za-z-]{1,20}[ \t]{0,2}", fullmatch=True), st.text("ab:; \t\n"))))
def test_any_field_is_made_canonical_as_elsewhere(fields: list[tuple[str, str]]) -> None:
    """Names, folds and blanks."""
    pairs = [(name.encode(), value.replace("\n", "\r\n ").encode()) for name, value in fields]
    block = b"".join(b"%s:%s\r\n" % pair for pair in pairs)
    expected = Relaxed.canonicalize_headers([(name, value + b"\r\n") for name, value in pairs])
    assert relaxed_fields(block) == [b"%s:%s" % pair for pair in expected]
