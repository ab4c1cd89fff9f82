"""Signed mail is believed by two verifiers we did not write, and a changed one by neither."""

from __future__ import annotations

import ctypes
import ctypes.util
import email
import email.policy
import re
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import quote
from hashlib import sha256
from pathlib import Path
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from dkim.canonicalization import Relaxed
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from digest.app import standing
from digest.app.samples import sample_message
from digest.audience.suppressing import Suppressions
from digest.clock import SettableClock
from digest.config import load_settings
from digest.config.settings import Dkim
from digest.db import Database
from digest.delivery import ledger
from digest.delivery.composing import compose
from digest.delivery.headers import Headers
from digest.delivery.messages import Messages, Sender
from digest.delivery.models import Delivery, State
from digest.delivery.retrying import Policy
from digest.delivery.sending import Engine
from digest.delivery.signing import Signer, aligned, make_signer, relaxed_fields
from digest.delivery.smtp import Relay
from digest.errors import ConfigError
from digest.rendering.notices import NOTICES
from digest.rendering.rendered import Rendered, reader_link
from digest.rendering.renderer import Renderer
from digest.tokens import Keyring
from tests.faults.smtp_server import FaultyServer
from tests.support.newsrooms import SLOT, newsroom
from tests.support.stories import BRANDING
from tests.support.tables import MARKER, add_edition, add_subscriber

# Long ago: verifiers refuse what was signed in the future, and a machine's clock may be slow.
DATE = datetime(2025, 1, 2, 9, 0, tzinfo=UTC)
UNSUBSCRIBE, PREFERENCES = (reader_link(MARKER, name) for name in ("unsubscribe", "preferences"))
LINKS = {
    "unsubscribe": "https://example.org/u/" + "t0ken-_" * 12 + "?a=1&b=2",
    "preferences": "https://example.org/p/short",
    "confirm": "https://example.org/c/x",
    "change": "https://example.org/n/x",
    "data": "https://example.org/d/x",
}
EDITION = Headers(
    sender="Weekly Verdicts <digest@news.example.org>",
    name="Weekly Verdicts",
    reply_to="editors@example.org",
    list_id="weekly.example.org",
    list_unsubscribe=True,
    list_owner="mailto:owner@example.org",
    list_help="https://example.org/help",
    list_archive="https://example.org/archive",
    feedback_id="2026-W47:weekly:digest:exampleorg",
    bulk=True,
)
PLAIN = Headers(sender="digest@example.org")
WORDS = f"Verdicts  of\tthe week \n.\n..dots\n\nLeave: {UNSUBSCRIBE}  or {PREFERENCES}\n\n\n"
PAGE = (
    f'<p>Verdicts  of  the week</p>\n<a href="{UNSUBSCRIBE}">Leave</a>\n.<a href="{PREFERENCES}">Choose</a>'
)


# --- the keys ---

_KEYS: dict[str, Any] = {
    "rsa1024": rsa.generate_private_key(65537, 1024),  # noqa: S505 - DKIM allows it, we with a warning
    "rsa2048": rsa.generate_private_key(65537, 2048),
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
    "ed25519b": ed25519.Ed25519PrivateKey.generate(),
}
KINDS = {
    "RSA-1024": ("rsa1024",),
    "RSA-2048": ("rsa2048",),
    "Ed25519": ("ed25519",),
    "both": ("rsa2048", "ed25519"),
}


def pem(key: Any, password: bytes | None = None) -> bytes:
    """A private key as a file holds it."""
    secret: Any = (
        serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    )
    return bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret))


