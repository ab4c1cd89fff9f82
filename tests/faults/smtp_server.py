"""A real SMTP server on a thread that accepts mail, remembers it, and misbehaves exactly as told."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import trustme

from tests.faults.smtp_conversation import Conversation, HangUp
from tests.faults.smtp_memory import LOOK, Memory
from tests.faults.smtp_script import Certificate, Fault, Received, Script

__all__ = ["Certificate", "Fault", "FaultyServer", "Received", "Script"]

SECONDS = 60  # for conversations to end


class FaultyServer:
    """`with FaultyServer(Script(...)) as server:` listens on `server.port` of `server.host` until its end.

    `received`, `commands` and `connections` may be read at any time; `ca_file` is the authority to trust.
    `batches` are the numbers of replies that went out glued together, `empty` counts messages for nobody.
    """

    def __init__(self, script: Script | None = None) -> None:
        """Nothing listens yet."""
        self.script = script or Script()
        # Certificates are for a name; without one nobody is asked where ::1 is, where a stranger may listen.
        self.host = "127.0.0.1" if self.script.security == "none" else "localhost"
        self.port = 0
        self._memory = Memory(self.script)
        self._open: set[Conversation] = set()
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
        self._memory.over.set()
        for thread in list(self._threads):
            self._await(thread)
        self._folder.cleanup()

    @property
    def received(self) -> list[Received]:
        """The mails accepted so far, oldest first."""
        return self._memory.received

    @property
    def recipients(self) -> list[str]:
        """Who the accepted mails were for, oldest first."""
        return [mail.recipient for mail in self.received]

    @property
    def commands(self) -> list[str]:
        """Every command line seen on any connection, in order; credentials included."""
        return self._memory.commands

    @property
    def connections(self) -> int:
        """How many there were."""
        return self._memory.connections

    @property
    def batches(self) -> list[int]:
        """The numbers of replies that went out glued together."""
        return self._memory.batches

    @property
    def empty(self) -> int:
        """How many messages for nobody there were."""
        return self._memory.empty

    def disconnect(self) -> None:
        """Cut every open connection, as a failing network would."""
        with self._lock:
            victims = list(self._open)
        for victim in victims:
            with suppress(OSError):
                victim.peer.shutdown(socket.SHUT_RDWR)

    def _await(self, thread: threading.Thread) -> None:
        """See it end; a connection may turn up, or change to TLS, while the others are being cut."""
        deadline = time.monotonic() + SECONDS
        while thread.is_alive():
            assert time.monotonic() < deadline, "a conversation goes on after the server's end"
            self.disconnect()
            thread.join(LOOK)

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                peer, _ = self._listener.accept()
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._memory.note_connection()
                self._start(self._serve, peer)

    def _serve(self, peer: socket.socket) -> None:
        conversation = Conversation(self._memory, peer, self.context)
        with self._lock:
            self._open.add(conversation)
        with suppress(OSError, ValueError, HangUp):
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
