"""A real SMTP server on a thread that accepts mail, remembers it, and misbehaves exactly as told."""

from __future__ import annotations

import base64
import datetime as dt
import re
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import trustme

Certificate = Literal["good", "expired", "wrong-host", "untrusted"]


class _HangUp(Exception):
    """Ends a conversation from our side."""


@dataclass(frozen=True)
class Fault:
    r"""What to do instead of the usual at one stage.

    `reply` is `"550 5.1.1 no such user"`, with line feeds for several lines, or raw bytes sent as they are.
    A 2xx/3xx reply still does the stage's work. `delay` (seconds) passes first. `drop` hangs up without
    a reply: `before` the work, `after` it (at the dot: the mail *is* accepted), or after `half` the reply.
    `close` hangs up after a whole reply. `skip` lets that many occasions pass; `times` is how often it acts.
    """

    reply: str | bytes | None = None
    delay: float = 0
    drop: Literal["before", "after", "half"] | None = None
    close: bool = False
    skip: int = 0
    times: int | None = None


@dataclass(frozen=True)
class Script:
    r"""How a server behaves.

    `faults` are by stage: connect, ehlo, starttls, auth, mail, rcpt, data, body (drops in the middle of it),
    dot, rset, quit; `recipients` and `recipients_at_dot` by address, above the stage's own. `users` (name →
    password) makes login obligatory. `hide` leaves out extensions. `delay` is seconds per mail.
    `pieces` sends replies in TCP segments of that many octets; `glue` holds replies back while more commands
    wait to be read, and sends them as one.
    `log` gets `recipient\n` of each accepted mail, flushed before the dot is answered.
    """

    security: Literal["none", "starttls", "tls"] = "none"
    certificate: Certificate = "good"
    users: Mapping[str, str] | None = None
    faults: Mapping[str, Fault] = field(default_factory=dict)
    recipients: Mapping[str, Fault] = field(default_factory=dict)
    recipients_at_dot: Mapping[str, Fault] = field(default_factory=dict)
    hide: frozenset[str] = frozenset()
    size: int | None = 10_000_000
    messages_per_connection: int | None = None
    delay: float = 0
    pieces: int | None = None
    glue: bool = False
    log: Path | None = None


@dataclass(frozen=True)
class Received:
    """One accepted mail, as it was on the wire but without dot-stuffing."""

    recipient: str
    sender: str
    data: bytes
    accepted_at: dt.datetime


class FaultyServer:
    """`with FaultyServer(Script(...)) as server:` listens on `server.port` of `server.host` until its end.

    `received`, `commands` and `connections` may be read at any time; `ca_file` is the authority to trust.
    `batches` are the numbers of replies that went out glued together, `empty` counts messages for nobody.
    """

    host = "localhost"

    def __init__(self, script: Script | None = None) -> None:
        """Nothing listens yet."""
        self.script = script or Script()
        self.port = 0
        self.connections = 0
        self.batches: list[int] = []
        self.empty = 0
        self._received: list[Received] = []
        self._commands: list[str] = []
        self._acted: dict[int, int] = {}
        self._open: set[_Conversation] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory()
        self.ca_file = Path(self._folder.name) / "ca.pem"
        self.context = self._tls() if self.script.security != "none" else None
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.disconnect()
        for thread in list(self._threads):
            thread.join(5)
        self._folder.cleanup()

    @property
    def received(self) -> list[Received]:
        """The mails accepted so far, oldest first."""
        with self._lock:
            return list(self._received)

    @property
    def recipients(self) -> list[str]:
        """Who the accepted mails were for, oldest first."""
        return [mail.recipient for mail in self.received]

    @property
    def commands(self) -> list[str]:
        """Every command line seen on any connection, in order; credentials included."""
        with self._lock:
            return list(self._commands)

    def disconnect(self) -> None:
        """Cut every open connection, as a failing network would."""
        with self._lock:
            victims = list(self._open)
        for victim in victims:
            with suppress(OSError):
                victim.peer.shutdown(socket.SHUT_RDWR)

    def fault(self, stage: str, override: Fault | None = None) -> Fault | None:
        """The fault to act out now at `stage`, if any, counting its occasions."""
        fault = override or self.script.faults.get(stage)
        if fault is None:
            return None
        with self._lock:
            seen = self._acted[id(fault)] = self._acted.get(id(fault), 0) + 1
        over = fault.times is not None and seen > fault.skip + fault.times
        return None if seen <= fault.skip or over else fault

    def note_command(self, line: str) -> None:
        """Remember a command line."""
        with self._lock:
            self._commands.append(line)

    def note_batch(self, replies: int) -> None:
        """Remember how many replies went out as one, if several."""
        with self._lock:
            self.batches += [replies] if replies > 1 else []

    def note_empty(self) -> None:
        """Remember a dot behind a DATA that had no recipient."""
        with self._lock:
            self.empty += 1

    def accept_mail(self, sender: str, recipient: str, data: bytes) -> None:
        """Remember a mail, in memory and in the log, as a server does before it answers the dot."""
        mail = Received(recipient, sender, data, dt.datetime.now(dt.UTC))
        with self._lock:
            self._received.append(mail)
            if self.script.log:
                with self.script.log.open("a") as log:
                    log.write(f"{recipient}\n")

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                peer, _ = self._listener.accept()
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._lock:
                    self.connections += 1
                self._start(self._serve, peer)

    def _serve(self, peer: socket.socket) -> None:
        conversation = _Conversation(self, peer)
        with self._lock:
            self._open.add(conversation)
        with suppress(OSError, ValueError, _HangUp):
            conversation.run()
        with self._lock:
            self._open.discard(conversation)
        conversation.hang_up()

    def _tls(self) -> ssl.SSLContext:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca_file))
        issuer = trustme.CA() if self.script.certificate == "untrusted" else authority
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _certificate(issuer, self.script.certificate).configure_cert(context)
        return context


