"""The next envelope behind the dot: one round trip less, and nobody gets anything that was not begun."""

from __future__ import annotations

from typing import Any

import pytest

from digest.delivery.composing import Letter
from digest.delivery.replies import Meaning, Outcome
from digest.delivery.smtp import Session
from digest.delivery.wire import FINAL_DOT, stuffed
from tests.faults.smtp_server import Fault, FaultyServer, Script
from tests.faults.test_smtp_session import BODY, SENDER, relay
from tests.support.sessions import run

READERS = [f"r{number}@example.net" for number in range(4)]
REFUSED = Fault("550 5.1.1 no such user", skip=1, times=1)


def letters() -> list[Letter]:
    """One for each reader."""
    return [Letter(reader, len(BODY), stuffed(BODY) + FINAL_DOT) for reader in READERS]


async def in_a_row(session: Session, mails: list[Letter]) -> list[Outcome]:
    """Each knows the one behind it."""
    outcomes = []
    for letter, following in zip(mails, [*mails[1:], None], strict=True):
        await session.reset()
        outcomes.append(await session.carry(SENDER, letter, following))
    return outcomes


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
@pytest.mark.parametrize("script", [{"glue": True}, {"pieces": 1}, {"pieces": 7, "glue": True}])
def test_all_arrive_in_order(security: Any, script: Any) -> None:
    """However the replies arrive."""

    async def send(server: FaultyServer) -> list[Outcome]:
        async with Session(relay(server)) as session:
            return await in_a_row(session, letters())

    with FaultyServer(Script(security=security, **script)) as server:
        assert [outcome.meaning for outcome in run(send(server))] == [Meaning.SENT] * 4
        assert server.recipients == READERS
        assert {mail.data for mail in server.received} == {BODY}
        assert server.connections == 1
        if script == {"glue": True}:
            assert server.batches[:2] == [3, 4], "the dot and the envelope behind it were not one group"


def test_nothing_goes_ahead_where_it_is_not_offered() -> None:
    """One command at a time then."""

    async def send(server: FaultyServer) -> Letter | None:
        async with Session(relay(server)) as session:
            first, second, *_ = letters()
            await session.carry(SENDER, first, second)
            return session.ahead

    with FaultyServer(Script(hide=frozenset({"PIPELINING"}))) as server:
        assert run(send(server)) is None
        assert server.commands.count("DATA") == 1


def test_who_went_ahead_and_is_not_to_go_gets_nothing() -> None:
    """The relay has the envelope and waits for a message; hanging up is the only way to say no."""

    async def send(server: FaultyServer) -> None:
        async with Session(relay(server)) as session:
            first, second, third, _ = letters()
            await session.carry(SENDER, first, second)
            assert session.ahead is second
            session.abandon()
            await session.open()
            assert (await session.carry(SENDER, third)).meaning is Meaning.SENT

    with FaultyServer() as server:
        run(send(server))
        assert server.recipients == [READERS[0], READERS[2]]


def test_a_farewell_is_not_said_into_a_message() -> None:
    """QUIT would be its first line."""

    async def send(server: FaultyServer) -> None:
        async with Session(relay(server)) as session:
            first, second, *_ = letters()
            await session.carry(SENDER, first, second)

    with FaultyServer() as server:
        run(send(server))
        assert server.recipients == READERS[:1]
        assert "QUIT" not in server.commands


def test_a_refusal_of_the_one_ahead_is_its_own() -> None:
    """The one before it was sent, the ones behind it are."""

    async def send(server: FaultyServer) -> list[Outcome]:
        async with Session(relay(server)) as session:
            return await in_a_row(session, letters())

    with FaultyServer(Script(faults={"rcpt": REFUSED})) as server:
        meanings = [outcome.meaning for outcome in run(send(server))]
        assert meanings == [Meaning.SENT, Meaning.READER, Meaning.SENT, Meaning.SENT]
        assert server.recipients == [READERS[0], *READERS[2:]]
        assert server.connections == 1


@pytest.mark.parametrize(
    ("fault", "meaning"),
    [
        (Fault("451 4.3.0 later", times=1), Meaning.LATER),
        (Fault("421 4.3.2 closing", close=True, times=1), Meaning.CONNECTION),
        (Fault(drop="before", times=1), Meaning.UNKNOWN),
        (Fault(drop="after", times=1), Meaning.UNKNOWN),
        (Fault(drop="half", times=1), Meaning.UNKNOWN),
    ],
)
def test_the_fate_of_one_is_not_the_next_ones(fault: Fault, meaning: Meaning) -> None:
    """What happens at the first one's dot says nothing about the one ahead, which was not begun."""

    async def send(server: FaultyServer) -> tuple[Outcome, bool]:
        async with Session(relay(server)) as session:
            first, second, *_ = letters()
            outcome = await session.carry(SENDER, first, second)
            return outcome, session.usable

    with FaultyServer(Script(faults={"dot": fault})) as server:
        outcome, usable = run(send(server))
        assert outcome.meaning is meaning
        assert usable is (meaning is Meaning.LATER)
        assert READERS[1] not in server.recipients


def test_a_reply_too_many_is_noticed_before_the_next_message() -> None:
    """Words that nobody asked for would pass for the answer to its dot."""

    async def send(server: FaultyServer) -> list[Outcome]:
        async with Session(relay(server)) as session:
            return await in_a_row(session, letters()[:2])

    twice = Fault(b"250 2.0.0 queued\r\n250 2.0.0 queued once more\r\n", times=1)
    with FaultyServer(Script(faults={"dot": twice})) as server:
        first, second = run(send(server))
        assert first.meaning is Meaning.SENT
        assert second.meaning is Meaning.CONNECTION


@pytest.mark.parametrize("hide", [frozenset(), frozenset({"PIPELINING"})])
@pytest.mark.parametrize("left_over", [b"550 5.1.1 no\r\n", b"250 ok\r\n550 5.1.1 no\r\n"])
def test_words_that_were_left_over_blame_nobody(left_over: bytes, hide: frozenset[str]) -> None:
    """A refusal that nobody asked for is no verdict on the next reader."""

    async def send(server: FaultyServer) -> list[Outcome]:
        async with Session(relay(server)) as session:
            return await in_a_row(session, letters()[:2])

    spoken = Fault(b"250 2.0.0 queued\r\n" + left_over, times=1)
    with FaultyServer(Script(faults={"dot": spoken}, hide=hide)) as server:
        first, second = run(send(server))
        assert first.meaning is Meaning.SENT
        assert second.meaning is Meaning.CONNECTION
