"""One SMTP session against servers that refuse, lie, stall and hang up."""

from __future__ import annotations

import smtplib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from digest.delivery.replies import Meaning
from digest.delivery.smtp import Relay, Timeouts
from digest.errors import ConfigError, RelayRefused, RelayUnreachable
from tests.faults.smtp_server import Fault, FaultyServer, Script
from tests.support.ports import silent_port
from tests.support.sessions import Session

QUICK = Timeouts(greeting=60, command=60, data=60, block=60, final=60)
SENDER = "bounces@example.org"
READER = "ada@example.net"
BODY = b"Subject: x\r\n\r\n.\r\n..two\r\n.dot\r\nend.\r\n.\r\n"
EHLO = f"ehlo {smtplib.SMTP().local_hostname}"  # by which it calls this machine
LONG = (b"x" * 998 + b"\r\n") * 9000
IN_BOTH_WAYS = pytest.mark.parametrize(
    "hide", [frozenset(), frozenset({"PIPELINING"})], ids=["pipelined", "one-by-one"]
)


def relay(server: FaultyServer, **changes: Any) -> Relay:
    """How to reach `server`, with what is given changed."""
    values: dict[str, Any] = {
        "host": server.host,
        "port": server.port,
        "security": server.script.security,
        "ca_file": server.ca_file if server.script.security != "none" else None,
        "timeouts": QUICK,
    }
    return Relay(**(values | changes))


@IN_BOTH_WAYS
@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_mail_arrives_byte_for_byte(security: Any, hide: frozenset[str]) -> None:
    """Leading dots survive, whatever the transport; one connection carries several messages."""
    with FaultyServer(Script(security=security, hide=hide)) as server:
        with Session(relay(server)) as session:
            outcomes = [session.send(SENDER, to, BODY) for to in (READER, "eve@bücher.example")]
        assert [outcome.meaning for outcome in outcomes] == [Meaning.SENT] * 2
        assert [mail.data for mail in server.received] == [BODY] * 2
        assert server.recipients == [READER, "eve@xn--bcher-kva.example"]
        assert {mail.sender for mail in server.received} == {SENDER}
        assert server.connections == 1
        assert server.commands[-1] == "QUIT"
        assert not session.usable


@pytest.mark.parametrize("security", ["none", "tls"])
def test_a_large_message_goes_out_in_blocks(security: Any) -> None:
    """More than one block, with dots at the seams; and more than a socket takes at once."""
    body = b"." * 990 + b"\r\n"
    with FaultyServer(Script(security=security)) as server, Session(relay(server)) as session:
        assert session.send("", READER, body * 9000).meaning is Meaning.SENT
        assert server.received[0].data == body * 9000
        assert server.received[0].sender == ""


SURE, DOUBT = Meaning.CONNECTION, Meaning.UNKNOWN
FAULTS = [
    ("mail", Fault("451 4.3.0 later"), Meaning.LATER, True),
    ("mail", Fault("550 5.7.1 not you"), Meaning.US, True),
    ("mail", Fault("421 4.3.2 closing", close=True), SURE, False),
    ("rcpt", Fault("450 4.2.0 greylisted"), Meaning.LATER, True),
    ("rcpt", Fault("550 5.1.1 no such user\n5.1.1 really"), Meaning.READER, True),
    ("rcpt", Fault("554 5.7.1 Relay access denied"), Meaning.US, True),
    ("rcpt", Fault("421 4.7.28 slow down", close=True), Meaning.US, False),
    ("data", Fault("451 4.3.0 later"), Meaning.LATER, True),
    ("data", Fault("554 5.5.1 no valid recipients"), Meaning.US, True),
    ("data", Fault("250 what?"), SURE, False),
    ("data", Fault(b"354 go ahead\r\n250 2.0.0 queued before it came\r\n"), SURE, False),
    ("rcpt", Fault(b"250 ok\r\n354 go ahead\r\n250 2.0.0 queued\r\n"), SURE, False),
    ("dot", Fault("452 4.2.2 full"), Meaning.LATER, True),
    ("dot", Fault("554 5.6.0 bad content"), Meaning.MESSAGE, True),
    ("dot", Fault("421 4.3.2 closing", close=True), SURE, False),
    ("dot", Fault("354 eh?"), DOUBT, False),
    *[(stage, Fault(drop="before"), SURE, False) for stage in ("mail", "rcpt", "data", "body")],
    *[(stage, Fault(drop="half"), SURE, False) for stage in ("mail", "rcpt", "data")],
    *[(stage, Fault(b"what is this\r\n"), SURE, False) for stage in ("mail", "rcpt", "data")],
    *[(stage, Fault(b"250-" + b"x" * 9000), SURE, False) for stage in ("mail", "rcpt", "data")],
    ("rcpt", Fault(b"250-more\r\n" * 500), SURE, False),
    *[("dot", Fault(drop=drop), DOUBT, False) for drop in ("before", "after", "half")],
    ("dot", Fault(b"\xff\xfe\x00\r\n"), DOUBT, False),
    ("dot", Fault(b"250", close=True), DOUBT, False),
]


