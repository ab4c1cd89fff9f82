"""One client's connection to the faulty server, command by command."""

from __future__ import annotations

import base64
import re
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from io import BufferedReader

from tests.faults.smtp_memory import Memory
from tests.faults.smtp_script import Fault


class HangUp(Exception):
    """Ends a conversation from our side."""


class Conversation:
    """One client's connection: `run` obeys it until either side hangs up."""

    def __init__(self, memory: Memory, peer: socket.socket, context: ssl.SSLContext | None) -> None:
        """Nothing is said yet; `context` is for TLS, where the script wants it."""
        self.memory, self.script, self.peer, self.context = memory, memory.script, peer, context
        self.file: BufferedReader = peer.makefile("rb")
        self.encrypted = self.logged_in = False
        self.sender: str | None = None
        self.recipient: str | None = None
        self.messages = 0
        self.held: list[bytes] = []  # replies not sent yet

    def run(self) -> None:
        """Greet and obey; raises HangUp, and OSError or ValueError for what the network does."""
        if self.script.security == "tls":
            self._encrypt()
        self._answer("connect", "220 mail.example ESMTP")
        while line := self.file.readline(4096):
            command = line.decode("latin-1").rstrip("\r\n")
            self.memory.note_command(command)
            self._obey(command)

    def _obey(self, command: str) -> None:
        verb = command.split(" ", maxsplit=1)[0].split(":", maxsplit=1)[0].upper()
        known = {"EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT"}
        if verb not in known:
            self._say("500 5.5.2 what?")
        else:
            getattr(self, f"_do_{verb.lower()}")(command)

    # --- commands ---

    def _do_ehlo(self, command: str) -> None:
        offered = ["mail.example", "PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME"]
        if self.script.size is not None:
            offered.append(f"SIZE {self.script.size}")
        if self.script.security == "starttls" and not self.encrypted:
            offered.append("STARTTLS")
        if self.script.users is not None:
            offered.append("AUTH PLAIN LOGIN")
        shown = [line for line in offered if line.split()[0] not in self.script.hide]
        self._answer("ehlo", "\n".join(f"250 {line}" for line in shown))

    def _do_helo(self, command: str) -> None:
        self._answer("ehlo", "250 mail.example")

    def _do_starttls(self, command: str) -> None:
        if self._answer("starttls", "220 2.0.0 go ahead"):
            self._encrypt()

    def _do_auth(self, command: str) -> None:
        name, password = self._credentials(command.split(" "))
        known = (self.script.users or {}).get(name) == password
        good = "235 2.7.0 welcome" if known else "535 5.7.8 Error: authentication failed"
        self.logged_in = self._answer("auth", good)

    def _do_mail(self, command: str) -> None:
        if self.script.users is not None and not self.logged_in:
            self._say("530 5.7.0 Authentication required")
            return
        limit = self.script.messages_per_connection
        if limit is not None and self.messages >= limit:
            self._say("421 4.7.0 too many messages in this connection")
            raise HangUp
        accepted = self._answer("mail", "250 2.1.0 ok" if self.sender is None else "503 5.5.1 nested MAIL")
        self.sender = _address(command) if accepted else self.sender

    def _do_rcpt(self, command: str) -> None:
        address = _address(command)
        usual = "250 2.1.5 ok" if self.sender is not None else "503 5.5.1 need MAIL"
        if self._answer("rcpt", usual, self.script.recipients.get(address)):
            self.recipient = address

    def _do_data(self, command: str) -> None:
        usual = "354 go ahead" if self.recipient is not None else "503 5.5.1 need RCPT"
        if self._answer("data", usual):
            self._take(self._read_body())

    def _do_rset(self, command: str) -> None:
        self.sender = self.recipient = None
        self._answer("rset", "250 2.0.0 ok")

    def _do_noop(self, command: str) -> None:
        self._say("250 2.0.0 ok")

    def _do_quit(self, command: str) -> None:
        self._answer("quit", "221 2.0.0 bye")
        raise HangUp

    # --- the message ---

    def _read_body(self) -> bytes:
        fault = self.memory.fault("body")
        if fault:
            self.file.readline()
            self._act(fault, "", lambda: None)
        lines: list[bytes] = []
        while (line := self.file.readline()) != b".\r\n" or not _ended(lines):
            if not line:
                raise HangUp
            lines.append(line)
        return b"".join(line[1:] if line.startswith(b".") else line for line in lines)

    def _take(self, data: bytes) -> None:
        sender, recipient = self.sender or "", self.recipient or ""
        self.sender = self.recipient = None
        time.sleep(self.script.delay)

        def accept() -> None:
            self.messages += 1
            self.memory.accept_mail(sender, recipient, data)

        override = self.script.recipients_at_dot.get(recipient)
        usual = "250 2.0.0 queued" if recipient else "554 5.5.1 no valid recipients"
        if not recipient:
            self.memory.note_empty()
        self._answer("dot", usual, override, accept if recipient else lambda: None)

    # --- replies ---

    def _answer(
        self, stage: str, usual: str, override: Fault | None = None, work: Callable[[], None] = lambda: None
    ) -> bool:
        """Do `work` and reply, as usual or as scripted; whether the client was told yes."""
        fault = self.memory.fault(stage, override)
        if fault:
            return self._act(fault, usual, work)
        if usual[0] in "23":
            work()
        self._say(usual)
        return usual[0] in "23"

    def _act(self, fault: Fault, usual: str, work: Callable[[], None]) -> bool:
        time.sleep(fault.delay)
        if fault.until is not None and not self.memory.comes(fault.until):
            raise HangUp
        reply = usual if fault.reply is None else fault.reply
        data = reply if isinstance(reply, bytes) else _wire(reply)
        yes = data[:1] in (b"2", b"3")
        if yes and fault.drop != "before":
            work()
        if fault.silent:
            self.memory.over.wait()
            raise HangUp
        self._send_some(data, fault)
        self._flush(at_once=bool(fault.drop or fault.close))
        if fault.drop or fault.close:
            raise HangUp
        return yes

    def _send_some(self, data: bytes, fault: Fault) -> None:
        if fault.drop == "half":
            self.held.append(data[: max(1, len(data) // 2)])
        elif fault.drop is None:
            self.held.append(data)

    def _say(self, reply: str) -> None:
        self.held.append(_wire(reply))
        self._flush()

    def _flush(self, *, at_once: bool = False) -> None:
        """Send what is held, in pieces if so scripted; with `glue` once every command here is obeyed."""
        if self.script.glue and not at_once and self._more_waits():
            return
        self.memory.note_batch(len(self.held))
        data, self.held = b"".join(self.held), []
        step = self.script.pieces or max(len(data), 1)
        for start in range(0, len(data), step):
            self.peer.sendall(data[start : start + step])
            time.sleep(0.0005 if self.script.pieces else 0)

    def _more_waits(self) -> bool:
        self.peer.settimeout(0)
        try:
            return bool(self.file.peek(1))
        except ssl.SSLWantReadError:
            return False
        finally:
            self.peer.settimeout(None)

    # --- the connection ---

    def _encrypt(self) -> None:
        if self.context is None:
            raise HangUp
        if fault := self.memory.fault("handshake"):
            self._act(fault, "", lambda: None)
            raise HangUp
        self.peer.getpeername()  # raises where nobody is left: wrapping such a socket would lose hold of it
        self.file.close()
        self.peer = self.context.wrap_socket(self.peer, server_side=True)
        self.file = self.peer.makefile("rb")
        self.encrypted = True

    def _credentials(self, words: list[str]) -> tuple[str, str]:
        if words[1].upper() == "PLAIN":
            decoded = _decoded(words[2] if len(words) > 2 else self._ask(""))
            _, name, password = decoded.split("\0")
            return name, password
        name = _decoded(words[2]) if len(words) > 2 else _decoded(self._ask("VXNlcm5hbWU6"))
        return name, _decoded(self._ask("UGFzc3dvcmQ6"))

    def _ask(self, challenge: str) -> str:
        self._say(f"334 {challenge}")
        return self.file.readline().decode("latin-1").strip()

    def hang_up(self) -> None:
        """Close what is open; never raises."""
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
