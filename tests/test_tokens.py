"""Tokens: only ours, only whole, only for what they were made for."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import ExpiredToken, InvalidToken
from digest.tokens import (
    LENGTH,
    TAG_LENGTH,
    Keyring,
    Purpose,
    Token,
    address_hash,
    content_marker,
    new_public_id,
    new_public_ids,
    tag_of,
    token_of,
)

NOW = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)
ANN = "00112233445566778899aabb"
OLD, NEW = b"o" * 32, b"n" * 32
KEYS = Keyring({1: OLD}, 1)
ROTATED = Keyring({1: OLD, 2: NEW}, 2)
PURPOSES = list(Purpose)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_round_trip(purpose: Purpose) -> None:
    """What is issued can be read back, with its moment and generation where the purpose has them."""
    token = KEYS.read(KEYS.issue(purpose, ANN, NOW, generation=3), purpose, NOW)
    expires = purpose in (Purpose.CONFIRM, Purpose.CHANGE, Purpose.RETURN, Purpose.DATA)
    assert token == Token(purpose, ANN, NOW if expires else None, 3 if expires else 0)


@pytest.mark.parametrize("generation", [0, 65535, 65536, 65537])
def test_generations_wrap_instead_of_failing(generation: int) -> None:
    """Somebody who left 65536 times still gets a link."""
    text = KEYS.issue(Purpose.CONFIRM, ANN, NOW, generation)
    token = KEYS.read(text, Purpose.CONFIRM, NOW)
    assert token.generation == generation % 65536
    assert token.is_of(generation)
    assert not token.is_of(generation + 1)


@pytest.mark.parametrize("made_for", PURPOSES)
def test_a_token_works_for_its_own_purpose_only(made_for: Purpose) -> None:
    """Neither as it is nor with the purpose's byte rewritten."""
    text = KEYS.issue(made_for, ANN, NOW)
    for other in set(PURPOSES) - {made_for}:
        raw = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        raw[0] = other
        for attempt in (text, _spelled(bytes(raw)), _spelled(bytes(raw[:14] + raw[-12:]))):
            with pytest.raises(InvalidToken):
                KEYS.read(attempt, other, NOW)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_truncation_is_invalid(purpose: Purpose) -> None:
    """A link cut by a mail client, at either end."""
    text = KEYS.issue(purpose, ANN, NOW)
    for length in range(len(text)):
        for attempt in (text[:length], text[len(text) - length :]):
            with pytest.raises(InvalidToken):
                KEYS.read(attempt, purpose, NOW)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_flipped_bit_is_noticed(purpose: Purpose) -> None:
    """Purpose, key id, person, moment, generation, MAC."""
    text = KEYS.issue(purpose, ANN, NOW)
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    for bit in range(8 * len(raw)):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(InvalidToken):
            KEYS.read(_spelled(bytes(flipped)), purpose, NOW)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_only_the_spelling_we_made_is_accepted(purpose: Purpose) -> None:
    """Base64 has several ways to write the same bytes."""
    text = next(
        text
        for text in (KEYS.issue(purpose, new_public_id(), NOW) for _ in range(1000))
        if "-" in text and "_" in text
    )
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others = [text[:-1] + character for character in last if character != text[-1]]
    others += [text + "=", text + "==", text.replace("-", "+").replace("_", "/"), text + "\n", " " + text]
    others += [text[:5] + "\n" + text[5:], text[:5] + "\r\n " + text[5:], text.swapcase(), text + text]
    for attempt in others:
        with pytest.raises(InvalidToken):
            KEYS.read(attempt, purpose, NOW)
    assert KEYS.read(text, purpose, NOW).purpose is purpose


def test_keys_can_be_rotated() -> None:
    """Old links work under the new ring; new ones are made with the current key."""
    for purpose in PURPOSES:
        old = KEYS.issue(purpose, ANN, NOW)
        new = ROTATED.issue(purpose, ANN, NOW)
        assert ROTATED.read(old, purpose, NOW).subscriber == ROTATED.read(new, purpose, NOW).subscriber
        assert old != new


def test_an_unknown_key_id_is_invalid() -> None:
    """A key that was withdrawn takes its links with it."""
    with pytest.raises(InvalidToken):
        KEYS.read(ROTATED.issue(Purpose.UNSUBSCRIBE, ANN, NOW), Purpose.UNSUBSCRIBE, NOW)


def test_a_key_unknown_here_is_looked_for() -> None:
    """Another process may sign with it already; for a known one nobody looks."""
    asked: list[str] = []

    def reread() -> dict[int, bytes]:
        asked.append("again")
        return dict(ROTATED.keys)

    running = Keyring({1: OLD}, 1, reread)
    for purpose in PURPOSES:
        assert running.read(KEYS.issue(purpose, ANN, NOW), purpose, NOW).subscriber == ANN
    assert not asked
    new = ROTATED.issue(Purpose.UNSUBSCRIBE, ANN, NOW)
    assert running.read(new, Purpose.UNSUBSCRIBE, NOW).subscriber == ANN
    assert asked
    with pytest.raises(InvalidToken):
        running.read(Keyring({3: NEW}, 3).issue(Purpose.UNSUBSCRIBE, ANN, NOW), Purpose.UNSUBSCRIBE, NOW)


def test_another_installations_token_is_invalid() -> None:
    """The same id and the same person under another key."""
    foreign = Keyring({1: NEW}, 1).issue(Purpose.UNSUBSCRIBE, ANN, NOW)
    with pytest.raises(InvalidToken):
        KEYS.read(foreign, Purpose.UNSUBSCRIBE, NOW)


