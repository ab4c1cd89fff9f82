"""A wire that takes less than it is given, hears replies in any pieces, and knows when it is lost."""

from __future__ import annotations

import asyncio
import smtplib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.delivery.replies import Reply
from digest.delivery.wire import LINE_OCTETS, REPLY_LINES, Wire, stuffed

BLOCK = bytes(range(256)) * 800


@asynccontextmanager
async def ends() -> AsyncIterator[tuple[Wire, socket.socket]]:
    """A wire whose socket holds very little, and the other end."""
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    theirs.setblocking(False)
    wire = Wire(ours)
    with ours, theirs:
        try:
            yield wire, theirs
        finally:
            wire.close()


async def taken(other: socket.socket, octets: int) -> bytes:
    """So many octets from the other end, a few at a time; fewer where that is the end."""
    data, loop = bytearray(), asyncio.get_running_loop()
    while len(data) < octets and (more := await loop.sock_recv(other, 1000)):
        data += more
    return bytes(data)


def test_a_block_arrives_whole_however_little_is_taken_at_a_time() -> None:
    """Nothing is left out or sent twice."""

    async def talk() -> None:
        async with ends() as (wire, other):
            writing = asyncio.create_task(wire.write(BLOCK, 60))
            assert await taken(other, len(BLOCK)) == BLOCK
            await writing

    asyncio.run(talk())


def test_a_block_that_is_not_taken_has_an_end() -> None:
    """And its last octets are not on their way."""

    async def talk() -> None:
        async with ends() as (wire, other):
            with pytest.raises(TimeoutError):
                await wire.write(BLOCK, 0.2)
            wire.close()
            assert 0 < len(await taken(other, len(BLOCK))) < len(BLOCK)

    asyncio.run(talk())


def test_a_block_ends_when_the_other_end_goes() -> None:
    """Without waiting for the time to run out."""

    async def talk() -> None:
        async with ends() as (wire, other):
            writing = asyncio.create_task(wire.write(BLOCK, 3600))
            await taken(other, 1)
            other.close()
            with pytest.raises((OSError, smtplib.SMTPServerDisconnected)):
                await writing

    asyncio.run(talk())


def test_nothing_is_written_to_a_closed_connection() -> None:
    """It is told like any lost connection."""

    async def talk() -> None:
        async with ends() as (wire, _):
            wire.close()
            with pytest.raises(smtplib.SMTPServerDisconnected):
                await wire.write(b"NOOP\r\n", 1)
            with pytest.raises(smtplib.SMTPServerDisconnected):
                await wire.reply(1)
            wire.close()

    asyncio.run(talk())


SAID = b"250-one\r\n250-two words\r\n250 three\r\n354 go\r\n550\r\n250 lone line feed\n"
HEARD = [
    Reply(250, "one\ntwo words\nthree"),
    Reply(354, "go"),
    Reply(550, ""),
    Reply(250, "lone line feed"),
]


@given(cuts=st.sets(st.integers(1, len(SAID) - 1)))
def test_replies_are_whole_however_they_come(cuts: set[int]) -> None:
    """In segments of any size, and though the connection ends right behind them."""

    async def talk() -> list[Reply]:
        async with ends() as (wire, other):
            edges = [0, *sorted(cuts), len(SAID)]
            for start, end in pairwise(edges):
                other.send(SAID[start:end])
                await asyncio.sleep(0)
            other.close()
            return [await wire.reply(60) for _ in HEARD]

    assert asyncio.run(talk()) == HEARD


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "not an SMTP reply"),
        (b"25\r\n", "not an SMTP reply"),
        (b"199 too low\r\n", "not an SMTP reply"),
        (b"2500 too long\r\n", "not an SMTP reply"),
        (b"250-half\r\n", "before a whole reply"),
        (b"250 half", "before a whole reply"),
        (b"", "before a whole reply"),
        (b"2" * (LINE_OCTETS + 1), "without end"),
        (b"250-more\r\n" * (REPLY_LINES + 1), "without end"),
    ],
)
def test_what_is_no_reply_ends_the_connection(said: bytes, why: str) -> None:
    """And is not taken for one, now or later."""

    async def talk() -> None:
        async with ends() as (wire, other):
            await asyncio.get_running_loop().sock_sendall(other, said)
            other.close()
            for _ in range(2):
                with pytest.raises(smtplib.SMTPServerDisconnected, match=why):
                    await wire.reply(60)

    asyncio.run(talk())


def test_silence_has_an_end() -> None:
    """After which a late reply is not heard any more: it might pass for the next one."""

    async def talk() -> None:
        async with ends() as (wire, other):
            with pytest.raises(TimeoutError):
                await wire.reply(0.05)
            other.send(b"250 late\r\n")
            with pytest.raises(TimeoutError):
                await wire.reply(60)

    asyncio.run(talk())


@pytest.mark.parametrize("early", [b"250 ok\r\n", b"250", b"250-ok\r\n"])
def test_words_that_nothing_was_asked_for_are_found(early: bytes) -> None:
    """A reply from before the dot would pass for the one to it."""

    async def talk() -> None:
        async with ends() as (wire, other):
            wire.expect_silence()
            other.send(early)
            with pytest.raises(smtplib.SMTPServerDisconnected, match="nothing was asked for"):
                wire.expect_silence()

    asyncio.run(talk())


@given(lines=st.lists(st.text(alphabet=".a \t", max_size=4)))
def test_leading_dots_are_doubled(lines: list[str]) -> None:
    """And no others."""
    plain = "".join(f"{line}\r\n" for line in lines)
    dotted = "".join(f"{'.' if line.startswith('.') else ''}{line}\r\n" for line in lines)
    assert stuffed(plain.encode()) == dotted.encode()
