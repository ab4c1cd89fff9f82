"""Our connections to relays that go away, refuse us, or have enough of us: two real servers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from digest.delivery.channel import Channel, Crowded
from digest.delivery.composing import Letter
from digest.delivery.greeting import Relay
from digest.delivery.models import State
from digest.delivery.relays import Relays
from digest.delivery.replies import Meaning
from digest.delivery.wire import FINAL_DOT
from digest.errors import RelayRefused, RelayUnreachable
from tests.faults.smtp_server import Fault, FaultyServer, Script
from tests.support.posts import QUICK, crowd

REFUSES = Script(faults={"connect": Fault("554 5.7.1 go away")})
BUSY = Script(faults={"connect": Fault("421 4.3.2 not now", close=True)})
MAIL = Letter("ann@example.org", 20, b"Subject: hello\r\n\r\nHi\r\n" + FINAL_DOT)


@contextmanager
def servers(*scripts: Script) -> Iterator[list[FaultyServer]]:
    """One server for each script."""
    with ExitStack() as stack:
        yield [stack.enter_context(FaultyServer(script)) for script in scripts]


def relay(server: FaultyServer) -> Relay:
    """The way to it."""
    return Relay(host=server.host, port=server.port, security="none", timeouts=QUICK)


def relays(*running: FaultyServer, per_connection: int = 100) -> Relays:
    """The first is preferred."""
    return Relays([relay(server) for server in running], per_connection=per_connection)


async def sent(channel: Channel) -> Meaning:
    """What became of a mail."""
    return (await channel.carry("digest@example.org", MAIL, None)).meaning


def test_the_preferred_relay_is_used() -> None:
    """The other never hears of us."""

    async def talk() -> None:
        channel = Channel(relays(first, second))
        assert (channel.fit, channel.relay) == (False, None)
        await channel.open()
        assert (channel.fit, channel.relay) == (True, relay(first))
        assert await sent(channel) is Meaning.SENT
        await channel.close()
        assert (channel.fit, channel.relay) == (False, None)

    with servers(Script(), Script()) as (first, second):
        asyncio.run(talk())
        assert (len(first.received), second.connections) == (1, 0)
        assert first.commands[-1] == "QUIT"


@pytest.mark.parametrize("script", [REFUSES, BUSY, None])
def test_the_next_relay_steps_in(script: Script | None) -> None:
    """For one that refuses us, is busy, or is not there; nobody tries that one again at once."""

    async def talk() -> None:
        shared = relays(first, second)
        for _ in range(2):
            channel = Channel(shared)
            await channel.open()
            assert channel.relay == relay(second)
            assert await sent(channel) is Meaning.SENT
            await channel.close()

    with servers(script or Script(), Script()) as (first, second):
        if script is None:
            first.__exit__(None, None, None)
        before = first.connections
        asyncio.run(talk())
        assert len(second.received) == 2
        assert first.connections - before == (0 if script is None else 4 if script is BUSY else 1)


@pytest.mark.parametrize(
    ("scripts", "error"), [((REFUSES, BUSY), RelayRefused), ((BUSY, REFUSES), RelayUnreachable)]
)
def test_where_none_is_left_the_preferred_ones_error_is_told(
    scripts: tuple[Script, Script], error: type[Exception]
) -> None:
    """It is the one that the operator wants to mend."""

    async def talk() -> None:
        channel = Channel(relays(*running))
        with pytest.raises(error, match=str(running[0].port)):
            await channel.open()
        assert (channel.fit, channel.relay) == (False, None)

    with servers(*scripts) as running:
        asyncio.run(talk())


def test_a_connection_is_left_for_a_new_one_after_so_many_mails() -> None:
    """Politely, and counted anew."""

    async def talk() -> None:
        channel = Channel(relays(server, per_connection=2))
        for _ in range(5):
            if not channel.fit:
                await channel.open()
            assert await sent(channel) is Meaning.SENT
        await channel.close()

    with servers(Script()) as (server,):
        asyncio.run(talk())
        assert (len(server.received), server.connections) == (5, 3)
        assert server.commands.count("QUIT") == 3


def test_a_lost_connection_is_not_fit() -> None:
    """Nor is one to a relay that failed meanwhile, as another connection found."""

    async def talk() -> None:
        shared = relays(server)
        channel, other = Channel(shared), Channel(shared)
        await channel.open()
        await other.open()
        server.disconnect()
        assert await sent(channel) is Meaning.CONNECTION
        assert not channel.fit
        await channel.open()
        before = channel.fit
        shared.failed(relay(server), RelayRefused("enough"))
        assert (before, channel.fit) == (True, False)
        for one in (channel, other):
            await one.close()
        assert set(shared.connected.values()) == {0}

    with servers(Script()) as (server,):
        asyncio.run(talk())


def test_nothing_is_carried_without_a_connection() -> None:
    """It is told as a lost one."""
    channel = Channel(Relays([Relay(host="x.example", port=25)]))
    assert asyncio.run(sent(channel)) is Meaning.CONNECTION


ONE_ONLY = Script(faults={"connect": Fault("421 4.7.0 too many connections", close=True, skip=1)})


def test_a_relay_that_has_one_of_ours_may_have_enough() -> None:
    """That is no reason to go elsewhere; but where it has none of ours, it is."""

    async def talk() -> None:
        shared = relays(first, second)
        channel, other = Channel(shared), Channel(shared)
        await channel.open()
        with pytest.raises(Crowded, match="too many connections"):
            await other.open()
        assert channel.fit
        assert await sent(channel) is Meaning.SENT
        await channel.close()
        await other.open()
        assert other.relay == relay(second)
        await other.close()

    with servers(ONE_ONLY, Script()) as (first, second):
        asyncio.run(talk())


# --- the engine on such relays ---


def test_an_engine_makes_do_with_what_a_relay_gives(post_office: Any) -> None:
    """It wants four, gets one, and everybody is served over that one."""
    with post_office(ONE_ONLY) as post, capture_logs() as logs:
        post.owe(*crowd(30))
        tally = post.engine(connections=4).run()
        assert (tally.stopped, tally.tries) == (None, {State.SENT: 30})
        assert sorted(post.server.recipients) == crowd(30)
        assert post.nothing_is_held()
    assert "crowded" in [line.get("action") for line in logs]


def test_an_engine_opens_anew_after_so_many_mails(post_office: Any) -> None:
    """As the setting says."""
    with post_office() as post:
        post.owe(*crowd(10))
        assert post.engine(per_connection=3).run().tries == {State.SENT: 10}
        assert post.server.connections == 4


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "dot"])
def test_a_relay_that_refuses_us_three_times_is_left_for_the_fallback(post_office: Any, stage: str) -> None:
    """Three readers wait for a retry, the others get theirs over the other one."""
    refused = Script(faults={stage: Fault("550 5.7.1 your address is blocked by our policy")})
    with post_office(refused) as post, servers(Script()) as (second,), capture_logs() as logs:
        post.owe(*crowd(20))
        tally = post.engine(fallbacks=(relay(second),)).run()
        assert tally.stopped is None
        assert tally.tries == {State.DEFERRED: 3, State.SENT: 17}
        assert sorted(second.recipients) == crowd(20)[3:]
        assert post.server.received == []
        assert post.nothing_is_held()
    assert [line["now"] for line in logs if line.get("action") == "relay"] == [str(relay(second))]


def test_one_grudge_is_not_the_relays(post_office: Any) -> None:
    """Two in a row, and then a mail that goes: the relay stays."""
    grudge = Fault("550 5.7.1 your address is blocked by our policy")
    readers = crowd(9)
    moody = {reader: grudge for number, reader in enumerate(readers) if number % 3}
    with post_office(Script(recipients=moody)) as post, servers(Script()) as (second,):
        post.owe(*readers)
        tally = post.engine(fallbacks=(relay(second),)).run()
        assert (tally.stopped, second.connections) == (None, 0)
        assert post.server.recipients == readers[::3]
