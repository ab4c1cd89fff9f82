"""One connection to the relay: it carries one message at a time and always knows whether the dot was sent."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from digest.delivery.composing import BadRecipient, ascii_address
from digest.delivery.conversation import Conversation, fault
from digest.delivery.replies import Meaning, Outcome, Reply, Stage, judge
from digest.delivery.wire import LOST, Client, ClientTls, Timeouts, as_reply, send_at_once
from digest.errors import ConfigError, DigestError, RelayRefused

__all__ = ["Relay", "RelayUnreachable", "Session", "Timeouts"]

FAREWELL = 5.0  # seconds that a polite QUIT may take


class RelayUnreachable(DigestError):
    """The relay is not there, or not now: nothing was refused, the same may work later."""


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
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Session:
    """A connection to `relay`, opened by `open()` or by `with`; not for two threads at once."""

    def __init__(self, relay: Relay) -> None:
        """Nothing is connected yet."""
        self.relay = relay
        self._client: Client | None = None
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
            send_at_once(self._client)
            self._introduce(context)
        except LOST as error:
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
                self._smtp.command(FAREWELL, "QUIT")
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
        if why_not := fault(message) or self._too_large(message):
            return Outcome(Meaning.MESSAGE, None, None, why_not)
        if not self.usable:
            return Outcome(Meaning.CONNECTION, None, None, "there is no connection to the relay")
        return self._transact(path, to, message)

    def _transact(self, sender: str, recipient: str, message: bytes) -> Outcome:
        self._between = False
        conversation = Conversation(self._smtp, self.relay.timeouts)
        outcome = conversation.run(sender, recipient, message)
        self._settle(conversation.stage, outcome)
        return outcome

    def _settle(self, stage: Stage, outcome: Outcome) -> None:
        """Make the connection ready for the next message, or give it up."""
        lost = outcome.meaning in (Meaning.CONNECTION, Meaning.UNKNOWN) or outcome.code == 421
        self._between = not lost and (stage is Stage.DOT or self._reset())
        if not self._between:
            self._abandon()

    def _reset(self) -> bool:
        try:
            return self._smtp.command(self.relay.timeouts.command, "RSET").code == 250
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
        self._smtp.wait(self.relay.timeouts.command)
        reply = as_reply(self._smtp.ehlo())
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
            answer = as_reply((error.smtp_code, error.smtp_error))
        outcome = judge(self._stage, answer)
        shown = f"{outcome.code} {outcome.text}" if outcome.code else outcome.text
        if outcome.meaning is Meaning.US or isinstance(error, ValueError) or _no_way_to_log_in(error):
            return RelayRefused(f"{self.relay} refuses us ({self._stage.value}): {shown}")
        return RelayUnreachable(f"{self.relay} cannot be reached ({self._stage.value}): {shown}")

    # --- the wire ---

    @property
    def _smtp(self) -> Client:
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

    def _abandon(self) -> None:
        client, self._client, self._between = self._client, None, False
        if client is not None:
            with suppress(OSError):
                client.close()


def _context(relay: Relay) -> ssl.SSLContext:
    """A context that always checks certificate and host name."""
    try:
        return ssl.create_default_context(cafile=str(relay.ca_file) if relay.ca_file else None)
    except OSError as error:
        raise ConfigError(f"smtp.ca_file: {relay.ca_file}: {error}") from error


def _connected(relay: Relay, context: ssl.SSLContext) -> Client:
    host, name, wait = relay.host.strip("[]"), relay.local_hostname, relay.timeouts.greeting
    if relay.security == "tls":
        return ClientTls(host, relay.port, name, timeout=wait, context=context)
    return Client(host, relay.port, name, timeout=wait)


def _no_way_to_log_in(error: Exception) -> bool:
    """smtplib raises its bare base class when the relay offers only ways to log in that it does not know."""
    return type(error) in (smtplib.SMTPException, smtplib.SMTPNotSupportedError)


def _blame(sender: str) -> Meaning:
    """Who is to blame for an address that cannot be written: us, if it is our own."""
    try:
        return Meaning.READER if not sender or ascii_address(sender) else Meaning.US
    except BadRecipient:
        return Meaning.US
