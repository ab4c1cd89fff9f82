"""Mail of one part for those who want text alone: the frozen text, signed, with the headers of all mail."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from digest.audience.models import Subscriber
from digest.audience.suppressing import Suppressions
from digest.db import Database
from digest.delivery import messages
from digest.delivery.composing import Pieces, compose
from digest.delivery.notices import owe_notice
from digest.delivery.signing import Signer
from digest.editions.models import Edition
from digest.rendering.rendered import Rendered, reader_link
from tests.faults.smtp_server import FaultyServer, Received
from tests.support.posts import Post
from tests.support.signatures import DATE, EDITION, LINKS, signer_of
from tests.support.tables import MARKER, NOW
from tests.support.verifiers import dkimpy

LEAVE = reader_link(MARKER, "unsubscribe")
PAGE = f'<p>Verdicts</p><a href="{LEAVE}">Leave</a>'
TEXTS = {
    "an ordinary one": f"Verdicts\n\nLeave: {LEAVE}\n",
    "a link at its end": f"Verdicts\nLeave: {LEAVE}",
    "a link and a line break at its end": f"Leave: {LEAVE}\n",
    "a link alone": LEAVE,
    "empty lines at its end": "Verdicts\n\n\n\n",
    "blanks at line ends": "Verdicts \t\nof the week \n",
    "dots": ".\n..\n.dots\n",
    "letters of all kinds": "Grüße, 你好, שלום, 🦎\n",
    "a long line": "verdict " * 200 + "\n",
    "line ends of Windows": "One\r\nTwo\r\n",
    "nothing": "\n",
}


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    """Signs twice."""
    return signer_of(Path(tmp_path_factory.mktemp("keys")), "rsa2048", "ed25519")


def pieces_of(text: str, signer: Signer | None, *, text_only: bool = True) -> Pieces:
    """An edition with this text."""
    rendered = Rendered("A vs B", PAGE, text, MARKER)
    return compose(rendered, replace(EDITION, signer=signer), text_only=text_only)


def built(pieces: Pieces) -> bytes:
    """Ada's message."""
    return pieces.message(to="ada@example.net", message_id="<abc@example.org>", date=DATE, links=LINKS)


def parsed(data: bytes) -> EmailMessage:
    """The message as a strict reader's program sees it: any defect raises."""
    return email.message_from_bytes(data, policy=email.policy.SMTP.clone(raise_on_defect=True))


def said(data: bytes) -> str:
    """The text, with LF line ends."""
    payload: Any = parsed(data).get_payload(decode=True)
    return str(payload.decode()).replace("\r\n", "\n")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_it_is_the_frozen_text(text: str, signer: Signer) -> None:
    """Decoded, it is what the text part says; both signatures hold, on the wire as well."""
    pieces = pieces_of(text, signer)
    mail = built(pieces)
    assert parsed(mail).get_content_type() == "text/plain"
    expected = text.replace("\r\n", "\n").rstrip("\n").replace(LEAVE, LINKS["unsubscribe"])
    assert said(mail) == expected + "\n"
    assert not mail.endswith(b"=\r\n")
    assert dkimpy(mail) == [True, True]
    letter = pieces.letter(to="ada@example.net", message_id="<abc@example.org>", date=DATE, links=LINKS)
    assert letter.data.endswith(b"\r\n.\r\n")
    assert letter.data.replace(b"\r\n..", b"\r\n.") == mail + b".\r\n"
    assert letter.octets == len(mail)


@settings(max_examples=60)
@given(text=st.text(st.sampled_from("a.= \t\né🦎"), max_size=160), links=st.integers(0, 2))
def test_whatever_the_text(signer: Signer, text: str, links: int) -> None:
    """Nothing that stands in it breaks the signature or the words."""
    whole = text + f" {LEAVE}" * links
    mail = built(pieces_of(whole, signer))
    expected = whole.replace(LEAVE, LINKS["unsubscribe"])
    assert said(mail) == expected.rstrip("\n") + "\n"
    assert dkimpy(mail) == [True, True]
    assert max(map(len, mail.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 76


def test_the_headers_are_those_of_all_mail(signer: Signer) -> None:
    """But for the kind of content; unsubscribing with one click among them."""
    text = TEXTS["an ordinary one"]
    alone, both = (parsed(built(pieces_of(text, signer, text_only=one))) for one in (True, False))
    mime = {"Content-Type", "Content-Transfer-Encoding", "DKIM-Signature"}
    assert [item for item in alone.items() if item[0] not in mime] == [
        item for item in both.items() if item[0] not in mime
    ]
    assert alone["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (alone["Content-Type"], alone["Content-Transfer-Encoding"]) == (
        'text/plain; charset="utf-8"',
        "quoted-printable",
    )


def wish_for_text(post: Post, address: str) -> None:
    """They chose so on their page."""
    with post.database.write() as session:
        session.scalars(select(Subscriber).where(Subscriber.email == address)).one().text_only = True


def by_address(server: FaultyServer) -> dict[str, Received]:
    """What came, by whom it was for."""
    return {mail.recipient: mail for mail in server.received}


def test_each_gets_what_they_chose(post_office: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over SMTP; what is shared is made once for each of the two shapes, and for nobody else."""
    made = []

    def counted(*values: Any, **options: Any) -> Pieces:
        made.append(options["text_only"])
        return compose(*values, **options)

    monkeypatch.setattr(messages, "compose", counted)
    with post_office() as post:
        post.owe("ann@example.org", "bob@example.org", "cleo@example.org", "dan@example.org")
        for address in ("bob@example.org", "dan@example.org"):
            wish_for_text(post, address)
        post.engine().run()
        assert set(post.states().values()) == {"sent"}
        mails = by_address(post.server)
        with post.database.read() as session:
            frozen = session.scalars(select(Edition.text)).one() or ""
    assert sorted(made) == [False, True]
    kinds = {address: parsed(mail.data).get_content_type() for address, mail in mails.items()}
    assert kinds == {
        "ann@example.org": "multipart/alternative",
        "bob@example.org": "text/plain",
        "cleo@example.org": "multipart/alternative",
        "dan@example.org": "text/plain",
    }
    for address in ("bob@example.org", "dan@example.org"):
        link = str(parsed(mails[address].data)["List-Unsubscribe"]).strip("<>")
        assert said(mails[address].data) == frozen.replace(LEAVE, link)


def test_notices_too(database: Database, suppressions: Suppressions, post_office: Any) -> None:
    """Whoever wants text gets all mail as text."""
    with post_office() as post:
        post.owe("ann@example.org")
        wish_for_text(post, "ann@example.org")
        with post.database.write() as session:
            owe_notice(session, "welcome", session.get_one(Subscriber, 1), NOW)
        post.engine().run()
        assert [parsed(mail.data).get_content_type() for mail in post.server.received] == ["text/plain"] * 2
