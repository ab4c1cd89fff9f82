"""Signing by the settings: those that cannot be used are named, and a newsletter signs by those that can."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from structlog.testing import capture_logs

from digest.app import standing
from digest.app.samples import sample_message
from digest.config import load_settings
from digest.config.settings import Dkim
from digest.delivery.models import Delivery
from digest.delivery.signing import aligned, make_signer
from digest.errors import ConfigError
from digest.rendering.rendered import Rendered
from tests.faults.smtp_server import FaultyServer
from tests.support.newsrooms import SLOT, newsroom
from tests.support.signatures import KEYS, PAGE, WORDS, key_file, pem, signer_of, wanted
from tests.support.tables import MARKER
from tests.support.verifiers import dkimpy


def weak_key(folder: Path) -> bytes:
    """An RSA key of 768 bits, which the library would not make."""
    made = subprocess.run(["openssl", "genrsa", "768"], capture_output=True, check=True, cwd=folder)
    return made.stdout


def public_half(_: Path) -> bytes:
    """What belongs into DNS."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return bytes(KEYS["rsa2048"].public_key().public_bytes(serialization.Encoding.PEM, form))


BADKEYS: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "empty": (lambda _: b"", "expected a private key, RSA or Ed25519, as PEM"),
    "no key": (lambda _: b"hunter2", "expected a private key"),
    "binary": (lambda _: bytes(range(256)), "expected a private key"),
    "half": (lambda _: pem(KEYS["rsa2048"])[:800], "expected a private key"),
    "public": (public_half, "expected a private key"),
    "locked": (lambda _: pem(KEYS["rsa2048"], b"hunter2"), "without a passphrase"),
    "another kind": (
        lambda _: pem(ec.generate_private_key(ec.SECP256R1())),
        "expected an RSA or an Ed25519 key",
    ),
    "weak": (weak_key, "expected an RSA key of 1024 bits or more, not 768"),
}


@pytest.mark.parametrize(("make", "said"), BADKEYS.values(), ids=BADKEYS.keys())
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
