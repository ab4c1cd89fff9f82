"""The settings of the subscribe form: limits, spans, and which proxies are believed."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from digest.config import load_settings
from digest.config.signup import read_limit
from digest.errors import ConfigError


@pytest.mark.parametrize(
    ("said", "count", "span"),
    [
        ("30 in 1 hour", 30, timedelta(hours=1)),
        ("1 in 90 minutes", 1, timedelta(minutes=90)),
        ("  5  in  2 days ", 5, timedelta(days=2)),
        ("1000000000 in 1 second", 10**9, timedelta(seconds=1)),
        ("3 in 31 days", 3, timedelta(days=31)),
    ],
)
def test_limits(said: str, count: int, span: timedelta) -> None:
    """A number and a span."""
    limit = read_limit(said)
    assert (limit.count, limit.span, str(limit)) == (count, span, said.strip())


@pytest.mark.parametrize(
    "said",
    [
        "",
        "30",
        "30 per hour",
        "0 in 1 hour",
        "-1 in 1 hour",
        "x in 1 hour",
        "30 in hour",
        "30 in 0 seconds",
        "30 in 32 days",
        "30 in 1 year",
        "1000000001 in 1 hour",
        30,
        None,
        ["30 in 1 hour"],
    ],
)
def test_what_is_no_limit(said: object) -> None:
    """It says what would be one."""
    with pytest.raises(ValueError, match=r"expected a (number and a span|span between)"):
        read_limit(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[signup]\nper_client = "many"', r"digest.toml:2: signup.per_client: expected a number and a span"),
        ('[signup]\nin_all = "5 in 2 months"', r"digest.toml:2: signup.in_all: expected a number and a span"),
        ('[signup]\nfill_time = "2 minutes"', r"digest.toml:2: signup.fill_time: "),
        ('[signup]\nper_word = "1 in 1 hour"', r"digest.toml:2: signup.per_word: there is no such setting"),
        (
            '[web]\ntrusted_proxies = ["proxy"]',
            r"digest.toml:2: web.trusted_proxies.0: expected an address or",
        ),
        (
            '[web]\ntrusted_proxies = ["10.0.0.1/8"]',
            r"web.trusted_proxies.0: expected an address or a network",
        ),
        ('[web]\ntrusted_proxies = ["::/0"]', r"web.trusted_proxies.0: expected a proxy of yours"),
        ('[signup]\nfill_time = "120 seconds"', r'fill_time: .* equal to 1 minute, not "2 minutes"'),
        ('[signup]\nkeep_unconfirmed = "1 day"', r'keep_unconfirmed: .* 9 days, not "1 day"'),
        ("[web]\ntrusted_proxies = [1]", r"web.trusted_proxies.0: expected an address or a network"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, said: str) -> None:
    """File, line, key, and what was expected."""
    file = tmp_path / "digest.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_settings(file, {})


def test_by_the_environment(tmp_path: Path) -> None:
    """Limits as they stand in the file, proxies with commas."""
    file = tmp_path / "digest.toml"
    file.write_text("")
    environ = {
        "DIGEST_SIGNUP__PER_CLIENT": "2 in 5 minutes",
        "DIGEST_WEB__TRUSTED_PROXIES": "127.0.0.1, fd00::/8",
    }
    settings = load_settings(file, environ)
    assert settings.signup.per_client == read_limit("2 in 5 minutes")
    assert settings.web.trusted_proxies == (ip_network("127.0.0.1"), ip_network("fd00::/8"))


def test_the_longest_span(tmp_path: Path) -> None:
    """What nothing counts any more: a day at least, since mails are counted by it."""
    file = tmp_path / "digest.toml"
    file.write_text("")
    assert load_settings(file, {}).signup.longest == timedelta(days=1)
    file.write_text('[signup]\nper_domain = "9 in 3 days"')
    assert load_settings(file, {}).signup.longest == timedelta(days=3)
