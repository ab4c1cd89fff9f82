"""Opens a connection to a relay: connect, EHLO, STARTTLS, login. It blocks, and is done by smtplib."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from digest.delivery.replies import Meaning, Reply, Stage, judge
from digest.delivery.wire import LINE_OCTETS, LOST, REPLY_LINES
from digest.errors import ConfigError, RelayRefused, RelayTrouble, RelayUnreachable


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long each thing may take, in seconds; the defaults are RFC 5321 §4.5.3.2's."""

    greeting: float = 300
    command: float = 300
    data: float = 120
    block: float = 180
    final: float = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Where mail is handed over, and how we show who we are.

    `ca_file` (PEM) replaces the system's certificate authorities.
    """

    host: str
    port: int
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Client(smtplib.SMTP):
    """smtplib, but a reply cut short by a lost connection is no reply, and none is without end."""

    def getreply(self) -> tuple[int, bytes]:
        """The code and text of one reply; raises SMTPServerDisconnected for anything else."""
        lines: list[bytes] = []
        while not lines or lines[-1][3:4] == b"-":
            lines.append(self._reply_line())
            if len(lines) > REPLY_LINES:
                self._out_of_step("a reply without end")
        return int(lines[-1][:3]), b"\n".join(line[4:].strip() for line in lines)

    def released(self) -> socket.socket:
        """The socket, for somebody else to go on with; raises SMTPServerDisconnected if it cannot be."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        if self.file is not None:
            self._expect_silence()
            self.file.close()
        sock, self.sock, self.file = self.sock, None, None
        return sock

    def _expect_silence(self) -> None:
        """Words from before a command would pass for the reply to it."""
        self.sock.setblocking(False)  # type: ignore[union-attr]  # its one caller has looked
        with suppress(ssl.SSLWantReadError):
            if self.file is not None and self.file.peek(1):
                self._out_of_step("a reply that nothing was asked for")

    def _reply_line(self) -> bytes:
        # smtplib reads replies through `file` and drops it after STARTTLS, with any injected plaintext.
        if self.file is None and self.sock is not None:
            self.file = self.sock.makefile("rb")
        try:
            line = self.file.readline(LINE_OCTETS) if self.file is not None else b""
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


class ClientTls(Client, smtplib.SMTP_SSL):
    """The same over implicit TLS (RFC 8314 §3.3)."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection ready for its first MAIL, and what the relay offers (EHLO keywords in lower case)."""

    sock: socket.socket
    offers: dict[str, str]


def opened(relay: Relay) -> Opened:
    """Connect, encrypt, log in.

    Raises RelayRefused when the relay will not have us (certificate, login, 5xx) or lacks what we insist on,
    RelayUnreachable when it is not there now, and ConfigError for an unreadable `ca_file`.
    """
    return _Opening(relay).run()


class _Opening:
    """One try; `stage` says how far it has come."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.stage = Stage.CONNECT
        self.context = _context(relay)

    def run(self) -> Opened:
        client: Client | None = None
        try:
            client = self._connected()
            self._introduce(client)
            return Opened(client.released(), dict(client.esmtp_features))
        except LOST as error:
            raise self._refusal(error) from error
        finally:
            if client is not None:
                with suppress(OSError):
                    client.close()

    def _connected(self) -> Client:
        relay = self.relay
        host, wait = relay.host.strip("[]"), relay.timeouts.greeting
        if relay.security == "tls":
            return ClientTls(host, relay.port, timeout=wait, context=self.context)
        return Client(host, relay.port, timeout=wait)

    def _introduce(self, client: Client) -> None:
        if client.sock is not None:
            # Small writes are not held back for 40 ms each, as Nagle's algorithm would.
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.sock.settimeout(self.relay.timeouts.command)
        _hello(client)
        if self.relay.security == "starttls":
            self._encrypt(client)
            _hello(client)
        if self.relay.username:
            self._log_in(client, self.relay.username, self.relay.password or "")

    def _encrypt(self, client: Client) -> None:
        self.stage = Stage.TLS
        if not client.has_extn("starttls"):
            raise RelayRefused(f"{self.relay} offers no STARTTLS, so the connection would stay unencrypted")
        client.starttls(context=self.context)

    def _log_in(self, client: Client, username: str, password: str) -> None:
        self.stage = Stage.AUTH
        if not client.has_extn("auth"):
            raise RelayRefused(f"{self.relay} offers no login, but a username is set")
        try:
            client.login(username, password)
        except UnicodeEncodeError:
            # Its own text would show the password.
            raise RelayRefused(f"{self.relay}: username and password must be plain ASCII") from None

    def _refusal(self, error: Exception) -> RelayTrouble:
        answer: Reply | Exception = error
        if isinstance(error, smtplib.SMTPResponseException):
            answer = _as_reply((error.smtp_code, error.smtp_error))
        outcome = judge(self.stage, answer)
        shown = f"{outcome.code} {outcome.text}" if outcome.code else outcome.text
        door = self.stage is Stage.CONNECT and outcome.code is not None
        if outcome.meaning is Meaning.US or isinstance(error, ValueError) or _no_way_to_log_in(error):
            return RelayRefused(f"{self.relay} refuses us ({self.stage.value}): {shown}", at_the_door=door)
        words = f"{self.relay} cannot be reached ({self.stage.value}): {shown}"
        return RelayUnreachable(words, at_the_door=door)


def _hello(client: Client) -> None:
    reply = _as_reply(client.ehlo())
    if reply.code != 250:
        raise smtplib.SMTPHeloError(reply.code, reply.text)


def _context(relay: Relay) -> ssl.SSLContext | None:
    """A context that always checks certificate and host name; None where nothing is encrypted."""
    if relay.security == "none":
        return None  # reading the authorities takes longer than sending a hundred mails
    try:
        return ssl.create_default_context(cafile=str(relay.ca_file) if relay.ca_file else None)
    except OSError as error:
        raise ConfigError(f"smtp.ca_file: {relay.ca_file}: {error}") from error


def _no_way_to_log_in(error: Exception) -> bool:
    """smtplib raises its bare base class when the relay offers only ways to log in that it does not know."""
    return type(error) in (smtplib.SMTPException, smtplib.SMTPNotSupportedError)


def _as_reply(answer: tuple[int, bytes | str]) -> Reply:
    """What smtplib returns, as a Reply."""
    code, text = answer
    return Reply(code, text.decode("utf-8", "replace") if isinstance(text, bytes) else text)