def _certificate(issuer: trustme.CA, kind: Certificate) -> trustme.LeafCert:
    if kind == "wrong-host":
        return issuer.issue_cert("elsewhere.example")
    now = dt.datetime.now(dt.UTC)
    past = now - dt.timedelta(days=30)
    until = now - dt.timedelta(days=1) if kind == "expired" else None
    return issuer.issue_cert("localhost", "127.0.0.1", not_before=past, not_after=until)


class _Conversation:
    """One client's connection, command by command."""

    def __init__(self, server: FaultyServer, peer: socket.socket) -> None:
        self.server, self.script, self.peer = server, server.script, peer
        self.file: BufferedReader = peer.makefile("rb")
        self.encrypted = self.logged_in = False
        self.sender: str | None = None
        self.recipient: str | None = None
        self.messages = 0
        self.held: list[bytes] = []  # replies not sent yet

    def run(self) -> None:
        if self.script.security == "tls":
            self.encrypt()
        self.answer("connect", "220 mail.example ESMTP")
        while line := self.file.readline(4096):
            command = line.decode("latin-1").rstrip("\r\n")
            self.server.note_command(command)
            self.obey(command)

    def obey(self, command: str) -> None:
        verb = command.split(" ", maxsplit=1)[0].split(":", maxsplit=1)[0].upper()
        known = {"EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT"}
        if verb not in known:
            self.say("500 5.5.2 what?")
        else:
            getattr(self, f"do_{verb.lower()}")(command)

    # --- commands ---

    def do_ehlo(self, command: str) -> None:
        offered = ["mail.example", "PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME"]
        if self.script.size is not None:
            offered.append(f"SIZE {self.script.size}")
        if self.script.security == "starttls" and not self.encrypted:
            offered.append("STARTTLS")
        if self.script.users is not None:
            offered.append("AUTH PLAIN LOGIN")
        shown = [line for line in offered if line.split()[0] not in self.script.hide]
        self.answer("ehlo", "\n".join(f"250 {line}" for line in shown))

    def do_helo(self, command: str) -> None:
        self.answer("ehlo", "250 mail.example")

    def do_starttls(self, command: str) -> None:
        if self.answer("starttls", "220 2.0.0 go ahead"):
            self.encrypt()

    def do_auth(self, command: str) -> None:
        name, password = self.credentials(command.split(" "))
        known = (self.script.users or {}).get(name) == password
        good = "235 2.7.0 welcome" if known else "535 5.7.8 Error: authentication failed"
        self.logged_in = self.answer("auth", good)

    def do_mail(self, command: str) -> None:
        if self.script.users is not None and not self.logged_in:
            self.say("530 5.7.0 Authentication required")
            return
        limit = self.script.messages_per_connection
        if limit is not None and self.messages >= limit:
            self.say("421 4.7.0 too many messages in this connection")
            raise _HangUp
        accepted = self.answer("mail", "250 2.1.0 ok" if self.sender is None else "503 5.5.1 nested MAIL")
        self.sender = _address(command) if accepted else self.sender

    def do_rcpt(self, command: str) -> None:
        address = _address(command)
        usual = "250 2.1.5 ok" if self.sender is not None else "503 5.5.1 need MAIL"
        if self.answer("rcpt", usual, self.script.recipients.get(address)):
            self.recipient = address

    def do_data(self, command: str) -> None:
        usual = "354 go ahead" if self.recipient is not None else "503 5.5.1 need RCPT"
        if self.answer("data", usual):
            self.take(self.read_body())

    def do_rset(self, command: str) -> None:
        self.sender = self.recipient = None
        self.answer("rset", "250 2.0.0 ok")

    def do_noop(self, command: str) -> None:
        self.say("250 2.0.0 ok")

    def do_quit(self, command: str) -> None:
        self.answer("quit", "221 2.0.0 bye")
        raise _HangUp

    # --- the message ---

    def read_body(self) -> bytes:
        fault = self.server.fault("body")
        if fault:
            self.file.readline()
            self.act(fault, "", lambda: None)
        lines: list[bytes] = []
        while (line := self.file.readline()) != b".\r\n" or not _ended(lines):
            if not line:
                raise _HangUp
            lines.append(line)
        return b"".join(line[1:] if line.startswith(b".") else line for line in lines)

    def take(self, data: bytes) -> None:
        sender, recipient = self.sender or "", self.recipient or ""
        self.sender = self.recipient = None
        time.sleep(self.script.delay)

        def accept() -> None:
            self.messages += 1
            self.server.accept_mail(sender, recipient, data)

        override = self.script.recipients_at_dot.get(recipient)
        usual = "250 2.0.0 queued" if recipient else "554 5.5.1 no valid recipients"
        if not recipient:
            self.server.note_empty()
        self.answer("dot", usual, override, accept if recipient else lambda: None)

    # --- replies ---

    def answer(
        self, stage: str, usual: str, override: Fault | None = None, work: Callable[[], None] = lambda: None
    ) -> bool:
        """Do `work` and reply, as usual or as scripted; whether the client was told yes."""
        fault = self.server.fault(stage, override)
        if fault:
            return self.act(fault, usual, work)
        if usual[0] in "23":
            work()
        self.say(usual)
        return usual[0] in "23"

    def act(self, fault: Fault, usual: str, work: Callable[[], None]) -> bool:
        time.sleep(fault.delay)
        reply = usual if fault.reply is None else fault.reply
        data = reply if isinstance(reply, bytes) else _wire(reply)
        yes = data[:1] in (b"2", b"3")
        if yes and fault.drop != "before":
            work()
        self.send_some(data, fault)
        self.flush(at_once=bool(fault.drop or fault.close))
        if fault.drop or fault.close:
            raise _HangUp
        return yes

    def send_some(self, data: bytes, fault: Fault) -> None:
        if fault.drop == "half":
            self.held.append(data[: max(1, len(data) // 2)])
        elif fault.drop is None:
            self.held.append(data)

    def say(self, reply: str) -> None:
        self.held.append(_wire(reply))
        self.flush()

    def flush(self, *, at_once: bool = False) -> None:
        """Send what is held, in pieces if so scripted; with `glue` once every command here is obeyed."""
        if self.script.glue and not at_once and self.more_waits():
            return
        self.server.note_batch(len(self.held))
        data, self.held = b"".join(self.held), []
        step = self.script.pieces or max(len(data), 1)
        for start in range(0, len(data), step):
            self.peer.sendall(data[start : start + step])
            time.sleep(0.0005 if self.script.pieces else 0)

    def more_waits(self) -> bool:
        self.peer.settimeout(0)
        try:
            return bool(self.file.peek(1))
        except ssl.SSLWantReadError:
            return False
        finally:
            self.peer.settimeout(None)

    # --- the connection ---

    def encrypt(self) -> None:
        context = self.server.context
        if context is None:
            raise _HangUp
        self.file.close()
        self.peer = context.wrap_socket(self.peer, server_side=True)
        self.file = self.peer.makefile("rb")
        self.encrypted = True

    def credentials(self, words: list[str]) -> tuple[str, str]:
        if words[1].upper() == "PLAIN":
            decoded = _decoded(words[2] if len(words) > 2 else self.ask(""))
            _, name, password = decoded.split("\0")
            return name, password
        name = _decoded(words[2]) if len(words) > 2 else _decoded(self.ask("VXNlcm5hbWU6"))
        return name, _decoded(self.ask("UGFzc3dvcmQ6"))

    def ask(self, challenge: str) -> str:
        self.say(f"334 {challenge}")
        return self.file.readline().decode("latin-1").strip()

    def hang_up(self) -> None:
        for thing in (self.file, self.peer):
            with suppress(OSError):
                thing.close()


def _wire(reply: str) -> bytes:
    r"""`550 a\n550 b` or `550 a\nb` as a multi-line reply."""
    code, _, rest = reply.partition(" ")
    lines = [line.removeprefix(f"{code} ") for line in rest.split("\n")]
    marked = [f"{code}{'-' if i < len(lines) - 1 else ' '}{line}\r\n" for i, line in enumerate(lines)]
    return "".join(marked).encode()


def _address(command: str) -> str:
    match = re.search(r"<([^>]*)>", command)
    return match[1] if match else ""


def _ended(lines: list[bytes]) -> bool:
    """Whether the last line ended with CRLF, so that a lone dot after it ends the message."""
    return not lines or lines[-1].endswith(b"\r\n")


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()
