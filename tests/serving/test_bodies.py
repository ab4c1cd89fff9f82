"""Bodies: read whole, within limits of size and time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from starlette.types import Message, Receive

from digest.serving.bodies import HungUp, TooMuch, read_body

GONE: Message = {"type": "http.disconnect"}


def piece(body: bytes, *, more: bool = True) -> Message:
    """A part of a body as it comes in."""
    return {"type": "http.request", "body": body, "more_body": more}


def coming(messages: Iterable[Message]) -> Receive:
    """What comes in, and then silence."""
    line = iter(messages)

    async def receive() -> Message:
        for message in line:
            return message
        await asyncio.Event().wait()
        raise AssertionError

    return receive


def read(*messages: Message, limit: int = 4, seconds: float = 20) -> bytes:
    """What becomes of these."""
    return asyncio.run(read_body(coming(messages), limit=limit, seconds=seconds))


def test_a_body_is_read_to_its_end() -> None:
    """In as many pieces as it comes; the limit itself is allowed, and no body is an empty one."""
    assert read(piece(b"a"), piece(b"bcd", more=False), piece(b"next")) == b"abcd"
    assert read({"type": "http.request"}) == b""


def test_too_much_is_not_read_to_its_end() -> None:
    """The piece that goes beyond the limit is the last one looked at."""
    with pytest.raises(TooMuch):
        read(piece(b"abc"), piece(b"de"), GONE)
    with pytest.raises(TooMuch):
        read(piece(b"abcde", more=False))


def test_who_hangs_up_asked_nothing() -> None:
    """Half a body is none."""
    with pytest.raises(HungUp):
        read(piece(b"abc"), GONE)


def test_who_never_ends_is_given_up() -> None:
    """However much came in before."""
    with pytest.raises(TimeoutError):
        read(piece(b"abc"), seconds=0.01)
