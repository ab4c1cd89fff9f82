"""Addresses: what mail can be sent to, and which spellings are the same."""

from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from digest.audience.addresses import SENTENCES, NotAnAddress, read_address
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
    ('"john doe"@example.org', '"john doe"@example.org'),
    ('"j\\ohn\\ doe"@example.org', '"john doe"@example.org'),
    ('"a.b"@example.org', "a.b@example.org"),
    ('".a"@example.org', '".a"@example.org'),
    ('"a\\"b\\\\"@example.org', '"a\\"b\\\\"@example.org'),
    ('"a@b"@example.org', '"a@b"@example.org'),
    ('"a,b>"@Bücher.example', '"a,b>"@xn--bcher-kva.example'),
    (f'"{"a " * 31}"@example.org', f'"{"a " * 31}"@example.org'),
    (f'"{LONG_LOCAL}"@example.org', f"{LONG_LOCAL}@example.org"),  # shorter without its quotes
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
    '""@example.org',
    '"a"b"@example.org',
    '"a\\"@example.org',
    '"a b@example.org',
    'a b"@example.org',
    '"a\tb"@example.org',
    '"ä b"@example.org',
    'a."b c"@example.org',  # RFC 5322 once had it so; RFC 5321 has no such thing
    f'"{"a " * 32}"@example.org',
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
    assert said in SENTENCES
    assert said.isprintable()
    assert said.encode()
    assert len(said) < 300


def domains() -> st.SearchStrategy[str]:
    """Words and dots, plain and strange."""
    label = st.text("abzäß東۱-xn0", min_size=1, max_size=30) | st.text(min_size=1, max_size=8)
    return st.lists(label, min_size=1, max_size=5).map(".".join)


REASONS = [
    ("änn@example.org", "beyond a to z"),
    ("ann..b@example.org", "before the @"),
    ("ann", "such as ann@example.org"),
    ("ann@bob@example.org", "such as ann@example.org"),
    ("ann@127.0.0.1", "after the @"),
    (f"{LONG_LOCAL}a@example.org", "too long"),
    (f'"{LONG_LOCAL} "@example.org', "too long"),
]


@pytest.mark.parametrize(("text", "why"), REASONS)
def test_the_reason_is_the_right_one(text: str, why: str) -> None:
    """So that whoever mistyped sees where."""
    with pytest.raises(NotAnAddress, match=why):
        read_address(text)


@given(st.from_regex(r"\A[a-z0-9-]{1,6}(\.[A-Za-z0-9-]{1,6}){0,3}(\.(org|local|test|xn--p1ai|a1))?\Z"))
def test_the_quick_look_at_a_domain_agrees_with_the_long_one(domain: str) -> None:
    """Ordinary domains are not shown to the library, which would say the same."""
    try:
        address = f"x@{domain}"
        checked = validate_email(address, check_deliverability=False, strict=True, test_environment=True)
    except EmailNotValidError:
        with pytest.raises(NotAnAddress):
            read_address(f"x@{domain}")
    else:
        assert read_address(f"x@{domain}").domain == checked.ascii_domain


def quoted(text: str) -> str:
    """A part before the @ that says `text`, each character behind a backslash where one may stand."""
    return '"' + "".join(f"\\{one}" if one in '"\\' else one for one in text) + '"'


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30))
def test_quotes_are_spelling(meant: str) -> None:
    """One mailbox, however it is quoted: the same address, which says what was meant."""
    every = '"' + "".join(f"\\{one}" for one in meant) + '"'
    address = read_address(f"{quoted(meant)}@example.org")
    assert read_address(f"{every}@example.org") == address
    local = address.email.rpartition("@")[0]
    assert local in (meant, quoted(meant))
    assert ascii_address(address.email) == address.email


@given(
    st.text()
    | st.builds("{}@{}".format, st.text(max_size=70) | st.text("a.+'\"\\\\ ", max_size=9), domains())
)
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