@IN_BOTH_WAYS
@pytest.mark.parametrize(("stage", "fault", "meaning", "usable"), FAULTS)
def test_each_fault_has_its_outcome(
    stage: str, fault: Fault, meaning: Meaning, usable: bool, hide: frozenset[str]
) -> None:
    """`send` never raises, says what is certain, and knows whether the connection is still good."""
    once = replace(fault, times=1)
    with FaultyServer(Script(faults={stage: once}, hide=hide)) as server, Session(relay(server)) as session:
        # What fits the socket's buffers is written, dot and all, before a lost connection shows.
        outcome = session.send(SENDER, READER, LONG if stage == "body" else BODY)
        assert (outcome.meaning, session.usable) == (meaning, usable)
        if not usable:
            assert session.send(SENDER, READER, BODY).meaning is Meaning.CONNECTION
            session.open()
        assert session.send(SENDER, "next@example.net", BODY).meaning is Meaning.SENT
        accepted = stage == "dot" and fault.drop in ("after", "half")
        accepted |= stage == "dot" and str(outcome.code or fault.reply)[:5] in ("354", "b'250")
        assert server.recipients == [READER] * accepted + ["next@example.net"]


@IN_BOTH_WAYS
@pytest.mark.parametrize(
    ("stage", "hasty", "meaning"),
    [
        ("mail", {"command": 3}, SURE),  # long enough for the EHLO before it, on a busy machine
        ("rcpt", {"command": 3}, SURE),
        ("data", {"data": 0.3}, SURE),
        ("dot", {"final": 0.3}, DOUBT),
    ],
)
def test_silence_has_an_end(
    stage: str, hasty: dict[str, float], meaning: Meaning, hide: frozenset[str]
) -> None:
    """A server that stops answering costs one timeout; only after the dot is it in doubt."""
    silent = FaultyServer(Script(faults={stage: Fault(silent=True)}, hide=hide))
    with silent as server, Session(relay(server, timeouts=replace(QUICK, **hasty))) as session:
        assert session.send(SENDER, READER, BODY).meaning is meaning
        assert not session.usable


@IN_BOTH_WAYS
def test_refusals_of_one_reader_do_not_touch_the_next(hide: frozenset[str]) -> None:
    """After each refusal the transaction is reset, and the connection goes on."""
    gone, full = Fault("550 5.1.1 no such user"), Fault("452 4.2.2 full")
    script = Script(recipients={"gone@x.org": gone}, recipients_at_dot={"full@x.org": full}, hide=hide)
    with FaultyServer(script) as server, Session(relay(server)) as session:
        outcomes = [session.send(SENDER, f"{name}@x.org", BODY) for name in ("a", "gone", "b", "full", "c")]
        assert [outcome.meaning.value for outcome in outcomes] == ["sent", "reader", "sent", "later", "sent"]
        assert outcomes[1].gone
        assert outcomes[1].enhanced == "5.1.1"
        assert server.recipients == ["a@x.org", "b@x.org", "c@x.org"]
        assert server.commands.count("RSET") == 1


@IN_BOTH_WAYS
@pytest.mark.parametrize("fault", [Fault("502 5.5.1 no"), Fault(drop="before")])
def test_a_connection_that_cannot_be_reset_is_given_up(fault: Fault, hide: frozenset[str]) -> None:
    """The outcome stands; the connection does not."""
    script = Script(faults={"rset": fault, "rcpt": Fault("550 5.1.1 gone")}, hide=hide)
    with FaultyServer(script) as server, Session(relay(server)) as session:
        assert session.send(SENDER, READER, BODY).meaning is Meaning.READER
        assert not session.usable


@IN_BOTH_WAYS
def test_a_server_may_limit_messages_per_connection(hide: frozenset[str]) -> None:
    """A 421 after n messages leaves the next one unsent, and a new connection carries it."""
    with (
        FaultyServer(Script(messages_per_connection=2, hide=hide)) as server,
        Session(relay(server)) as session,
    ):
        meanings = [session.send(SENDER, READER, BODY).meaning.value for _ in range(3)]
        assert meanings == ["sent", "sent", "connection"]
        session.open()
        assert session.send(SENDER, READER, BODY).meaning is Meaning.SENT
        assert server.connections == 2