@pytest.mark.parametrize(
    ("purpose", "after", "works"),
    [
        (Purpose.CONFIRM, timedelta(days=7), True),
        (Purpose.CONFIRM, timedelta(days=7, seconds=1), False),
        (Purpose.CONFIRM, timedelta(days=-1), True),  # a clock that was set back
        (Purpose.UNSUBSCRIBE, timedelta(days=3650), True),
        (Purpose.PREFERENCES, timedelta(days=3650), True),
    ],
)
def test_confirm_links_expire_and_the_others_do_not(purpose: Purpose, after: timedelta, works: bool) -> None:
    """Seven days to the second."""
    text = KEYS.issue(purpose, ANN, NOW)
    if works:
        assert KEYS.read(text, purpose, NOW + after).subscriber == ANN
    else:
        with pytest.raises(ExpiredToken):
            KEYS.read(text, purpose, NOW + after)


def test_a_forged_token_is_not_called_expired() -> None:
    """Only a genuine one may be told apart."""
    text = KEYS.issue(Purpose.CONFIRM, ANN, NOW)
    with pytest.raises(InvalidToken) as caught:
        KEYS.read(text[:-2] + "AA", Purpose.CONFIRM, NOW + timedelta(days=30))
    assert not isinstance(caught.value, ExpiredToken)


@given(st.text() | st.text("ABCabc019-_=", min_size=30, max_size=50), st.sampled_from(PURPOSES))
def test_hostile_text_is_merely_invalid(text: str, purpose: Purpose) -> None:
    """Whatever a URL holds."""
    with pytest.raises(InvalidToken):
        KEYS.read(text, purpose, NOW)


@given(st.binary(max_size=60), st.sampled_from(PURPOSES))
def test_hostile_bytes_are_merely_invalid(raw: bytes, purpose: Purpose) -> None:
    """Well-spelled nonsense of every length, with and without the right first bytes."""
    for attempt in (raw, bytes([purpose, 1]) + raw):
        with pytest.raises(InvalidToken):
            KEYS.read(_spelled(attempt), purpose, NOW)


def test_purposes_keep_their_numbers() -> None:
    """They are in links that readers hold already."""
    assert {purpose.name: int(purpose) for purpose in Purpose} == {
        "UNSUBSCRIBE": 1,
        "CONFIRM": 2,
        "PREFERENCES": 3,
        "CHANGE": 4,
        "RETURN": 5,
        "DATA": 6,
    }


def test_list_unsubscribe_stays_on_one_line() -> None:
    """35 characters: folded once after the header's name, no line has more than 78."""
    token = KEYS.issue(Purpose.UNSUBSCRIBE, ANN, NOW)
    assert len(token) == 35
    assert len(f" <https://digest.example.org/unsubscribe/{token}>") <= 78


@given(st.binary(min_size=12, max_size=12), st.integers(0, 255))
def test_a_tag_says_what_its_token_says(public_id: bytes, number: int) -> None:
    """In small and large letters, short enough to stand in a mail address (RFC 5321 §4.5.3.1.1)."""
    ring = Keyring({number: NEW}, number)
    token = ring.issue(Purpose.UNSUBSCRIBE, public_id.hex(), NOW)
    tag = tag_of(token)
    assert len(token) == LENGTH
    assert len(tag) == TAG_LENGTH
    assert tag.isalnum()
    assert tag == tag.lower()
    assert {token_of(tag), token_of(tag.upper()), token_of(tag.title())} == {token}


def test_a_damaged_tag_is_invalid() -> None:
    """Cut, lengthened, with another letter anywhere, or with what is no letter of base32."""
    tag = tag_of(KEYS.issue(Purpose.UNSUBSCRIBE, ANN, NOW))
    others = [tag[:length] for length in range(TAG_LENGTH)] + [tag[1:], tag + "a", tag + "=", tag + tag]
    others += [
        tag[:at] + new + tag[at + 1 :]
        for at in range(TAG_LENGTH)
        for new in "az27018=+/ü\0"
        if new != tag[at]
    ]
    for other in others:
        with pytest.raises(InvalidToken):
            KEYS.read(token_of(other), Purpose.UNSUBSCRIBE, NOW)


@given(st.text(max_size=60))
def test_hostile_tags_are_merely_invalid(tag: str) -> None:
    """Whatever somebody writes into an address."""
    with pytest.raises(InvalidToken):
        KEYS.read(token_of(tag), Purpose.UNSUBSCRIBE, NOW)


def test_a_keyring_does_not_show_its_keys() -> None:
    """In logs and tracebacks."""
    assert "ooo" not in repr(KEYS)


def test_hashes_depend_on_their_key_and_their_use() -> None:
    """An address's hash tells nothing without the key, and is no marker."""
    assert address_hash(OLD, "ann@example.org") == address_hash(OLD, "ann@example.org")
    assert address_hash(OLD, "ann@example.org") != address_hash(NEW, "ann@example.org")
    assert content_marker(OLD, "x")[1:] not in address_hash(OLD, "x")
    assert content_marker(OLD, "x") != content_marker(OLD, "y")


def _spelled(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_ids_of_many() -> None:
    """Each is as long as a single one and its own; they begin alike, and those of the next call otherwise."""
    some, others = new_public_ids(1000), new_public_ids(1000)
    assert len({*some, *others}) == 2000
    assert {len(one) for one in some} == {len(new_public_id())}
    assert len({one[:8] for one in some}) == len({one[:8] for one in others}) == 1
    assert some[0][:8] != others[0][:8]
    assert new_public_ids(0) == []