def record(name: str) -> str:
    """The TXT record of a key (RFC 6376 §3.6.1, RFC 8463 §4)."""
    public, der = _KEYS[name].public_key(), serialization.Encoding.DER
    if name.startswith("ed25519"):
        return f"v=DKIM1; k=ed25519; p={b64encode(public.public_bytes_raw()).decode()}"
    data = public.public_bytes(der, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={b64encode(data).decode()}"


RECORDS = {f"{name}._domainkey.example.org": record(name) for name in _KEYS}


def key_file(folder: Path, content: bytes, name: str = "key.pem", mode: int = 0o600) -> Path:
    """A file that only its owner reads, unless told otherwise."""
    file = folder / name
    file.write_bytes(content)
    file.chmod(mode)
    return file


def wanted(folder: Path, *names: str) -> Dkim:
    """Settings that sign with these keys, each under its own name."""
    files = [key_file(folder, pem(_KEYS[name]), name) for name in names]
    second = {"ed25519_selector": names[1], "ed25519_key_file": files[1]} if len(names) > 1 else {}
    return Dkim(domain="example.org", selector=names[0], key_file=files[0], **second)


def signer_of(folder: Path, *names: str) -> Signer:
    """Signs for example.org with these keys."""
    signer = make_signer(wanted(folder, *names), "news.example.org")
    assert signer
    return signer


@pytest.fixture(params=KINDS.values(), ids=list(KINDS))
def signer(request: pytest.FixtureRequest, tmp_path: Path) -> Signer:
    """With each kind of key in turn."""
    return signer_of(tmp_path, *request.param)


@pytest.fixture
def both(tmp_path: Path) -> Signer:
    """Signs twice."""
    return signer_of(tmp_path, "rsa2048", "ed25519")


def signed(signer: Signer | None, envelope: Headers = EDITION, **changes: Any) -> bytes:
    """A message with this signer's signatures; `changes` to what is said, to whom, and with which links."""
    words: dict[str, Any] = {"subject": "A vs B", "text": WORDS, "html": PAGE, "marker": MARKER}
    words |= {name: changes.pop(name) for name in list(changes) if name in words}
    values: dict[str, Any] = {
        "to": "ada@example.net",
        "message_id": "<abc@example.org>",
        "date": DATE,
        "links": LINKS,
    }
    return compose(Rendered(**words), replace(envelope, signer=signer)).message(**(values | changes))


# --- the verifiers ---


def dkimpy(mail: bytes) -> list[bool]:
    """Whether each signature holds, as dkimpy sees it."""

    def answer(name: bytes, timeout: int = 5) -> bytes | None:
        return RECORDS.get(name.decode().rstrip("."), "").encode() or None

    def holds(index: int) -> bool:
        try:
            return bool(dkim.DKIM(mail).verify(index, dnsfunc=answer))
        except dkim.DKIMException:
            return False

    return [holds(index) for index in range(mail.count(b"DKIM-Signature:"))]


class OpenDkim:
    """The library behind opendkim and opendkim-testmsg, which reads public keys from a file on request.

    The tool itself would ask the name servers of this machine. Numbers are those of its dkim.h.
    """

    def __init__(self, folder: Path) -> None:
        """Look for it; skips the test where it is not installed."""
        found = ctypes.util.find_library("opendkim")
        if not found:
            pytest.skip("opendkim is not installed (Debian package opendkim-tools)")
        self.library = ctypes.CDLL(found)
        for name in ("dkim_init", "dkim_verify"):
            getattr(self.library, name).restype = ctypes.c_void_p
        self.handle = ctypes.c_void_p(self.library.dkim_init(None, None))
        names = folder / "records"
        names.write_text("".join(f"{name} {text}\n" for name, text in RECORDS.items()))
        self._option(6, ctypes.byref(ctypes.c_int(1)), ctypes.sizeof(ctypes.c_int))  # keys come from a file
        self._option(7, str(names).encode(), len(str(names).encode()))  # which is this one

    def _option(self, option: int, value: Any, size: int) -> None:
        assert self.library.dkim_options(self.handle, 1, option, value, ctypes.c_size_t(size)) == 0

    def __call__(self, mail: bytes) -> list[bool]:
        """Whether each signature holds: it was checked and passed, and so was the body's hash."""
        status, count, found = ctypes.c_int(), ctypes.c_int(), ctypes.POINTER(ctypes.c_void_p)()
        job = ctypes.c_void_p(self.library.dkim_verify(self.handle, b"test", None, ctypes.byref(status)))
        try:
            self.library.dkim_chunk(job, mail, ctypes.c_size_t(len(mail)))
            self.library.dkim_chunk(job, None, ctypes.c_size_t(0))
            self.library.dkim_eom(job, None)
            self.library.dkim_getsiglist(job, ctypes.byref(found), ctypes.byref(count))
            signatures = [ctypes.c_void_p(found[index]) for index in range(count.value)]
            flags, body = self.library.dkim_sig_getflags, self.library.dkim_sig_getbh
            return [bool(flags(one) & 4) and body(one) == 0 for one in signatures]
        finally:
            self.library.dkim_free(job)


@pytest.fixture(params=["dkimpy", "opendkim"])
def verify(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[bytes], list[bool]]:
    """Each verifier in turn."""
    return dkimpy if request.param == "dkimpy" else OpenDkim(tmp_path)


Verify = Callable[[bytes], list[bool]]


def tags(mail: bytes) -> list[dict[str, str]]:
    """The tags of each signature, without the blanks of its folds."""
    fields = email.message_from_bytes(mail, policy=email.policy.compat32).get_all("DKIM-Signature", [])
    bare = [re.sub(r"\s", "", str(field)).rstrip(";") for field in fields]
    return [dict(tag.split("=", 1) for tag in field.split(";")) for field in bare]


def head_of(mail: bytes) -> list[bytes]:
    """The header fields below the signatures, folded as they are."""
    fields = re.split(rb"\r\n(?![ \t])", mail.partition(b"\r\n\r\n")[0])
    return [field for field in fields if not field.startswith(b"DKIM-Signature:")]


# --- what is signed ---


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


RISKY = [
    *("from", "to", "cc", "subject", "date", "message-id", "reply-to", "mime-version", "content-type"),
    *("list-unsubscribe", "list-unsubscribe-post"),
]


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


@settings(max_examples=150, deadline=None)
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


# --- what is changed on the way ---


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
    assert len(fields) == 17
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


# --- settings that cannot be used ---


def weak_key(folder: Path) -> bytes:
    """An RSA key of 768 bits, which the library would not make."""
    made = subprocess.run(["openssl", "genrsa", "768"], capture_output=True, check=True, cwd=folder)
    return made.stdout


def public_half(_: Path) -> bytes:
    """What belongs into DNS."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return bytes(_KEYS["rsa2048"].public_key().public_bytes(serialization.Encoding.PEM, form))


BAD_KEYS: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "empty": (lambda _: b"", "expected a private key, RSA or Ed25519, as PEM"),
    "no key": (lambda _: b"hunter2", "expected a private key"),
    "binary": (lambda _: bytes(range(256)), "expected a private key"),
    "half": (lambda _: pem(_KEYS["rsa2048"])[:800], "expected a private key"),
    "public": (public_half, "expected a private key"),
    "locked": (lambda _: pem(_KEYS["rsa2048"], b"hunter2"), "without a passphrase"),
    "another kind": (
        lambda _: pem(ec.generate_private_key(ec.SECP256R1())),
        "expected an RSA or an Ed25519 key",
    ),
    "weak": (weak_key, "expected an RSA key of 1024 bits or more, not 768"),
}


@pytest.mark.parametrize(("make", "said"), BAD_KEYS.values(), ids=BAD_KEYS.keys())
def test_an_unusable_key_is_named(make: Callable[[Path], bytes], said: str, tmp_path: Path) -> None:
    """Setting, file and what was expected, for either key; and nothing of what is in the file."""
    bad = key_file(tmp_path, make(tmp_path))
    good = wanted(tmp_path, "rsa2048", "ed25519")
    for setting in ("key_file", "ed25519_key_file"):
        with pytest.raises(ConfigError, match=re.escape(said)) as caught:
            make_signer(good.model_copy(update={setting: bad}), "example.org")
        assert str(caught.value).startswith(f"dkim.{setting}: {bad}: ")
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("name", "said"), [("missing", "No such file"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read_is_named(name: str, said: str, tmp_path: Path) -> None:
    """In the same way."""
    settings = wanted(tmp_path, "rsa2048").model_copy(update={"key_file": tmp_path / name})
    with pytest.raises(ConfigError, match=rf"^dkim\.key_file: {re.escape(str(tmp_path / name))}: {said}"):
        make_signer(settings, "example.org")


@pytest.mark.parametrize(("mode", "fine"), [(0o600, True), (0o640, True), (0o644, False), (0o604, False)])
def test_a_key_that_everybody_reads_is_refused(mode: int, fine: bool, tmp_path: Path) -> None:
    """A group may share it."""
    settings = wanted(tmp_path, "rsa2048")
    assert settings.key_file
    settings.key_file.chmod(mode)
    if fine:
        assert make_signer(settings, "example.org")
    else:
        with pytest.raises(ConfigError, match=r"^dkim\.key_file: .*everybody on this machine can read it"):
            make_signer(settings, "example.org")


def test_each_key_has_its_setting(tmp_path: Path) -> None:
    """Two signatures are one of each kind."""
    with pytest.raises(ConfigError, match=r"^dkim\.key_file: .*expected an RSA key beside the Ed25519 one"):
        make_signer(wanted(tmp_path, "ed25519", "ed25519b"), "example.org")
    with pytest.raises(ConfigError, match=r"^dkim\.ed25519_key_file: .*expected an Ed25519 key"):
        make_signer(wanted(tmp_path, "rsa2048", "rsa1024"), "example.org")


def test_a_small_key_signs_with_a_warning(tmp_path: Path) -> None:
    """1024 bits are allowed, 2048 are advised and say nothing."""
    for name, warned in (("rsa1024", True), ("rsa2048", False), ("ed25519", False)):
        with capture_logs() as logs:
            signer_of(tmp_path, name)
        assert [line["log_level"] for line in logs] == ["warning"] * warned


@pytest.mark.parametrize(
    ("domain", "sender", "fine"),
    [
        ("example.org", "example.org", True),
        ("example.org", "News.Example.ORG", True),
        ("news.example.org", "example.org", False),
        ("example.com", "example.org", False),
        ("ample.org", "example.org", False),
    ],
)
def test_only_the_senders_own_domain_signs(domain: str, sender: str, fine: bool, tmp_path: Path) -> None:
    """Or a parent of it; DMARC takes no other."""
    assert aligned(domain, sender) is fine
    settings = wanted(tmp_path, "rsa2048").model_copy(update={"domain": domain})
    if fine:
        assert make_signer(settings, sender)
    else:
        with pytest.raises(ConfigError, match=rf"^dkim\.domain: {domain} is neither .*{sender}"):
            make_signer(settings, sender)


WHOLE = '[dkim]\ndomain = "example.org"\nselector = "a"\nkey_file = "/nowhere/key"\n'
COMPLAINTS = [
    ('[dkim]\ndomain = "example.org"', "digest.toml:1: dkim: domain, selector and key_file go together"),
    ('[dkim]\nkey_file = "x"', "dkim: domain, selector and key_file go together"),
    (WHOLE + 'ed25519_selector = "b"', "dkim: ed25519_selector and ed25519_key_file go together"),
    (
        '[dkim]\ned25519_selector = "b"\ned25519_key_file = "x"',
        "dkim: ed25519_selector and ed25519_key_file go together, beside a first key",
    ),
    (
        WHOLE + 'ed25519_selector = "A"\ned25519_key_file = "x"',
        "dkim: selector and ed25519_selector are the same",
    ),
    *(
        (f'[dkim]\ndomain = "{domain}"', "digest.toml:2: dkim.domain: expected a domain")
        for domain in (
            "org",
            "",
            "a b.org",
            "example.org.",
            "-a.org",
            "bücher.example",
            "a.org;s=x",
            "a.org\\n",
        )
    ),
    *(
        (f'[dkim]\nselector = "{selector}"', "digest.toml:2: dkim.selector: expected letters")
        for selector in ("", "a b", "a;b", "a..b", "ä", "a" * 64, "a\\r\\nX: y")
    ),
    (
        WHOLE.replace('"a"', f'"{"a" * 60}"').replace("example.org", "b." * 90 + "org"),
        "dkim: selector and domain are too long",
    ),
]


@pytest.mark.parametrize(("text", "said"), COMPLAINTS)
def test_settings_that_make_no_sense_are_named(text: str, said: str, tmp_path: Path) -> None:
    """When they are read."""
    file = tmp_path / "digest.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(file, {})
    assert said in str(caught.value)


def test_unset_is_off() -> None:
    """The relay signs, or nobody."""
    assert make_signer(Dkim(), "example.org") is None


# --- in a running newsletter ---


@contextmanager
def office(url: str, **dkim_settings: object) -> Iterator[Any]:
    """A newsroom on the day of its edition, long ago, with one reader."""
    with (
        FaultyServer() as server,
        newsroom(url, SLOT - timedelta(weeks=52), smtp={"port": server.port}, dkim=dkim_settings) as room,
    ):
        room.join("ada@example.net")
        room.publish_many(1)
        yield room, server


def test_a_broken_key_stops_the_run_before_anybody_is_owed_mail(database_url: str, tmp_path: Path) -> None:
    """`digest run` ends with 78, `status` names the key, and mended it all goes out, signed."""
    good = wanted(tmp_path, "rsa2048", "ed25519").model_dump()
    with office(database_url, **good | {"key_file": tmp_path / "gone"}) as (room, server):
        before = room.rows()
        with pytest.raises(ConfigError, match=r"^dkim\.key_file: "):
            room.run()
        assert (room.rows(), server.received) == (before, [])
        assert any(
            line.startswith("dkim.key_file: ") for line in standing.status(room.app)["needs_attention"]
        )
    with newsroom(database_url, dkim={**good, "domain": "elsewhere.example"}) as room:
        with pytest.raises(ConfigError, match=r"^dkim\.domain: "):
            room.run()
        assert room.count(Delivery) == 0


def test_runs_and_samples_are_signed(database_url: str, tmp_path: Path) -> None:
    """From the settings to the reader; what editors send themselves shows what readers will get."""
    with office(database_url, **wanted(tmp_path, "rsa2048", "ed25519").model_dump()) as (room, server):
        assert room.run().sent == 1
        (mail,) = server.received
        assert dkimpy(mail.data) == [True, True]
        sample = sample_message(room.app, Rendered("A vs B", PAGE, WORDS, MARKER), "2025-W47")
        assert dkimpy(sample) == [True, True]
