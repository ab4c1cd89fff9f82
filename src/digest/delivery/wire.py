"""The wire to the relay: whole replies or none, and writes of which we know whether they went out."""

from __future__ import annotations

import asyncio
import re
import smtplib
import ssl
from collections import deque
from contextlib import suppress
from socket import socket

from digest.delivery.replies import Reply

REPLY_LINES = 200
LINE_OCTETS = 8192
READ = 65536
FINAL_DOT = b".\r\n"
FULL = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
LOST = (OSError, smtplib.SMTPException, ValueError)
"""What is raised when the relay went away or speaks no SMTP."""

_REPLY_LINE = re.compile(rb"[2-5]\d\d(?:[ -].*)?\r?\Z", re.DOTALL)


def stuffed(lines: bytes) -> bytes:
    """Whole lines with every leading dot doubled (RFC 5321 §4.5.2)."""
    return (b"." if lines.startswith(b".") else b"") + lines.replace(b"\n.", b"\n..")


class Wire:
    """A connected socket, plain or TLS, on the running event loop; for one task at a time.

    asyncio's own transports do not tell whether the last octet of a write had left when the connection was
    lost, and that decides whether a message may have arrived.
    """

    def __init__(self, sock: socket) -> None:
        """Take over `sock`, which is closed by `close()`."""
        sock.setblocking(False)
        self._socket = sock
        self._tls = isinstance(sock, ssl.SSLSocket)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock, self._read)
        self._replies: deque[Reply] = deque()
        self._lines: list[bytes] = []  # of a reply whose last line has not come
        self._rest = b""  # of a line whose end has not come
        self._lost: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def lost(self) -> bool:
        """Whether it is known to be over."""
        return self._lost is not None

    def close(self) -> None:
        """Hang up; never raises."""
        self._lose(smtplib.SMTPServerDisconnected("the connection is closed"))
        with suppress(OSError):
            self._socket.close()

    async def command(self, seconds: float, line: str) -> Reply:
        """Say `line` and return the reply to it; either may take `seconds`."""
        await self.write(f"{line}\r\n".encode("ascii"), seconds)
        return await self.reply(seconds)

    async def reply(self, seconds: float) -> Reply:
        """The next reply, which must be whole within `seconds`; raises one of LOST."""
        if not self._replies:
            await self._news(seconds)
        return self._replies.popleft()

    async def write(self, data: bytes, seconds: float) -> None:
        """Hand all of `data` over within `seconds`. If this raises, its last octet did not go out.

        That holds because a plain `send` that raises has taken nothing, and one over TLS lacks at least the
        end of its last record, which nobody can decrypt without it.
        """
        if self._lost:
            raise self._lost
        sent = self._send(data)
        if sent < len(data):
            async with asyncio.timeout(seconds):
                await self._write_rest(memoryview(data)[sent:])

    def expect_silence(self) -> None:
        """Raise SMTPServerDisconnected if the relay has said more than it was asked for.

        Else words from before the dot would pass for the reply to it.
        """
        self._read()
        if self._replies or self._lines or self._rest:
            self._lose(smtplib.SMTPServerDisconnected("a reply that nothing was asked for"))
        if self._lost:
            raise self._lost

    # --- writing ---

    def _send(self, data: bytes | memoryview) -> int:
        try:
            return self._socket.send(data)
        except FULL:
            return 0

    async def _write_rest(self, rest: memoryview) -> None:
        while rest:
            await self._writable()
            rest = rest[self._send(rest) :]

    async def _writable(self) -> None:
        """Wait until the socket takes more, or fail because the relay is gone."""
        self._waiter = self._loop.create_future()
        self._loop.add_writer(self._socket, self._wake)
        try:
            await self._waiter
        finally:
            self._waiter = None
            self._loop.remove_writer(self._socket)
        if self._lost:
            raise self._lost

    # --- reading ---

    async def _news(self, seconds: float) -> None:
        """Wait for a whole reply, or raise why there will be none."""
        if not self._lost:
            self._waiter = self._loop.create_future()
            timer = self._loop.call_later(seconds, self._lose, TimeoutError("timed out"))
            try:
                await self._waiter
            finally:
                self._waiter = None
                timer.cancel()
        if not self._replies and self._lost:
            raise self._lost

    def _read(self) -> None:
        """Take what has come; of TLS all, since it may hold decrypted octets that no selector sees."""
        try:
            while not self._lost:
                self._feed(self._socket.recv(READ))
                if not self._tls:
                    break
        except FULL:
            pass
        except OSError as error:
            self._lose(smtplib.SMTPServerDisconnected(f"no reply: {error}"))

    def _feed(self, data: bytes) -> None:
        if not data:
            self._lose(smtplib.SMTPServerDisconnected("the connection was closed before a whole reply came"))
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._hear(line)
        if len(self._rest) > LINE_OCTETS:
            self._lose(smtplib.SMTPServerDisconnected("a reply line without end"))
        if self._replies:
            self._wake()

    def _hear(self, line: bytes) -> None:
        if not _REPLY_LINE.match(line):
            self._lose(smtplib.SMTPServerDisconnected(f"not an SMTP reply: {line[:80]!r}"))
        elif len(self._lines) >= REPLY_LINES:
            self._lose(smtplib.SMTPServerDisconnected("a reply without end"))
        elif self._lost is None:
            self._lines.append(line[4:].strip())
            if line[3:4] != b"-":
                text = b"\n".join(self._lines).decode("utf-8", "replace")
                self._replies.append(Reply(int(line[:3]), text))
                self._lines = []

    def _lose(self, why: Exception) -> None:
        """From here on nothing is read or written; replies that came whole are still good."""
        if self._lost is None:
            self._lost = why
            self._loop.remove_reader(self._socket)
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
