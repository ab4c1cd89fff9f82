"""A signed mail that is changed on its way: no harm by what relays do, and anything else is seen."""

from __future__ import annotations

import pytest

from digest.delivery.headers import Headers
from digest.delivery.signing import Signer
from tests.support.signatures import EDITION, PLAIN, RISKY, head_of, signed, tags
from tests.support.verifiers import Verify


def test_what_every_relay_does_does_no_harm(both: Signer, verify: Verify) -> None:
    """Fields of its own, other folds, other blanks."""
    mail = b"Received: from a by b\r\nX-Spam: no\r\nSender: list@example.net\r\n" + signed(both)
    mail = mail.replace(b"Subject: A vs B", b"SUBJECT:  A\r\n\tvs B  ").replace(b"of the", b"of   the")
    assert mail.count(b"\r\n\tvs B  ") == 1
    assert verify(mail + b"\r\n\r\n") == [True, True]


def test_a_changed_field_is_seen(both: Signer, verify: Verify) -> None:
    """Each one: another value, no value, the field taken away; by both signatures."""
    mail = signed(both)
    fields = head_of(mail)
    assert len(fields) == 15
    for field in fields:
        name = field.partition(b":")[0]
        other = field[:-1] + bytes([field[-1] ^ 1])
        for now in (other + b"\r\n", name + b": x\r\n", name + b":\r\n", b""):
            changed = mail.replace(b"\r\n" + field + b"\r\n", b"\r\n" + now)
            assert changed != mail
            assert not any(verify(changed)), (name, now)


@pytest.mark.parametrize("name", RISKY)
@pytest.mark.parametrize("envelope", [EDITION, PLAIN], ids=["edition", "notice"])
def test_a_second_one_is_seen(name: str, envelope: Headers, both: Signer, verify: Verify) -> None:
    """Above or below the first, or where there was none; mail programs may show either."""
    mail = signed(both, envelope)
    added = f"{name}: Eve <eve@example.net>\r\n".encode()
    assert not any(verify(added + mail))
    assert not any(verify(mail.replace(b"\r\n\r\n", b"\r\n" + added + b"\r\n", 1)))


def test_a_changed_body_is_seen(both: Signer, verify: Verify) -> None:
    """In either part, in the first piece and the last, in a link, and added at the end."""
    mail = signed(both)
    start = mail.index(b"\r\n\r\n") + 4
    for place in range(start, len(mail), 31):
        if mail[place : place + 1].isalnum():
            changed = mail[:place] + bytes([mail[place] ^ 1]) + mail[place + 1 :]
            assert not any(verify(changed)), changed[place - 20 : place + 20]
    assert not any(verify(mail + b"P.S. Eve\r\n"))
    assert not any(verify(mail[:start] + b"Eve\r\n" + mail[start:]))


def test_a_changed_signature_is_seen(both: Signer, verify: Verify) -> None:
    """Its time, its domain, and every signature on its own."""
    mail = signed(both)
    assert not any(verify(mail.replace(b" t=1735808400;", b" t=1735808401;")))
    assert not any(verify(mail.replace(b" d=example.org;", b" d=example.com;")))
    first = tags(mail)[0]["b"][:20].encode()
    assert verify(mail.replace(first, first[::-1])) == [False, True]
