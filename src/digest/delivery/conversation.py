"""One mail transaction, pipelined where the relay offers that (RFC 2920), and how far it has come."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from digest.delivery.replies import Outcome, Reply, Stage, judge
from digest.delivery.wire import LOST, Client, Timeouts

BLOCK = 64 * 1024  # octets written under one block timeout
LINE_LIMIT = 998  # octets of a line without its CRLF (RFC 5321 §4.5.3.1.6)
DOT = b".\r\n"
LEADING_DOT = re.compile(rb"\n\.")  # not "(?m)^\.", which takes ten times as long


@dataclass(frozen=True, slots=True)
class _Step:
    """A command, how long its reply may take, and the first digit of the reply that lets us go on."""

    stage: Stage
    line: str
    seconds: float
    expected: int


class Conversation:
    """Hands over one message for one recipient; `stage` says which reply or error ended it."""

    def __init__(self, client: Client, waits: Timeouts) -> None:
        """Nothing is said yet."""
        self.stage = Stage.MAIL
        self._client = client
        self._waits = waits
        self._pipelined = client.has_extn("pipelining")

    def run(self, sender: str, recipient: str, message: bytes) -> Outcome:
        """MAIL, RCPT, DATA, body, dot, and what became of them; never raises for the network.

        `message` must have no `fault`. The client is closed where the two ends may be out of step.
        """
        size = f" SIZE={len(message)}" if self._client.has_extn("size") else ""
        steps = [
            _Step(Stage.MAIL, f"MAIL FROM:<{sender}>{size}", self._waits.command, 2),
            _Step(Stage.RCPT, f"RCPT TO:<{recipient}>", self._waits.command, 2),
            _Step(Stage.DATA, "DATA", self._waits.data, 3),
        ]
        try:
            reply = self._refusal(steps) or self._body(message)
        except LOST as error:
            return judge(self.stage, error)
        return judge(self.stage, reply)

    def _refusal(self, steps: list[_Step]) -> Reply | None:
        """The first reply that does not let us go on, at `stage`; None when the body may follow."""
        if self._pipelined:
            lines = "".join(f"{step.line}\r\n" for step in steps)
            self._client.write(lines.encode("ascii"), self._waits.command)
        left = iter(steps)
        for step in left:
            self.stage = step.stage
            reply = self._answer(step)
            if reply.code // 100 != step.expected:
                self._catch_up(reply, left)
                return reply
        return None

    def _answer(self, step: _Step) -> Reply:
        if self._pipelined:
            return self._client.reply(step.seconds)
        return self._client.command(step.seconds, step.line)

    def _body(self, message: bytes) -> Reply:
        self.stage = Stage.BODY
        self._client.expect_silence()
        for block in _blocks(stuffed(message) + DOT):
            self._client.write(block, self._waits.block)
        # Until here the dot is not out, whatever went wrong; from here on, silence means "in doubt".
        self.stage = Stage.DOT
        return self._client.reply(self._waits.final)

    # --- after a refusal ---

    def _catch_up(self, refusal: Reply, left: Iterator[_Step]) -> None:
        """Read the replies to what went out behind a refused command; they do not change the outcome."""
        if not self._pipelined or not _goes_on(refusal):
            return
        try:
            in_step = all(self._is_refused_too(step) for step in left)
        except LOST:
            in_step = False
        if not in_step:
            self._client.close()

    def _is_refused_too(self, step: _Step) -> bool:
        """Whether nothing is under way behind a refusal.

        A DATA that is answered 354 all the same wants a dot, which ends an empty message for nobody
        (RFC 2920 §3.1). For somebody, a dot would be a mail, so the connection must end instead.
        """
        reply = self._client.reply(step.seconds)
        if step.stage is not Stage.DATA or reply.code // 100 != step.expected:
            return _goes_on(reply)
        self._client.write(DOT, self._waits.block)
        return self._client.reply(self._waits.final).code != 421


def _goes_on(refusal: Reply) -> bool:
    """Whether this is a refusal after which the connection can be used."""
    return 400 <= refusal.code < 600 and refusal.code != 421


def fault(message: bytes) -> str | None:
    """Why `message` cannot go on the wire as it is (RFC 5321 §2.3.8, RFC 5322 §2.1.1), or None."""
    lines = message.splitlines()  # at CRLF and at a bare CR or LF, whose line ends are shorter
    if not lines or len(b"".join(lines)) + 2 * len(lines) != len(message):
        return "a bare CR or LF, or no line end at the end"
    if not message.isascii() or b"\0" in message:
        return "8-bit or NUL octets"
    if max(map(len, lines)) > LINE_LIMIT:
        return f"a line of more than {LINE_LIMIT} octets"
    return None


def stuffed(message: bytes) -> bytes:
    """`message`, which has no `fault`, with every leading dot doubled (RFC 5321 §4.5.2)."""
    return (b"." if message.startswith(b".") else b"") + LEADING_DOT.sub(b"\n..", message)


def _blocks(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), BLOCK):
        yield data[start : start + BLOCK]
