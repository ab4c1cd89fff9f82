"""Bodies of requests, read within limits of size and time before any page sees them."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.types import Receive

BODY: Final = "digest.body"


class TooMuch(Exception):
    """The body is larger than allowed; it was not read to its end."""


class HungUp(Exception):
    """The other side went half-way: nothing was asked."""


def body_of(request: Request) -> bytes:
    """The whole body, which the gate has read already."""
    body: bytes = request.scope[BODY]
    return body


async def read_body(receive: Receive, *, limit: int, seconds: float) -> bytes:
    """A body of at most `limit` bytes; raises TooMuch, HungUp, or TimeoutError where it takes longer."""
    async with asyncio.timeout(seconds):
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise HungUp
            piece: bytes = message.get("body", b"")
            body += piece
            if len(body) > limit:
                raise TooMuch
            if not message.get("more_body", False):
                return body
