"""Addresses: what mail can be sent to, and which spellings are the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.audience.addresses import NotAnAddress, read_address
from digest.delivery.mailboxes import ascii_address

LONG_LOCAL = "a" * 64

GOOD = [
    ("ann@example.org", "ann@example.org"),
    ("  Ann@Example.ORG\r\n", "Ann@example.org"),
    ("\ufeffann@example.org", "ann@example.org"),
    ("ann+news@example.org", "ann+news@example.org"),
    ("o'neil@example.org", "o'neil@example.org"),
    ("=1+1@example.org", "=1+1@example.org"),
    ("ann@bücher.example", "ann@xn--bcher-kva.example"),
    ("ann@BÜCHER.example", "ann@xn--bcher-kva.example"),
    ("ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
    ("ann@faß.example", "ann@xn--fa-hia.example"),
    ("ann@\u212a.example", "ann@k.example"),  # the Kelvin sign
    ("ann@example。org", "ann@example.org"),  # an ideographic full stop
    ('"ann"@example.org', "ann@example.org"),
    (f"{LONG_LOCAL}@example.org", f"{LONG_LOCAL}@example.org"),
    ("ann@mail.example.test", "ann@mail.example.test"),
]


@pytest.mark.parametrize(("text", "email"), GOOD)
def test_addresses_are_normalised(text: str, email: str) -> None:
    """The domain in lower-case ASCII, the local part as it came; identity without case."""
    address = read_address(text)
    assert address.email == email
    assert address.canonical == email.lower()
    assert address.domain == email.rpartition("@")[2]


BAD = [
    "",
    " ",
    "@",
    "ann",
    "ann@",
    "@example.org",
    "ann@example",
    "ann@localhost",
    "ann@@example.org",
    "ann@bob@example.org",
    "ann @example.org",
    "ann@ example.org",
    "ann@exa mple.org",
    "ann@example.org bob@example.org",
    "ann@example.org, bob@example.org",
    "ann@example.org\nBcc: eve@example.org",
    "ann\r\n@example.org",
    "ann@example.org\x00",
    "ann@exam\tple.org",
    "Ann <ann@example.org>",
    "mailto:ann@example.org",
    "ann.@example.org",
    ".ann@example.org",
    "ann..b@example.org",
    "ann@.example.org",
    "ann@example..org",
    "ann@example.org.",
    "ann@-example.org",
    "ann@example-.org",
    "ann@[127.0.0.1]",
    "ann@127.0.0.1",
    "ann@１２７.0.0.1",
    "änn@example.org",
    "\u0430nn@example.org",  # a Cyrillic а
    "ann@exam\u200bple.org",
    "ann@example.org\u202e",
    "ann\u00ad@example.org",
    '"a b"@example.org',
    '"a\\"b"@example.org',
    '"\x1b[31m"@example.org',
    "ann@xn--a.example",
    "ann@\udcff.example",
    "\udcff@example.org",
    f"{LONG_LOCAL}a@example.org",
    f"ann@{'a' * 64}.example",
    "ann@" + "a." * 125 + "org",
    # short as typed, too long in ASCII
    f"{LONG_LOCAL}@" + ".".join(["ü" + "b" * 53] * 3) + ".example",
]


@pytest.mark.parametrize("text", BAD)
def test_what_cannot_be_mailed_is_no_address(text: str) -> None:
    """With a sentence that can be printed anywhere, on one line."""
    with pytest.raises(NotAnAddress) as caught:
        read_address(text)
    said = str(caught.value)
    assert said.isprintable()
    assert said.encode()
    assert len(said) < 300


def domains() -> st.SearchStrategy[str]:
    """Words and dots, plain and strange."""
    label = st.text("abzäß東۱-xn0", min_size=1, max_size=30) | st.text(min_size=1, max_size=8)
    return st.lists(label, min_size=1, max_size=5).map(".".join)


@given(st.text() | st.builds("{}@{}".format, st.text(max_size=70) | st.text("a.+'\"", max_size=9), domains()))
def test_any_text_is_an_address_or_is_not(text: str) -> None:
    """Nothing else is raised, reading the result again changes nothing, and SMTP can carry it."""
    try:
        address = read_address(text)
    except NotAnAddress:
        return
    else:
        assert read_address(address.email) == address
        assert ascii_address(address.email) == address.email
        assert len(address.email) <= 254
        assert read_address(address.email.upper()).canonical == address.canonical
