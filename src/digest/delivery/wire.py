"""The wire to the relay: whole replies or none, and blocks of which we know whether they went out."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass

from digest.delivery.replies import Reply

REPLY_LINES = 200
LOST = (OSError, smtplib.SMTPException, ValueError)
"""What is raised when the relay went away or speaks no SMTP."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long one read or write may stand still, in seconds; the defaults are RFC 5321 §4.5.3.2's."""

    greeting: float = 300
    command: float = 300
    data: float = 120
    block: float = 180
    final: float = 600


class Client(smtplib.SMTP):
    """smtplib, but a reply cut short by a lost connection is no reply, and none is without end."""

    def command(self, seconds: float, line: str) -> Reply:
        """Say `line` and return the reply to it; either may take `seconds`."""
        self.write(f"{line}\r\n".encode("ascii"), seconds)
        return self.reply(seconds)

    def reply(self, seconds: float) -> Reply:
        """The next reply, which may take `seconds` for each of its pieces."""
        self.wait(seconds)
        return as_reply(self.getreply())

    def write(self, data: bytes, seconds: float) -> None:
        """Hand all of `data` over within `seconds`. If this raises, its last octet did not go out.

        That holds because a plain `send` that raises has taken nothing, and one over TLS lacks at least the
        end of its last record, which nobody can decrypt without it.
        """
        rest, end = memoryview(data), time.monotonic() + seconds
        self.wait(seconds)
        while len(rest := rest[self._socket.send(rest) :]):
            self.wait(max(end - time.monotonic(), 0.001))

    def wait(self, seconds: float) -> None:
        """Let each of the following reads and writes stand still for so long."""
        if self._socket.gettimeout() != seconds:
            self._socket.settimeout(seconds)

    def expect_silence(self) -> None:
        """Raise SMTPServerDisconnected if the relay has said more than it was asked for.

        Else words from before the dot would pass for the reply to it.
        """
        self.wait(0)
        with suppress(ssl.SSLWantReadError):
            if self.file is not None and self.file.peek(1):
                self._out_of_step("a reply that nothing was asked for")

    def getreply(self) -> tuple[int, bytes]:
        """The code and text of one reply; raises SMTPServerDisconnected for anything else."""
        lines: list[bytes] = []
        while not lines or lines[-1][3:4] == b"-":
            lines.append(self._reply_line())
            if len(lines) > REPLY_LINES:
                self._out_of_step("a reply without end")
        return int(lines[-1][:3]), b"\n".join(line[4:].strip() for line in lines)

    def _reply_line(self) -> bytes:
        # smtplib reads replies through `file` and drops it after STARTTLS, with any injected plaintext.
        if self.file is None and self.sock is not None:
            self.file = self.sock.makefile("rb")
        try:
            line = self.file.readline(8192) if self.file is not None else b""
        except OSError as error:
            self.close()
            raise smtplib.SMTPServerDisconnected(f"no reply: {error}") from error
        if not line.endswith(b"\n"):
            self._out_of_step("the connection was closed before a whole reply came")
        if not re.match(rb"[2-5]\d\d[ \r\n-]", line):
            self._out_of_step(f"not an SMTP reply: {line[:80]!r}")
        return bytes(line)

    def _out_of_step(self, why: str) -> None:
        self.close()
        raise smtplib.SMTPServerDisconnected(why)

    @property
    def _socket(self) -> socket.socket:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        return self.sock


class ClientTls(Client, smtplib.SMTP_SSL):
    """The same over implicit TLS (RFC 8314 §3.3)."""


def send_at_once(client: Client) -> None:
    """Small writes are not held back for 40 ms each, as Nagle's algorithm would."""
    if client.sock is not None:
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def as_reply(answer: tuple[int, bytes | str]) -> Reply:
    """What smtplib returns, as a Reply."""
    code, text = answer
    return Reply(code, text.decode("utf-8", "replace") if isinstance(text, bytes) else text)
