"""One connection to the relay: it carries one message at a time and always knows whether the dot was sent."""

from __future__ import annotations

import asyncio
import smtplib
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self, TypeVar

from digest.delivery.composing import Letter
from digest.delivery.conversation import Conversation, fault
from digest.delivery.greeting import Opened, Relay, Timeouts, opened
from digest.delivery.mailboxes import BadRecipient, ascii_address
from digest.delivery.replies import Meaning, Outcome, Stage
from digest.delivery.wire import FINAL_DOT, Wire, stuffed

__all__ = ["Relay", "Session", "Timeouts"]

FAREWELL = 5.0  # seconds that a polite QUIT may take
Result = TypeVar("Result")


class Session:
    """A connection to `relay`, opened by `open()` or by `async with`; not for two tasks at once."""

    def __init__(self, relay: Relay) -> None:
        """Nothing is connected yet."""
        self.relay = relay
        self.carried = 0  # messages since it was opened
        self._wire: Wire | None = None
        self._conversation: Conversation | None = None
        self._offers: dict[str, str] = {}
        self._stage = Stage.CONNECT
        self._between = False  # between two transactions, where QUIT would be understood
        self._refused = False  # in the middle of one that was refused, so that RSET must come first

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def usable(self) -> bool:
        """Whether another message can be sent at once; only the one that is `ahead`, if one is."""
        return self._between and self.connected

    @property
    def connected(self) -> bool:
        """Whether there is a connection, as far as we know."""
        return self._wire is not None and not self._wire.lost

    @property
    def stage(self) -> Stage:
        """How far the last message came."""
        return self._stage

    @property
    def ahead(self) -> Letter | None:
        """The letter whose envelope the relay has already; no other can be next."""
        return self._conversation.ahead if self._conversation else None

    async def open(self) -> None:
        """Connect, encrypt, log in.

        Raises RelayRefused when the relay will not have us (certificate, login, 5xx) or lacks what we insist
        on, RelayUnreachable when it is not there now, and ConfigError for an unreadable `ca_file`.
        """
        await self.close()
        connection = await _in_thread(lambda: opened(self.relay), _hang_up)
        self._wire, self._offers = Wire(connection.sock), connection.offers
        self._conversation = Conversation(self._wire, self._offers, self.relay.timeouts)
        self._between, self.carried = True, 0

    async def close(self, *, politely: bool = True) -> None:
        """Say QUIT where that makes sense, wait for its reply if `politely`, and hang up; never raises."""
        if self._wire is not None and (self._between or self._refused) and not self.ahead:
            with suppress(OSError, smtplib.SMTPException):
                await self._wire.write(b"QUIT\r\n", FAREWELL)
                if politely:
                    await self._wire.reply(FAREWELL)
        self.abandon()

    def abandon(self) -> None:
        """Hang up without a word."""
        wire, self._wire, self._conversation = self._wire, None, None
        self._between = self._refused = False
        if wire is not None:
            wire.close()

    async def send(self, sender: str, recipient: str, message: bytes) -> Outcome:
        """Hand over one message for one recipient and return what became of it; never raises for the network.

        `sender` is the envelope sender ("" for the null one). `message` must be 7-bit with CRLF line ends,
        not dot-stuffed; it is checked, and a bad one is a MESSAGE outcome that the relay never sees.
        """
        try:
            path, to = sender and ascii_address(sender), ascii_address(recipient)
        except BadRecipient as error:
            return Outcome(_blame(sender), None, None, str(error))
        if why_not := fault(message):
            return Outcome(Meaning.MESSAGE, None, None, why_not)
        outcome = await self.carry(path, Letter(to, len(message), stuffed(message) + FINAL_DOT))
        await self.reset()
        return outcome

    async def carry(self, sender: str, letter: Letter, following: Letter | None = None) -> Outcome:
        """The same for a letter, which is known to be good; `sender` as SMTP writes it.

        `following` comes next, if that is known; it may be `ahead` afterwards.
        """
        if why_not := self._too_large(letter.octets):
            return Outcome(Meaning.MESSAGE, None, None, why_not)
        if self._wire is None or self._conversation is None or not self._between:
            return Outcome(Meaning.CONNECTION, None, None, "there is no connection to the relay")
        if self.ahead not in (None, letter):
            raise RuntimeError("the relay waits for another letter")
        if following and self._too_large(following.octets):
            following = None
        self._between = False
        self.carried += 1
        outcome = await self._conversation.run(sender, letter, following)
        self._stage = self._conversation.stage
        self._settle(self._conversation, outcome)
        return outcome

    def _settle(self, conversation: Conversation, outcome: Outcome) -> None:
        """Know what can come next."""
        lost = outcome.meaning in (Meaning.CONNECTION, Meaning.UNKNOWN) or outcome.code == 421
        if lost or conversation.broken:
            self.abandon()
        else:
            self._between = conversation.stage is Stage.DOT
            self._refused = not self._between

    async def reset(self) -> bool:
        """Make it usable again after a refusal (RSET), or give it up; returns whether it is."""
        if self._wire is not None and self._refused:
            self._refused = False
            self._between = await self._is_reset(self._wire)
            if not self._between:
                self.abandon()
        return self.usable

    async def _is_reset(self, wire: Wire) -> bool:
        try:
            return (await wire.command(self.relay.timeouts.command, "RSET")).code == 250
        except (OSError, smtplib.SMTPException):
            return False

    def _too_large(self, octets: int) -> str | None:
        limit = self._offers.get("size", "").strip()
        if not limit.isdecimal() or int(limit) == 0 or octets <= int(limit):
            return None
        return f"the message has {octets} octets, the relay takes {limit}"


async def _in_thread(work: Callable[[], Result], undo: Callable[[Result], None]) -> Result:
    """What `work` returns or raises, in a thread that nobody waits for at the end of the process.

    Whoever is cancelled meanwhile has no use for a result that comes later: `undo` gets it.
    """
    loop, future = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

    def settle(result: Result | None, error: BaseException | None) -> None:
        if future.cancelled():
            if error is None:
                undo(result)  # type: ignore[arg-type]  # without an error there is a result
        elif error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)

    def run() -> None:
        try:
            answer: tuple[Result | None, BaseException | None] = (work(), None)
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits
            answer = (None, error)
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, *answer)

    threading.Thread(target=run, name="opening", daemon=True).start()
    try:
        return await future  # type: ignore[no-any-return]
    except asyncio.CancelledError:
        if future.done() and not future.cancelled() and not future.exception():
            undo(future.result())
        raise


def _hang_up(connection: Opened) -> None:
    connection.sock.close()


def _blame(sender: str) -> Meaning:
    """Who is to blame for an address that cannot be written: us, if it is our own."""
    try:
        return Meaning.READER if not sender or ascii_address(sender) else Meaning.US
    except BadRecipient:
        return Meaning.US
