"""Providers and their domains."""

from __future__ import annotations

from collections import Counter

import pytest

from digest.audience.addresses import read_address
from digest.config.smtp import PROVIDERS
from digest.delivery.destinations import DOMAINS, group_by_domain


@pytest.mark.parametrize(
    ("domain", "group"),
    [
        ("gmail.com", "google"),
        ("googlemail.com", "google"),
        ("hotmail.co.uk", "microsoft"),
        ("live.nl", "microsoft"),
        ("outlook.de", "microsoft"),
        ("yahoo.com.br", "yahoo"),
        ("aol.com", "yahoo"),
        ("me.com", "apple"),
        ("web.de", "gmx"),
        ("yahoo.co.jp", None),  # another company's
        ("live.example.com", None),
        ("example.org", None),
    ],
)
def test_a_domain_has_its_provider(domain: str, group: str | None) -> None:
    """And most have none that we know."""
    assert group_by_domain({}).get(domain) == group


def test_settings_add_domains_and_groups() -> None:
    """And win over what we know."""
    groups = group_by_domain({"google": ("example.com",), "ours": ("example.org", "me.com")})
    assert [groups[name] for name in ("gmail.com", "example.com", "example.org", "me.com")] == [
        "google",
        "google",
        "ours",
        "ours",
    ]


def test_the_settings_know_the_same_providers() -> None:
    """Under the same names."""
    assert sorted(DOMAINS) == list(PROVIDERS)


def test_every_domain_is_one_and_in_one_group() -> None:
    """As addresses spell them."""
    counted = Counter(domain for domains in DOMAINS.values() for domain in domains)
    assert set(counted.values()) == {1}
    assert [domain for domain in counted if read_address(f"ann@{domain}").domain != domain] == []