@pytest.mark.parametrize(
    ("sender", "recipient", "meaning"),
    [
        (SENDER, "a@b.org>\r\nRCPT TO:<eve@b.org", Meaning.READER),
        (SENDER, "a@b.org\nDATA", Meaning.READER),
        (SENDER, "a b@c.org", Meaning.READER),
        (SENDER, "a@b.org> NOTIFY=NEVER", Meaning.READER),
        (SENDER, "", Meaning.READER),
        ("a@b.org>\r\nRSET", READER, Meaning.US),
        ("a\0@b.org", READER, Meaning.US),
    ],
)
def test_addresses_cannot_smuggle_commands(sender: str, recipient: str, meaning: Meaning) -> None:
    """What is no plain address never reaches the wire."""
    with FaultyServer() as server, Session(relay(server)) as session:
        assert session.send(sender, recipient, BODY).meaning is meaning
        assert session.usable
        assert server.commands == [EHLO]


@pytest.mark.parametrize(
    "body",
    [
        b"a\r\n.\nb\r\n",
        b"a\n.\r\nb\r\n",
        b"a\rb\r\n",
        b"a\r\r\n",
        b"a\r\nb\r",
        b"a\r\nb\n",
        b"no end",
        b"\xc3\xa9\r\n",
        b"a\0\r\n",
        b"x" * 999 + b"\r\n",
        b"",
    ],
)
def test_bytes_that_could_be_misread_are_not_sent(body: bytes) -> None:
    """Bare line ends (smuggling), 8-bit octets and overlong lines stay here."""
    with FaultyServer() as server, Session(relay(server)) as session:
        assert session.send(SENDER, READER, body).meaning is Meaning.MESSAGE
        assert session.usable
        assert not server.received


@IN_BOTH_WAYS
def test_size_is_declared_and_kept_to(hide: frozenset[str]) -> None:
    """A message above the advertised limit is not tried; SIZE goes with MAIL where it is offered."""
    with FaultyServer(Script(size=len(BODY), hide=hide)) as server, Session(relay(server)) as session:
        assert session.send(SENDER, READER, BODY + b"\r\n").meaning is Meaning.MESSAGE
        assert session.send(SENDER, READER, BODY).meaning is Meaning.SENT
        assert f"MAIL FROM:<{SENDER}> SIZE={len(BODY)}" in server.commands
    with FaultyServer(Script(size=None, hide=hide)) as server, Session(relay(server)) as session:
        assert session.send(SENDER, READER, BODY).meaning is Meaning.SENT
        assert f"MAIL FROM:<{SENDER}>" in server.commands


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("certificate", ["expired", "wrong-host", "untrusted"])
def test_bad_certificates_are_refused(security: Any, certificate: Any) -> None:
    """Neither mail nor password goes to a server that cannot prove who it is."""
    script = Script(security=security, certificate=certificate, users={"me": "secret"})
    with FaultyServer(script) as server:
        session = Session(relay(server, username="me", password="secret"))
        with pytest.raises(RelayRefused, match=r"certificate verify failed"):
            session.open()
        assert not session.usable
        assert not any(line.startswith("AUTH") for line in server.commands)


def test_a_certificate_of_an_unknown_authority_is_refused() -> None:
    """Without `ca_file`, the system's authorities decide."""
    with FaultyServer(Script(security="tls")) as server, pytest.raises(RelayRefused):
        Session(relay(server, ca_file=None)).open()


def test_encryption_is_not_optional() -> None:
    """A stripped STARTTLS offer ends the conversation before anything is said."""
    script = Script(security="starttls", hide=frozenset({"STARTTLS"}), users={"me": "secret"})
    with FaultyServer(script) as server:
        with pytest.raises(RelayRefused, match="STARTTLS"):
            Session(relay(server, username="me", password="secret")).open()
        assert server.commands == [EHLO]


def test_words_injected_before_encryption_are_dropped() -> None:
    """Plaintext sent along with the go-ahead is never taken for a reply."""
    fault = Fault(b"220 go ahead\r\n250-pwned\r\n250 AUTH PLAIN\r\n")
    script = Script(security="starttls", faults={"starttls": fault})
    with FaultyServer(script) as server, Session(relay(server)) as session:
        assert session.send(SENDER, READER, BODY).meaning is Meaning.SENT
        assert server.commands.count(EHLO) == 2


def test_login() -> None:
    """The right password opens the door."""
    guarded = FaultyServer(Script(security="starttls", users={"me": "s3cret"}))
    with guarded as server, Session(relay(server, username="me", password="s3cret")) as session:
        assert session.send(SENDER, READER, BODY).meaning is Meaning.SENT


