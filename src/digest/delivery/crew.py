"""The connections of one shift: each tries one delivery after the other, and says so to the ledger."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from logging import DEBUG
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy.orm import Session

from digest.delivery import claiming
from digest.delivery.channel import Channel, Crowded
from digest.delivery.claiming import Claimed, Job
from digest.delivery.composing import Letter
from digest.delivery.group_commit import GroupCommit
from digest.delivery.ledger import Done
from digest.delivery.mailboxes import BadRecipient
from digest.delivery.mailings import Mailings
from digest.delivery.models import State
from digest.delivery.replies import Meaning, Outcome
from digest.delivery.scribe import Errand, Scribe, TurnedOver, Turnover, ask
from digest.delivery.supply import Supply
from digest.delivery.trust import Trust
from digest.delivery.widening import Width
from digest.errors import DigestError, RelayRefused
from digest.logs import get_logger, short_address

if TYPE_CHECKING:
    from digest.delivery.shift import Shift

TOO_CROWDED = 1.0  # seconds until the last one of us knocks again


class Ready(NamedTuple):
    """A job and its message, or why there can be none for this reader."""

    job: Job
    letter: Letter | Outcome


@dataclass(slots=True)
class Berth:
    """What one connection is at: the try that is over and not written down, and the job that comes next."""

    channel: Channel
    done: Done | None = None
    ready: Ready | None = None


class Crew:
    """All connections, and what they share."""

    def __init__(self, shift: Shift, scribe: Scribe) -> None:
        """Nobody works yet."""
        engine = shift.engine
        self.working = 0  # connections that go on, which are not all that have not ended
        self._shift, self._engine, self._scribe, self._tally = shift, engine, scribe, shift.tally
        self._supply = Supply(self._claim, shift.unless_ended, low=engine.batch // 2)
        self._width = Width(engine.connections)
        self._relays = engine.relays
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_hand: set[tuple[int, int]] = set()  # claimed, and not over
        self._outages = 0  # that we have tidied up after
        self._sender = engine.messages.sender.path
        self._trust = Trust(engine.connections, self._relays.several)
        self._verbose = get_logger().is_enabled_for(DEBUG)  # asking at every mail would take longer

    async def work(self, commits: GroupCommit[Errand, Any]) -> None:
        """Send until there is nothing left, or the shift has ended."""
        self._commits = commits
        self._mailings = Mailings(self._engine, self._scribe.worker_id, self._tally, self._supply, commits)
        self._hire()
        try:
            while self._tasks:
                await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            await self._supply.end()
        finally:
            for task in self._tasks:  # only if we are cancelled ourselves
                task.cancel()

    def _hire(self) -> None:
        """One more connection."""
        self.working += 1
        task = asyncio.create_task(self._connection())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- one connection ---

    async def _connection(self) -> None:
        """Opened at its first message, reopened when it is lost."""
        berth = Berth(Channel(self._relays))
        try:
            while await self._one(berth):
                pass
        except Exception as error:  # noqa: BLE001 - a task must not die unheard
            self._shift.fail(error)
        finally:
            self.working -= 1
            await self._leave(berth)

    async def _one(self, berth: Berth) -> bool:
        """Begin one delivery, record the one before, and hand it over; False when there is nothing to do.

        The one after it announces itself to the relay behind its dot, but does not begin.
        """
        ready, following = await self._begun(berth)
        if ready is None:
            return False
        outcome = await self._hand_over(berth.channel, ready, following)
        berth.done = Done(ready.job, outcome)
        if following and not self._goes_on(berth.channel, following, outcome):
            berth.channel.drop_ahead()
            self._supply.put_back(following.job)
            following = None
        berth.ready = following
        return True

    async def _begun(self, berth: Berth) -> tuple[Ready | None, Ready | None]:
        """The next delivery, which stands at `sending` now, and the one that may follow it at once."""
        while not self._superfluous():
            ready = berth.ready or await self._next(berth)
            if ready is None:
                break
            berth.ready = ready
            following = self._at_hand(berth.channel)  # before anything has begun, since it may fail
            if await self._turn_over(berth):
                return ready, following
            berth.channel.drop_ahead()
            if following:
                self._supply.put_back(following.job)
        return None, None

    async def _turn_over(self, berth: Berth) -> bool:
        """Write down the last try and begin the next, as far as there are any; whether it began."""
        done, ready, berth.done, berth.ready = berth.done, berth.ready, None, None
        turned: TurnedOver = await self._commits.do(Turnover(done, ready.job if ready else None))
        if ready and not turned.begun:
            self._in_hand.discard(ready.job.key)
        if ready and turned.stopped:
            self._mailings.leave(ready.job.mailing_id)
        if done:
            self._in_hand.discard(done.job.key)
            await self._follow_up(done, turned.state)
        return turned.begun

    async def _next(self, berth: Berth) -> Ready | None:
        """A job that may go at once over an open connection, when the last try is written down."""
        if berth.done:
            await self._turn_over(berth)
        while not self._superfluous() and await self._supply.wait():
            job = self._supply.take()
            try:
                ready = self._prepared(job)
                if isinstance(ready.letter, Outcome) or berth.channel.fit or await self._open(berth.channel):
                    return ready
            except BaseException:
                self._supply.put_back(job)
                raise
            self._supply.put_back(job)
        return None

    def _superfluous(self) -> bool:
        """Whether this connection is to leave: all is over, or there are more than the relay likes."""
        return self._shift.ended or self.working > max(1, self._width.now)

    async def _leave(self, berth: Berth) -> None:
        try:
            if berth.ready:
                self._supply.put_back(berth.ready.job)
                berth.ready = None
            if berth.done:
                await self._turn_over(berth)
        except Exception as error:  # noqa: BLE001 - it belongs to all
            self._shift.fail(error)
        await berth.channel.close(politely=not self._shift.ended)

    # --- a message ---

    def _at_hand(self, channel: Channel) -> Ready | None:
        """A job that can follow at once, if there are enough: it has to wait for the reply before it."""
        if not channel.fit or self._supply.at_hand <= self.working:
            return None
        job = self._supply.take()
        try:
            return self._prepared(job)
        except BaseException:
            self._supply.put_back(job)
            raise

    def _prepared(self, job: Job) -> Ready:
        try:
            return Ready(job, self._engine.messages.letter(job, self._engine.clock.now()))
        except BadRecipient as error:
            return Ready(job, Outcome(Meaning.READER, None, None, str(error)))

    async def _open(self, channel: Channel) -> bool:
        """Open it, unless all ends or others can do without it."""
        try:
            return await self._shift.unless_ended(channel.open())
        except Crowded as error:
            self._width.crowded()
            get_logger().info("fewer connections", action="crowded", reason=str(error), now=self._width.now)
            if not self._superfluous():
                await self._shift.unless_ended(asyncio.sleep(TOO_CROWDED))
            return False

    async def _hand_over(self, channel: Channel, ready: Ready, following: Ready | None) -> Outcome:
        if isinstance(ready.letter, Outcome):
            return ready.letter
        behind = following.letter if following and isinstance(following.letter, Letter) else None
        outcome = await channel.carry(self._sender, ready.letter, behind)
        self._judge_relay(channel, outcome)
        return outcome

    def _goes_on(self, channel: Channel, following: Ready, outcome: Outcome) -> bool:
        """Whether `following` can go right after this; not after bad news, which may end all this."""
        good = outcome.meaning in (Meaning.SENT, Meaning.LATER) and not self._shift.ended
        return good and channel.fit and channel.ahead in (None, following.letter)

    def _judge_relay(self, channel: Channel, outcome: Outcome) -> None:
        """Give a relay up that does not do its work, and end where there is no other."""
        why = self._trust.after(channel.stage, outcome)
        if why is None or channel.relay is None:
            return
        self._relays.failed(channel.relay, RelayRefused(f"{channel.relay} {why}"))
        try:
            self._relays.require_any()
        except DigestError as error:
            self._shift.end(error)

    # --- claims ---

    async def _claim(self) -> Claimed:
        claimed = await ask(self._commits, partial(self._claimed, frozenset(self._in_hand)))
        self._in_hand.update(job.key for job in claimed.jobs)
        for job in claimed.jobs:
            await self._mailings.meet(job)
        self._tally.due += sum(job.notice is not None for job in claimed.jobs)
        self._tally.held = claimed.held
        return claimed

    def _claimed(self, in_hand: frozenset[tuple[int, int]], session: Session) -> Claimed:
        engine, outages = self._engine, self._shift.patience.tested
        self._scribe.keep_lease(session)
        if outages > self._outages:
            claiming.free_strays(session, self._scribe.worker_id, in_hand)
            self._outages = outages
        rules = claiming.Rules(engine.suppressions, engine.pacing, engine.queues)
        return claiming.claim(session, self._scribe.worker_id, rules, engine.clock.now(), engine.batch)

    # --- after a try ---

    async def _follow_up(self, done: Done, state: State | None) -> None:
        self._report(done, state)
        if state is State.SENT:
            self._width.accepted()
            if self._supply.at_hand and self.working < self._width.now and not self._shift.ended:
                self._hire()
        if state is not None:
            await self._mailings.count(done.job.mailing_id, state)

    def _report(self, done: Done, state: State | None) -> None:
        if not self._verbose:
            return
        get_logger().debug(
            "tried a delivery",
            action="delivery",
            mailing=done.job.mailing_id,
            to=short_address(done.job.email),
            state=state.value if state else "not ours any more",
            code=done.outcome.code,
        )
