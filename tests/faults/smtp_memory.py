"""What a server saw and did, kept for all its conversations at once."""

from __future__ import annotations

import datetime as dt
import threading

from tests.faults.smtp_script import Fault, Received, Script

LOOK = 0.02  # seconds between looks at whether the server is to end


class Memory:
    """Mails, commands and how often each fault has acted; any thread may ask and tell at any time."""

    def __init__(self, script: Script) -> None:
        """Nothing has happened yet; `over` is to be set when the server ends."""
        self.script = script
        self.over = threading.Event()
        self.connections = 0
        self.batches: list[int] = []
        self.empty = 0
        self._received: list[Received] = []
        self._commands: list[str] = []
        self._acted: dict[int, int] = {}
        self._lock = threading.Lock()

    @property
    def received(self) -> list[Received]:
        """The mails accepted so far, oldest first."""
        with self._lock:
            return list(self._received)

    @property
    def commands(self) -> list[str]:
        """Every command line seen on any connection, in order; credentials included."""
        with self._lock:
            return list(self._commands)

    def fault(self, stage: str, override: Fault | None = None) -> Fault | None:
        """The fault to act out now at `stage`, if any, counting its occasions."""
        fault = override or self.script.faults.get(stage)
        if fault is None:
            return None
        with self._lock:
            seen = self._acted[id(fault)] = self._acted.get(id(fault), 0) + 1
        over = fault.times is not None and seen > fault.skip + fault.times
        return None if seen <= fault.skip or over else fault

    def comes(self, event: threading.Event) -> bool:
        """Wait for `event`, which may also come too late: after the end of the server."""
        while not self.over.is_set():
            if event.wait(LOOK):
                return True
        return False

    def note_connection(self) -> None:
        """Remember that somebody came."""
        with self._lock:
            self.connections += 1

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
