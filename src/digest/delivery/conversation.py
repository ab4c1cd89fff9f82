"""One mail transaction, pipelined where the relay offers that (RFC 2920), and how far it has come."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from digest.delivery.composing import Letter
from digest.delivery.greeting import Timeouts
from digest.delivery.replies import Outcome, Reply, Stage, judge
from digest.delivery.wire import FINAL_DOT, LOST, Wire

BLOCK = 64 * 1024  # octets that have one block timeout
LINE_LIMIT = 998  # octets of a line without its CRLF (RFC 5321 §4.5.3.1.6)


@dataclass(frozen=True, slots=True)
class _Step:
    """A command, how long its reply may take, and the first digit of the reply that lets us go on."""

    stage: Stage
    line: str
    seconds: float
    expected: int


class Conversation:
    """Hands over messages on one connection; `stage` says which reply or error ended the last.

    Behind a message's final dot the envelope of the next one may follow at once (RFC 2920 §3.1); that is then
    `ahead`, and the next message must be its.
    """

    def __init__(self, wire: Wire, offers: Mapping[str, str], waits: Timeouts) -> None:
        """Nothing is said yet; `offers` are the relay's EHLO keywords."""
        self.stage = Stage.MAIL
        self.ahead: Letter | None = None
        self.broken = False  # part of an envelope went out
        self._wire = wire
        self._waits = waits
        self._sized = "size" in offers
        self._pipelined = "pipelining" in offers

    async def run(self, sender: str, letter: Letter, following: Letter | None = None) -> Outcome:
        """MAIL, RCPT, DATA, body, dot, and what became of them; never raises for the network.

        `following` is what comes next, if that is known. The wire is closed where the two ends may be out of
        step.
        """
        try:
            reply = await self._refusal(sender, letter) or await self._body(sender, letter, following)
        except LOST as error:
            return judge(self.stage, error)
        return judge(self.stage, reply)

    def _steps(self, sender: str, letter: Letter) -> list[_Step]:
        size = f" SIZE={letter.octets}" if self._sized else ""
        return [
            _Step(Stage.MAIL, f"MAIL FROM:<{sender}>{size}", self._waits.command, 2),
            _Step(Stage.RCPT, f"RCPT TO:<{letter.to}>", self._waits.command, 2),
            _Step(Stage.DATA, "DATA", self._waits.data, 3),
        ]

    async def _refusal(self, sender: str, letter: Letter) -> Reply | None:
        """The first reply that does not let us go on, at `stage`; None when the body may follow."""
        self.stage, steps = Stage.MAIL, self._steps(sender, letter)
        if self.ahead is not letter:
            self._wire.expect_silence()
            if self._pipelined:
                await self._wire.write(_group(steps), self._waits.command)
        self.ahead = None
        left = iter(steps)
        for step in left:
            self.stage = step.stage
            reply = await self._answer(step)
            if reply.code // 100 != step.expected:
                await self._catch_up(reply, left)
                return reply
        return None

    async def _answer(self, step: _Step) -> Reply:
        if self._pipelined:
            return await self._wire.reply(step.seconds)
        return await self._wire.command(step.seconds, step.line)

    async def _body(self, sender: str, letter: Letter, following: Letter | None) -> Reply:
        self.stage = Stage.BODY
        self._wire.expect_silence()
        await self._wire.write(letter.data, self._block_seconds(letter.data))
        # Until here the dot is not out, whatever went wrong; from here on, silence means "in doubt".
        self.stage = Stage.DOT
        if following and self._pipelined:
            await self._go_ahead(sender, following)
        return await self._wire.reply(self._waits.final)

    async def _go_ahead(self, sender: str, letter: Letter) -> None:
        """Say the next envelope; if that fails, the reply to the dot may have come all the same."""
        try:
            await self._wire.write(_group(self._steps(sender, letter)), self._waits.command)
            self.ahead = letter
        except LOST:
            self.broken = True

    def _block_seconds(self, data: bytes) -> float:
        """The block timeout for each block begun."""
        return self._waits.block * (1 + len(data) // BLOCK)

    # --- after a refusal ---

    async def _catch_up(self, refusal: Reply, left: Iterator[_Step]) -> None:
        """Read the replies to what went out behind a refused command.

        They do not change the outcome, unless one shows that the replies are not those to our commands: then
        the refusal was not either, and SMTPServerDisconnected is raised.
        """
        if not self._pipelined or not _goes_on(refusal):
            return
        for step in left:
            try:
                reply = await self._wire.reply(step.seconds)
                in_step = await self._is_refused_too(step, reply)
            except LOST:
                self._wire.close()
                return
            if not in_step:
                self._wire.close()
                if reply.code // 100 == 2:  # which follows no refusal
                    raise smtplib.SMTPServerDisconnected("replies to something else")
                return

    async def _is_refused_too(self, step: _Step, reply: Reply) -> bool:
        """Whether nothing is under way behind a refusal.

        A DATA that is answered 354 all the same wants a dot, which ends an empty message for nobody
        (RFC 2920 §3.1). For somebody, a dot would be a mail, so the connection must end instead.
        """
        if step.stage is not Stage.DATA or reply.code // 100 != step.expected:
            return _goes_on(reply)
        await self._wire.write(FINAL_DOT, self._waits.block)
        return (await self._wire.reply(self._waits.final)).code != 421


def _group(steps: list[_Step]) -> bytes:
    return "".join(f"{step.line}\r\n" for step in steps).encode("ascii")


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
