"""One connection to the relay: it carries one message at a time and always knows whether the dot was sent."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from digest.delivery.composing import BadRecipient, ascii_address
from digest.delivery.replies import Meaning, Outcome, Reply, Stage, judge
from digest.errors import ConfigError, DigestError, RelayRefused

BLOCK = 64 * 1024  # octets written under one block timeout
LINE_LIMIT = 998  # octets of a line without its CRLF (RFC 5321 §4.5.3.1.6)
REPLY_LINES = 200
FAREWELL = 5.0  # seconds that a polite QUIT may take


class RelayUnreachable(DigestError):
    """The relay is not there, or not now: nothing was refused, the same may work later."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long one read or write may stand still, in seconds; the defaults are RFC 5321 §4.5.3.2's."""

    greeting: float = 300
    command: float = 300
    data: float = 120
    block: float = 180
    final: float = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Where mail is handed over, and how we show who we are.

    `ca_file` (PEM) replaces the system's certificate authorities; `local_hostname` is what EHLO says.
    """

    host: str
    port: int
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    local_hostname: str | None = None
    ca_file: Path | None = None
    timeouts: Timeouts = Timeouts()

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Session:
    """A connection to `relay`, opened by `open()` or by `with`; not for two threads at once."""

    def __init__(self, relay: Relay) -> None:
        """Nothing is connected yet."""
        self.relay = relay
        self._client: smtplib.SMTP | None = None
        self._stage = Stage.CONNECT
        self._between = False  # between two transactions, where QUIT would be understood

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def usable(self) -> bool:
        """Whether another message can be sent without opening again."""
        return self._client is not None and self._between

    def open(self) -> None:
        """Connect, encrypt, log in.

        Raises RelayRefused when the relay will not have us (certificate, login, 5xx) or lacks what we insist
        on, RelayUnreachable when it is not there now, and ConfigError for an unreadable `ca_file`.
        """
        self.close()
        self._stage = Stage.CONNECT
        context = _context(self.relay)
        try:
            self._client = _connected(self.relay, context)
            _send_at_once(self._client)
            self._introduce(context)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            self._abandon()
            raise self._refusal(error) from error
        except BaseException:
            self._abandon()
            raise
        self._between = True

    def close(self) -> None:
        """Say QUIT where that makes sense and hang up; never raises."""
        if self._client is not None and self._between:
            with suppress(OSError, smtplib.SMTPException):
                self._command(FAREWELL, "QUIT")
        self._abandon()

    def send(self, sender: str, recipient: str, message: bytes) -> Outcome:
        """Hand over one message for one recipient and return what became of it; never raises for the network.

        `sender` is the envelope sender ("" for the null one). `message` must be 7-bit with CRLF line ends,
        not dot-stuffed; it is checked, and a bad one is a MESSAGE outcome that the relay never sees.
        """
        try:
            path, to = sender and ascii_address(sender), ascii_address(recipient)
        except BadRecipient as error:
            return Outcome(_blame(sender), None, None, str(error))
        if fault := _fault(message) or self._too_large(message):
            return Outcome(Meaning.MESSAGE, None, None, fault)
        if not self.usable:
            return Outcome(Meaning.CONNECTION, None, None, "there is no connection to the relay")
        return self._transact(path, to, message)

    def _transact(self, sender: str, recipient: str, message: bytes) -> Outcome:
        self._between = False
        try:
            reply = self._conversation(sender, recipient, message)
            outcome = judge(self._stage, reply)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            outcome = judge(self._stage, error)
        self._settle(outcome)
        return outcome

    def _conversation(self, sender: str, recipient: str, message: bytes) -> Reply:
        """MAIL, RCPT, DATA, body, dot; the reply that ended it, with `_stage` saying which one that was."""
        waits = self.relay.timeouts
        size = f" SIZE={len(message)}" if self._has("size") else ""
        steps = [
            (Stage.MAIL, f"MAIL FROM:<{sender}>{size}", waits.command, 2),
            (Stage.RCPT, f"RCPT TO:<{recipient}>", waits.command, 2),
            (Stage.DATA, "DATA", waits.data, 3),
        ]
        for self._stage, line, seconds, expected in steps:
            reply = self._command(seconds, line)
            if reply.code // 100 != expected:
                return reply
        return self._body(message)

    def _body(self, message: bytes) -> Reply:
        self._stage = Stage.BODY
        self._wait(self.relay.timeouts.block)
        for block in _blocks(_stuffed(message)):
            self._smtp.send(block)
        # Writing the dot may fail after the relay has read it: from here on, silence means "in doubt".
        self._stage = Stage.DOT
        self._smtp.send(b".\r\n")
        self._wait(self.relay.timeouts.final)
        return _reply(self._smtp.getreply())

    def _settle(self, outcome: Outcome) -> None:
        """Make the connection ready for the next message, or give it up."""
        lost = outcome.meaning in (Meaning.CONNECTION, Meaning.UNKNOWN) or outcome.code == 421
        self._between = not lost and (self._stage is Stage.DOT or self._reset())
        if not self._between:
            self._abandon()

    def _reset(self) -> bool:
        try:
            return self._command(self.relay.timeouts.command, "RSET").code == 250
        except (OSError, smtplib.SMTPException):
            return False

    # --- opening ---

    def _introduce(self, context: ssl.SSLContext) -> None:
        self._hello()
        if self.relay.security == "starttls":
            self._encrypt(context)
            self._hello()
        if self.relay.username:
            self._log_in(self.relay.username, self.relay.password or "")

    def _hello(self) -> None:
        self._wait(self.relay.timeouts.command)
        reply = _reply(self._smtp.ehlo())
        if reply.code != 250:
            raise smtplib.SMTPHeloError(reply.code, reply.text)

    def _encrypt(self, context: ssl.SSLContext) -> None:
        self._stage = Stage.TLS
        if not self._has("starttls"):
            raise RelayRefused(f"{self.relay} offers no STARTTLS, so the connection would stay unencrypted")
        self._smtp.starttls(context=context)

    def _log_in(self, username: str, password: str) -> None:
        self._stage = Stage.AUTH
        if not self._has("auth"):
            raise RelayRefused(f"{self.relay} offers no login, but a username is set")
        try:
            self._smtp.login(username, password)
        except UnicodeEncodeError:
            # Its own text would show the password.
            raise RelayRefused(f"{self.relay}: username and password must be plain ASCII") from None

    def _refusal(self, error: Exception) -> DigestError:
        answer: Reply | Exception = error
        if isinstance(error, smtplib.SMTPResponseException):
            answer = _reply((error.smtp_code, error.smtp_error))
        outcome = judge(self._stage, answer)
        shown = f"{outcome.code} {outcome.text}" if outcome.code else outcome.text
        if outcome.meaning is Meaning.US or isinstance(error, ValueError) or _no_way_to_log_in(error):
            return RelayRefused(f"{self.relay} refuses us ({self._stage.value}): {shown}")
        return RelayUnreachable(f"{self.relay} cannot be reached ({self._stage.value}): {shown}")

    # --- the wire ---

    @property
    def _smtp(self) -> smtplib.SMTP:
        if self._client is None:
            raise smtplib.SMTPServerDisconnected("there is no connection to the relay")
        return self._client

    def _has(self, extension: str) -> bool:
        return self._client is not None and self._client.has_extn(extension)

    def _too_large(self, message: bytes) -> str | None:
        limit = self._client.esmtp_features.get("size", "").strip() if self._client else ""
        if not limit.isdecimal() or int(limit) == 0 or len(message) <= int(limit):
            return None
        return f"the message has {len(message)} octets, the relay takes {limit}"

    def _command(self, seconds: float, line: str) -> Reply:
        self._wait(seconds)
        return _reply(self._smtp.docmd(line))

    def _wait(self, seconds: float) -> None:
        if self._smtp.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        self._smtp.sock.settimeout(seconds)

    def _abandon(self) -> None:
        client, self._client, self._between = self._client, None, False
        if client is not None:
            with suppress(OSError):
                client.close()


class _WholeReplies(smtplib.SMTP):
    """smtplib, but a reply cut short by a lost connection is no reply, and none is without end."""

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


class _WholeRepliesTls(_WholeReplies, smtplib.SMTP_SSL):
    """The same over implicit TLS (RFC 8314 §3.3)."""


def _context(relay: Relay) -> ssl.SSLContext:
    """A context that always checks certificate and host name."""
    try:
        return ssl.create_default_context(cafile=str(relay.ca_file) if relay.ca_file else None)
    except OSError as error:
        raise ConfigError(f"smtp.ca_file: {relay.ca_file}: {error}") from error


def _connected(relay: Relay, context: ssl.SSLContext) -> smtplib.SMTP:
    host, name, wait = relay.host.strip("[]"), relay.local_hostname, relay.timeouts.greeting
    if relay.security == "tls":
        return _WholeRepliesTls(host, relay.port, name, timeout=wait, context=context)
    return _WholeReplies(host, relay.port, name, timeout=wait)


def _send_at_once(client: smtplib.SMTP) -> None:
    # The dot is a small write of its own; Nagle's algorithm would hold each one back for 40 ms.
    if client.sock is not None:
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _reply(answer: tuple[int, bytes | str]) -> Reply:
    code, text = answer
    return Reply(code, text.decode("utf-8", "replace") if isinstance(text, bytes) else text)


def _no_way_to_log_in(error: Exception) -> bool:
    """smtplib raises its bare base class when the relay offers only ways to log in that it does not know."""
    return type(error) in (smtplib.SMTPException, smtplib.SMTPNotSupportedError)


def _blame(sender: str) -> Meaning:
    """Who is to blame for an address that cannot be written: us, if it is our own."""
    try:
        return Meaning.READER if not sender or ascii_address(sender) else Meaning.US
    except BadRecipient:
        return Meaning.US


def _fault(message: bytes) -> str | None:
    """Why `message` cannot go on the wire as it is (RFC 5321 §2.3.8, RFC 5322 §2.1.1), or None."""
    ends = message.count(b"\r\n")
    if not ends == message.count(b"\r") == message.count(b"\n") or not message.endswith(b"\r\n"):
        return "a bare CR or LF, or no line end at the end"
    if not message.isascii() or b"\0" in message:
        return "8-bit or NUL octets"
    if max(map(len, message.split(b"\r\n"))) > LINE_LIMIT:
        return f"a line of more than {LINE_LIMIT} octets"
    return None


def _stuffed(message: bytes) -> bytes:
    """`message` with every leading dot doubled (RFC 5321 §4.5.2)."""
    return re.sub(rb"(?m)^\.", b"..", message)


def _blocks(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), BLOCK):
        yield data[start : start + BLOCK]