@pytest.mark.parametrize("password", ["wrong", None, "pässword"])
def test_a_refused_login_stops_and_tells_no_secrets(password: str | None) -> None:
    """The error names relay and reply, never the password."""
    with FaultyServer(Script(security="tls", users={"me": "s3cret"})) as server:
        account = relay(server, username="me", password=password)
        with pytest.raises(RelayRefused) as caught:
            Session(account).open()
        assert f"{server.host}:{server.port}" in str(caught.value)
        assert (
            not password or password not in f"{caught.value} {account!r} {account} {caught.value.__cause__}"
        )


def test_a_relay_that_offers_no_login_is_refused() -> None:
    """A username that cannot be used is a mistake to mend, not to pass over."""
    with (
        FaultyServer(Script(users={"me": "x"}, hide=frozenset({"AUTH"}))) as server,
        pytest.raises(RelayRefused),
    ):
        Session(relay(server, username="me", password="x")).open()


def test_a_relay_that_wants_a_login_we_do_not_have_refuses_us() -> None:
    """530 at MAIL is about us, not about the reader."""
    with FaultyServer(Script(users={"me": "x"})) as server, Session(relay(server)) as session:
        assert session.send(SENDER, READER, BODY).meaning is Meaning.US


OPENINGS = [
    ("none", "connect", Fault("554 5.7.1 no service for you"), RelayRefused),
    ("none", "connect", Fault("421 4.3.2 busy", close=True), RelayUnreachable),
    ("none", "connect", Fault(drop="before"), RelayUnreachable),
    ("none", "connect", Fault(b"HTTP/1.1 400 Bad Request\r\n"), RelayUnreachable),
    ("none", "connect", Fault(silent=True), RelayUnreachable),
    ("none", "ehlo", Fault("550 5.7.1 bad name"), RelayRefused),
    ("none", "ehlo", Fault(drop="half"), RelayUnreachable),
    ("starttls", "starttls", Fault("454 4.7.0 not now"), RelayUnreachable),
    ("starttls", "starttls", Fault("501 5.5.4 no"), RelayRefused),
    ("starttls", "starttls", Fault(drop="before"), RelayUnreachable),
    ("none", "auth", Fault("454 4.7.0 Temporary authentication failure"), RelayUnreachable),
    ("none", "auth", Fault("535 5.7.8 no"), RelayRefused),
    ("none", "auth", Fault(drop="before"), RelayUnreachable),
]


@pytest.mark.parametrize(("security", "stage", "fault", "error"), OPENINGS)
def test_a_door_that_does_not_open(security: Any, stage: str, fault: Fault, error: type[Exception]) -> None:
    """Being refused and finding nobody in are told apart."""
    script = Script(security=security, users={"me": "x"}, faults={stage: fault})
    with FaultyServer(script) as server:
        timeouts = replace(QUICK, greeting=0.3) if fault.silent else QUICK
        session = Session(relay(server, username="me", password="x", timeouts=timeouts))
        with pytest.raises(error) as caught:
            session.open()
        assert type(caught.value) is error
        assert not session.usable


def test_plain_text_where_tls_is_expected_is_refused() -> None:
    """The wrong port for the chosen security is a setting to mend."""
    with FaultyServer() as server, pytest.raises(RelayRefused):
        Session(relay(server, security="tls")).open()


def test_nobody_listens() -> None:
    """A closed port and an unknown name are "not there now"."""
    for host in ("127.0.0.1", "no-such-host.invalid"):
        with silent_port() as port, pytest.raises(RelayUnreachable):
            Session(Relay(host=host, port=port, security="none", timeouts=QUICK)).open()


def test_a_missing_ca_file_is_a_setting_to_mend(tmp_path: Path) -> None:
    """The error names the file."""
    with FaultyServer(Script(security="tls")) as server, pytest.raises(ConfigError, match=r"missing\.pem"):
        Session(relay(server, ca_file=tmp_path / "missing.pem")).open()


@IN_BOTH_WAYS
def test_a_connection_cut_between_messages_is_noticed(hide: frozenset[str]) -> None:
    """An idle connection that died leaves the next message unsent, not in doubt."""
    with FaultyServer(Script(hide=hide)) as server, Session(relay(server)) as session:
        server.disconnect()
        assert session.send(SENDER, READER, BODY).meaning is Meaning.CONNECTION
        session.close()
        session.close()


def test_the_log_is_written_before_the_dot_is_answered(tmp_path: Path) -> None:
    """A client that never saw the 250 still finds its mail in the server's log."""
    log = tmp_path / "accepted"
    script = Script(log=log, faults={"dot": Fault(drop="after")})
    with FaultyServer(script) as server, Session(relay(server)) as session:
        assert session.send(SENDER, READER, BODY).meaning is Meaning.UNKNOWN
        assert log.read_text() == f"{READER}\n"
