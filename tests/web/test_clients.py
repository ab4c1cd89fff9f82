"""Where a request comes from, with proxies in between that tell the truth, or lie."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.web.clients import client_address, counted

TRUSTED = [ip_network(one) for one in ("127.0.0.1", "10.0.0.0/8", "::1", "fd00::/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        # Nobody in between, or somebody we do not know: only who is connected counts.
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        ("192.0.2.1", ["127.0.0.1"], "192.0.2.1"),
        # One proxy, and what a client made up before it.
        ("127.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("127.0.0.1", ["1.1.1.1, 198.51.100.7"], "198.51.100.7"),
        ("127.0.0.1", ["1.1.1.1", "198.51.100.7"], "198.51.100.7"),
        ("127.0.0.1", ["10.9.9.9, 1.1.1.1", "198.51.100.7"], "198.51.100.7"),
        # Two of them.
        ("127.0.0.1", ["198.51.100.7, 10.1.2.3"], "198.51.100.7"),
        ("127.0.0.1", ["6.6.6.6, 198.51.100.7", "10.1.2.3"], "198.51.100.7"),
        # All of them ours: a request from within.
        ("127.0.0.1", ["10.0.0.5, 10.1.2.3"], "10.0.0.5"),
        ("127.0.0.1", [], "127.0.0.1"),
        # Spellings.
        ("127.0.0.1", [" 198.51.100.7:4711 "], "198.51.100.7"),
        ("127.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("127.0.0.1", ["[2001:db8::7]"], "2001:db8::7"),
        ("127.0.0.1", ['"[2001:db8::7]:4711"'], "2001:db8::7"),
        ("127.0.0.1", ["2001:DB8::7"], "2001:db8::7"),
        ("127.0.0.1", ["fe80::1%eth0"], "fe80::1"),
        ("127.0.0.1", ["::ffff:198.51.100.7"], "198.51.100.7"),
        ("::ffff:127.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("::1", ["2001:db8::7, fd00::9"], "2001:db8::7"),
        # Junk: the last who is known to be somebody.
        ("127.0.0.1", ["unknown"], "127.0.0.1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.7,"], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.7, <script>, 10.1.2.3"], "10.1.2.3"),
        ("127.0.0.1", ["198.51.100.7, 999.1.1.1"], "127.0.0.1"),
        ("127.0.0.1", ["010.1.1.1"], "127.0.0.1"),
        ("testclient", ["198.51.100.7"], None),
        (None, ["198.51.100.7"], None),
        ("", [], None),
    ],
)
def test_the_client(peer: str | None, forwarded: list[str], client: str | None) -> None:
    """From the right through trusted hops only."""
    found = client_address(peer, forwarded, TRUSTED)
    assert (str(found) if found else None) == client


def test_without_a_setting_nobody_is_believed() -> None:
    """Not even this machine."""
    assert str(client_address("127.0.0.1", ["198.51.100.7"], [])) == "127.0.0.1"


@pytest.mark.parametrize(
    ("peer", "name"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("a socket", None),
        (None, None),
    ],
)
def test_how_it_is_counted(peer: str | None, name: str | None) -> None:
    """An IPv6 line has a whole /64 to come from."""
    assert counted(client_address(peer, [], [])) == name


@given(
    st.none() | st.sampled_from(["127.0.0.1", "::1", "10.0.0.1"]) | st.text(max_size=40),
    st.lists(st.text(max_size=60) | st.sampled_from(["10.0.0.1, 1.2.3.4", ",,,", "[", "]:", "[::1", "::"])),
)
def test_whatever_arrives(peer: str | None, forwarded: list[str]) -> None:
    """It has an answer: nothing, or what can be counted."""
    assert counted(client_address(peer, forwarded, TRUSTED)) != ""
