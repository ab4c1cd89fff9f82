"""What a server is told to do wrong, and what it tells of the mails it took: plain values."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Certificate = Literal["good", "expired", "wrong-host", "untrusted"]


@dataclass(frozen=True)
class Fault:
    r"""What to do instead of the usual at one stage.

    `reply` is `"550 5.1.1 no such user"`, with line feeds for several lines, or raw bytes sent as they are.
    A 2xx/3xx reply still does the stage's work. `delay` (seconds) passes first. `drop` hangs up without
    a reply: `before` the work, `after` it (at the dot: the mail *is* accepted), or after `half` the reply.
    `close` hangs up after a whole reply. `skip` lets that many occasions pass; `times` is how often it acts.
    `until` holds everything up until it is set. `silent` does the work and then says no more, neither reply
    nor goodbye. The end of the server ends both.
    """

    reply: str | bytes | None = None
    delay: float = 0
    drop: Literal["before", "after", "half"] | None = None
    close: bool = False
    skip: int = 0
    times: int | None = None
    until: threading.Event | None = None
    silent: bool = False


@dataclass(frozen=True)
class Script:
    r"""How a server behaves.

    `faults` are by stage: connect, ehlo, starttls, handshake (of TLS: a `reply` stands in its place), auth,
    mail, rcpt, data, body (in the middle of it), dot, rset, quit; `recipients` and `recipients_at_dot` by
    address, above the stage's own. `users` (name → password) makes login obligatory. `hide` leaves out
    extensions. `delay` is seconds per mail.
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

    @property
    def falls_silent(self) -> bool:
        """Whether any of the faults is silence."""
        faults = (self.faults, self.recipients, self.recipients_at_dot)
        return any(fault.silent for by_key in faults for fault in by_key.values())


@dataclass(frozen=True)
class Received:
    """One accepted mail, as it was on the wire but without dot-stuffing."""

    recipient: str
    sender: str
    data: bytes
    accepted_at: dt.datetime
