"""Three commands in one write: each reply counts for its own command, however the replies arrive."""

from __future__ import annotations

from typing import Any

import pytest

from digest.delivery.replies import Meaning
from tests.faults.smtp_server import Fault, FaultyServer, Script
from tests.faults.test_smtp_session import BODY, READER, SENDER, relay
from tests.support.sessions import Session

NEXT = "next@example.net"
GO_AHEAD = Fault("354 go ahead anyway", times=1)


def once(reply: str | bytes, **more: Any) -> Fault:
    """A fault that acts one time."""
    return Fault(reply, times=1, **more)


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_the_envelope_is_one_write(security: Any) -> None:
    """The server finds RCPT and DATA behind MAIL, and answers all three at once."""
    with FaultyServer(Script(security=security, glue=True)) as server, Session(relay(server)) as session:
        assert [session.send(SENDER, READER, BODY).meaning for _ in range(3)] == [Meaning.SENT] * 3
        assert server.recipients == [READER] * 3
        assert server.batches == [3, 3, 3]


def test_nothing_is_written_ahead_where_it_is_not_offered() -> None:
    """One command at a time then; and nothing of a next message ever goes out behind a dot."""
    script = Script(hide=frozenset({"PIPELINING"}), glue=True)
    with FaultyServer(script) as server, Session(relay(server)) as session:
        assert [session.send(SENDER, READER, BODY).meaning for _ in range(2)] == [Meaning.SENT] * 2
        assert server.batches == []


@pytest.mark.parametrize("security", ["none", "tls"])
@pytest.mark.parametrize("script", [{"pieces": 1}, {"pieces": 7, "glue": True}, {"glue": True}])
def test_replies_arrive_as_the_network_likes(script: Any, security: Any) -> None:
    """Octet by octet, cut anywhere, or all in one segment: the same outcomes."""
    several = Fault("250 2.1.5 one\n2.1.5 two\n2.1.5 three", times=1)
    recipients = {"gone@x.org": Fault("550 5.1.1 no such user\n5.1.1 really"), "many@x.org": several}
    full = {"full@x.org": Fault("452 4.2.2 full")}
    names = ["a", "gone", "many", "full", "b"]
    made = Script(security=security, recipients=recipients, recipients_at_dot=full, **script)
    with FaultyServer(made) as server, Session(relay(server)) as session:
        outcomes = [session.send(SENDER, f"{name}@x.org", BODY) for name in names]
        assert [outcome.meaning.value for outcome in outcomes] == ["sent", "reader", "sent", "later", "sent"]
        assert outcomes[1].text == "5.1.1 no such user\n5.1.1 really"
        assert server.recipients == ["a@x.org", "many@x.org", "b@x.org"]
        assert server.connections == 1


@pytest.mark.parametrize("dot", [None, once("250 2.0.0 queued"), once("452 4.3.1 full")])
def test_a_go_ahead_after_a_refused_reader_gets_a_lone_dot(dot: Fault | None) -> None:
    """RFC 2920 §3.1: the message for nobody is empty, whatever is said of it, and the refusal stands."""
    faults = {"rcpt": once("550 5.1.1 no such user"), "data": GO_AHEAD} | ({"dot": dot} if dot else {})
    with FaultyServer(Script(faults=faults, glue=True)) as server, Session(relay(server)) as session:
        outcome = session.send(SENDER, READER, BODY)
        assert (outcome.meaning, outcome.enhanced) == (Meaning.READER, "5.1.1")
        assert server.empty == 1
        assert session.send(SENDER, NEXT, BODY).meaning is Meaning.SENT
        assert server.recipients == [NEXT]
        assert server.connections == 1


@pytest.mark.parametrize(
    ("faults", "meaning"),
    [
        # a reader taken without a sender: no reply to that RCPT, or an empty mail would go to them
        ({"mail": once("450 4.3.0 later"), "rcpt": once("250 ok"), "data": GO_AHEAD}, Meaning.CONNECTION),
        ({"mail": once("450 4.3.0 later"), "rcpt": once("421 4.3.2 closing", close=True)}, Meaning.LATER),
        ({"mail": once("550 5.7.1 not you"), "rcpt": once(b"what is this\r\n")}, Meaning.US),
        ({"rcpt": once("550 5.1.1 gone"), "data": once("421 4.3.2 closing", close=True)}, Meaning.READER),
        ({"rcpt": once("550 5.1.1 gone"), "data": once("421 4.3.2 closing")}, Meaning.READER),
        # no reply to a DATA, so the 550 before it was none to the RCPT either
        ({"rcpt": once("550 5.1.1 gone"), "data": once("250 what?")}, Meaning.CONNECTION),
        ({"rcpt": once("550 5.1.1 gone"), "data": Fault(drop="half", times=1)}, Meaning.READER),
        ({"rcpt": once("450 4.2.0 later", close=True)}, Meaning.LATER),
        (
            {"rcpt": once("550 5.1.1 gone"), "data": GO_AHEAD, "dot": once("421 4.3.2 closing")},
            Meaning.READER,
        ),
        ({"rcpt": once("550 5.1.1 gone"), "data": GO_AHEAD, "dot": Fault(drop="after")}, Meaning.READER),
        ({"rcpt": once("421 4.3.2 closing"), "data": GO_AHEAD}, Meaning.CONNECTION),
        ({"mail": once("421 4.7.28 too fast"), "data": GO_AHEAD}, Meaning.US),
    ],
)
def test_the_first_refusal_stands_whatever_follows(faults: dict[str, Fault], meaning: Meaning) -> None:
    """What comes behind it can only cost the connection, never make a mail of it."""
    with FaultyServer(Script(faults=faults)) as server, Session(relay(server)) as session:
        assert session.send(SENDER, READER, BODY).meaning is meaning
        assert not session.usable
        assert not server.received
        assert not server.empty or "dot" in faults


def test_a_refused_sender_is_not_confused_with_what_follows() -> None:
    """The 503s behind a refused MAIL are read and forgotten."""
    script = Script(faults={"mail": once("451 4.3.0 try later")}, glue=True)
    with FaultyServer(script) as server, Session(relay(server)) as session:
        outcome = session.send(SENDER, READER, BODY)
        assert (outcome.meaning, outcome.code) == (Meaning.LATER, 451)
        assert server.commands[-4:] == [
            f"MAIL FROM:<{SENDER}> SIZE={len(BODY)}",
            f"RCPT TO:<{READER}>",
            "DATA",
            "RSET",
        ]
        assert session.send(SENDER, NEXT, BODY).meaning is Meaning.SENT
        assert server.recipients == [NEXT]
