"""The faults of docs/faults.md that keep a connection from being opened, by heading and row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from digest.delivery.replies import Stage
from tests.faults.smtp_server import Certificate, Fault, Script
from tests.faults.trials import ACCOUNT, QUICK, Case

# So short because nothing is ever said in time where it counts.
HASTY_GREETING = replace(QUICK, greeting=0.3)
HASTY = replace(QUICK, command=0.3)
SILENCE = Fault(silent=True)
NO_REPLIES = [
    Fault(b"HTTP/1.1 400 Bad Request\r\n"),
    Fault(b"220-more\r\n" * 500),
    Fault(drop="before"),
    Fault(drop="half"),
]
NOT_NOW = [Fault("421 4.3.2 closing", close=True), Fault("450 4.3.2 try later")]


def at(stage: str, *faults: Fault, **more: Any) -> list[Case]:
    """A case for each of the faults, met by every connection at this stage of its opening."""
    security: Literal["none", "starttls"] = "starttls" if stage in ("starttls", "handshake") else "none"
    users = ACCOUNT if stage == "auth" else None
    return [
        Case(Script(security=security, users=users, faults={stage: fault}), Stage.CONNECT, **more)
        for fault in faults
    ]


def certified(certificate: Certificate) -> list[Case]:
    """A relay with such a certificate, on either way to TLS; it would take our password."""
    return [
        Case(Script(security="starttls", certificate=certificate, users=ACCOUNT)),
        Case(Script(security="tls", certificate=certificate, users=ACCOUNT)),
    ]


def hiding(*extensions: str, **values: Any) -> Script:
    """A script that does not offer these."""
    return Script(hide=frozenset(extensions), **values)


CONNECTING = {
    "`554`, `521`: no service for you": at(
        "connect", Fault("554 5.7.1 no SMTP service here"), Fault("521 5.3.2 no"), Fault("550 5.1.1 no user")
    ),
    "`421`, `450`: not now": at("connect", *NOT_NOW, Fault("421 4.7.28 unusual rate of mail")),
    "no whole SMTP reply: another protocol, garbage, half a line, one without end, a hang-up": at(
        "connect", *NO_REPLIES
    ),
    "a reply out of place: `250`, `354`": at("connect", Fault("250 ok"), Fault("354 go ahead")),
    "silence for longer than the time limit": at("connect", SILENCE, timeouts=HASTY_GREETING),
    "the greeting comes, and nothing after it": at("ehlo", SILENCE, timeouts=HASTY),
    "it takes two mails, says `421`, and then lets nobody in": [
        Case(
            Script(faults={"connect": Fault("421 4.3.2 busy", skip=1)}, messages_per_connection=2), Stage.MAIL
        ),
        Case(Script(faults={"connect": Fault(drop="before", skip=1)}, messages_per_connection=2), Stage.MAIL),
    ],
    "`550`, `502` to EHLO": at("ehlo", Fault("550 5.7.1 bad name"), Fault("502 5.5.1 what?")),
    "`421`, `451` to EHLO": at("ehlo", *NOT_NOW, Fault("451 4.3.0 later")),
    "no whole reply to EHLO, or one out of place": at(
        "ehlo", *NO_REPLIES, Fault("220 hello"), Fault("354 go ahead")
    ),
}

INJECTED = Fault(b"220 go ahead\r\n250-pwned\r\n250 AUTH PLAIN\r\n")
PLAINTEXT = Fault(b"220 hello, what is this?\r\n")
ENCRYPTING = {
    "STARTTLS is not offered": [Case(hiding("STARTTLS", security="starttls", users=ACCOUNT))],
    "`501`, `502`: no": at("starttls", Fault("501 5.5.4 no"), Fault("502 5.5.1 no"), Fault("554 5.7.3 no")),
    "`454`, `421`: not now": at("starttls", Fault("454 4.7.0 not now"), *NOT_NOW),
    "no whole reply, or one out of place": at(
        "starttls", *NO_REPLIES, Fault("250 ok"), Fault("354 go ahead")
    ),
    "silence for longer than the time limit, in reply or in the handshake": [
        *at("starttls", SILENCE, timeouts=HASTY),
        *at("handshake", SILENCE, timeouts=HASTY),
    ],
    "a certificate that has expired": certified("expired"),
    "a certificate for another name": certified("wrong-host"),
    "a certificate that no authority we trust has signed": certified("untrusted"),
    "plain text where TLS is expected": [
        Case(Script(), security="tls"),
        *at("handshake", PLAINTEXT),
        Case(Script(security="tls", faults={"handshake": PLAINTEXT})),
    ],
    "a hang-up in the handshake": [
        *at("handshake", Fault(drop="before")),
        Case(Script(security="tls", faults={"handshake": Fault(drop="before")})),
    ],
    "replies slipped in before the encryption": at("starttls", INJECTED),
}

LOGGING_IN = {
    "`535`: the password is wrong": [
        Case(Script(users={"digest": "another"})),
        Case(Script(users={"digest": "another"}, security="tls")),
        Case(Script(users={"digest": "another"}, security="starttls")),
    ],
    "another `5xx`: `534`, `530`, `504`": at(
        "auth", Fault("534 5.7.9 mechanism too weak"), Fault("530 5.7.0 no"), Fault("504 5.5.4 no")
    ),
    "`454`, `421`: not now": at("auth", Fault("454 4.7.0 Temporary authentication failure"), *NOT_NOW),
    "no whole reply, or one out of place": at("auth", *NO_REPLIES, Fault("250 ok"), Fault("220 hello")),
    "silence for longer than the time limit": at("auth", SILENCE, timeouts=HASTY),
    "no login is offered, and a username is set": [Case(hiding("AUTH", users=ACCOUNT))],
    "only ways to log in that we do not know": [
        Case(Script(users=ACCOUNT, faults={"ehlo": Fault("250 mail.example\nAUTH GSSAPI NTLM")}))
    ],
    "a login is wanted, and no username is set": [
        Case(Script(users=ACCOUNT), Stage.MAIL, login=False),
    ],
}

OPENING = {"Connecting": CONNECTING, "Encrypting": ENCRYPTING, "Logging in": LOGGING_IN}
