"""The mail address to leave at, beside the web address in the List-Unsubscribe header."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from digest.app.delivering import make_messages
from digest.app.parts import App
from digest.app.samples import SAMPLE_TAG, sample_message
from digest.checking.findings import Level
from digest.checking.headers import check_headers
from digest.checking.mail import Mail
from digest.config import Settings
from digest.db import Database
from digest.delivery.composing import compose
from digest.delivery.headers import LINE_LIMIT
from digest.demo.outbox import leaving_link
from digest.errors import InvalidToken, RenderError
from digest.rendering.rendered import Rendered
from digest.tokens import Purpose, new_public_id, token_of
from tests.support.clocks import SettableClock

NOW = datetime(2025, 1, 2, 9, 0, tzinfo=UTC)
ANN = new_public_id()
NOTHING = Rendered("-", "-", "-", "m")
LEAVE = "leave@news.example.org"


def made(leave_at: str | None = LEAVE, **groups: dict[str, object]) -> App:
    """The parts of an installation with this address, or without one; nothing is stored."""
    settings = Settings.model_validate(
        {
            "newsletter": {"unsubscribe_address": leave_at, "sender": "Weekly <digest@news.example.org>"},
            "web": {"base_url": "https://digest.example.org"},
            "keys": {"signing": {"1": "ab" * 32}, "suppression": "cd" * 32},
            **groups,
        }
    )
    return App(settings, SettableClock(NOW), Database("sqlite://"))


def mail(app: App) -> bytes:
    """Ann's copy of an edition."""
    messages = make_messages(app)
    pieces = compose(NOTHING, messages.headers(list_mail=True, key="2025-W01"))
    links = messages.links(ANN, 0, NOW)
    return pieces.message(to="ann@example.org", message_id="<1@example.org>", date=NOW, links=links)


def header(message: bytes) -> str:
    """The List-Unsubscribe line, which is one line, before the line that RFC 8058 wants."""
    post = b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    (line,) = re.findall(rb"(?m)^List-Unsubscribe: ([^\r]*)\r\n" + post, message)
    return str(line.decode("ascii"))


def parsed(message: bytes) -> EmailMessage:
    """As a mail program sees it."""
    return message_from_bytes(message, policy=policy.SMTP)


@pytest.mark.parametrize(
    "leave_at", [LEAVE, "l@x.org", f"{'a' * 21}@{'d' * 60}.{'d' * 60}.example.org", None]
)
def test_one_web_address_and_perhaps_one_for_mail(leave_at: str | None) -> None:
    """Web first; the tag in the other says whose it is, in no more than 64 octets before the @."""
    app = made(leave_at)
    addresses = re.fullmatch(r"<(https://[^<>\s]+)>(?:, <mailto:([^<>\s]+)>)?", header(mail(app)))
    assert addresses
    web, by_mail = addresses.groups()
    assert app.keyring.read(web.rpartition("/")[2], Purpose.UNSUBSCRIBE, NOW).subscriber == ANN
    assert (by_mail is None) == (leave_at is None)
    if by_mail and leave_at:
        local, _, domain = by_mail.rpartition("@")
        assert len(local) <= 64
        assert (local.rpartition("+")[0], domain) == tuple(leave_at.split("@"))
        assert token_of(local.rpartition("+")[2]) == web.rpartition("/")[2]
    assert leaving_link(parsed(mail(app))) == web


def test_the_longest_there_is_fits_on_one_line() -> None:
    """A base URL, an address and a token, each as long as the settings allow."""
    base = "https://" + "x" * 192
    leave_at = f"{'a' * 21}@{'.'.join(['d' * 57] * 4)}"
    app = made(leave_at, web={"base_url": base})
    assert len(f"List-Unsubscribe: {header(mail(app))}") <= LINE_LIMIT


def test_what_would_not_fit_is_refused() -> None:
    """Rather than folded, which would take the button away."""
    pieces = compose(NOTHING, make_messages(made()).headers(list_mail=True))
    links = {
        "unsubscribe": "https://a.org/" + "x" * 500,
        "unsubscribe-by-mail": "mailto:" + "x" * 500 + "@a.org",
    }
    with pytest.raises(RenderError, match="one header line"):
        pieces.message(to="ann@example.org", message_id="<1@example.org>", date=NOW, links=links)


@pytest.mark.parametrize(
    "leave_at",
    [
        "Leave <leave@example.org>",
        f"{'a' * 22}@example.org",
        "leave+x@example.org",
        "le/ave@example.org",
        "leave%41@example.org",
        "leave@example.org\r\nBcc: x@example.org",
        "leave@example.org, x@example.org",
        "leave@example.org (x)",
        ".leave@example.org",
        "leave",
        "@example.org",
        '"leave"@example.org',
        "leave@bücher.example",
    ],
)
def test_addresses_that_can_carry_no_tag(leave_at: str) -> None:
    """Named as what they are when the settings are read."""
    with pytest.raises(ValueError, match="unsubscribe_address"):
        made(leave_at)


def test_notices_that_answer_somebody_have_neither() -> None:
    """There is nothing to leave."""
    messages = make_messages(made())
    pieces = compose(NOTHING, messages.headers(list_mail=False, notice=True))
    links = messages.links(ANN, 0, NOW)
    message = pieces.message(to="ann@example.org", message_id="<1@example.org>", date=NOW, links=links)
    assert b"mailto:" not in message


def test_a_sample_opens_nobodys_door() -> None:
    """Test mails carry an address as long as a reader's, whose tag is no tag; the checks find no fault."""
    app = made()
    message = sample_message(app, NOTHING, "2025-W01")
    assert f"<mailto:leave+{SAMPLE_TAG}@news.example.org>" in header(message)
    assert len(header(message)) == len(header(mail(app)))
    with pytest.raises(InvalidToken):
        app.keyring.read(token_of(SAMPLE_TAG), Purpose.UNSUBSCRIBE, NOW)
    checked = check_headers(
        Mail(subject="-", preheader="", html="-", text="-", message=message, own_links=frozenset(), budget=1)
    )
    assert {finding.level for finding in checked} == {Level.OK}


def test_both_addresses_are_signed(tmp_path: Path) -> None:
    """Whoever changes one of them on the way breaks the signature (RFC 8058 §4)."""
    key = ed25519.Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path / "key.pem"
    file.touch(0o600)
    file.write_bytes(pem)
    app = made(dkim={"domain": "example.org", "selector": "s", "key_file": str(file)})
    record = b"v=DKIM1; k=ed25519; p=" + base64.b64encode(key.public_key().public_bytes_raw())
    message = mail(app)

    def holds(message: bytes) -> bool:
        return bool(dkim.verify(message, dnsfunc=lambda *_, **__: record))

    assert holds(message)
    assert not holds(
        message.replace(
            b"@news.example.org>\r\nList-Unsubscribe-Post", b"@evil.org>\r\nList-Unsubscribe-Post"
        )
    )
    assert not holds(message.replace(b"<https://digest.", b"<https://evil."))
