"""The faults of docs/faults.md that meet a mail on its way, by heading and row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

from digest.delivery.replies import Stage
from digest.delivery.smtp import Timeouts
from tests.faults.opening_faults import hiding
from tests.faults.smtp_server import Fault, Script
from tests.faults.trials import ANN, QUICK, Case

# Longer than a busy machine may stand still, since the other readers' mails have no more time than that.
HASTE = 3.0
HASTY_BLOCK = 0.03  # a message of nine megabytes has 143 of them
SILENCE = Fault(silent=True, times=1)
GARBAGE = [Fault(b"what is this\r\n"), Fault(b"\xff\xfe\x00\r\n")]
ENDLESS = [Fault(b"250-" + b"x" * 9000), Fault(b"250-more\r\n" * 500)]
HANG_UPS = [Fault(drop="before"), Fault(drop="half")]
NO_REPLIES = [GARBAGE[0], ENDLESS[0], *HANG_UPS]
CLOSING = [Fault("421 4.3.2 closing", close=True), Fault("421 4.4.2 timeout exceeded", close=True)]
REBUKES = [
    Fault("421 4.7.28 unusual rate of mail", close=True),
    Fault("421 4.7.0 [TSS04] Messages temporarily deferred due to unexpected volume or user complaints"),
]
NOT_US = [
    Fault("554 5.7.1 <ann@example.org>: Relay access denied"),
    Fault("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"),
    Fault("550 5.7.26 Your email has been blocked because the sender is unauthenticated."),
]
GONE = [
    Fault("550 5.1.1 The email account that you tried to reach\n5.1.1 does not exist"),
    Fault("550 5.1.1 <ann@example.org>: Recipient address rejected: User unknown"),
    Fault("550 No Such User Here"),
    Fault("550 5.2.1 The email account that you tried to reach is disabled."),
]
UNWELCOME = [
    Fault("550 mailbox unavailable"),
    Fault("554 5.7.1 <ann@example.org>: Recipient address rejected: Access denied"),
    Fault("550 5.7.133 authentication required for this group"),
]
FULL = [
    Fault("452 4.2.2 The recipient's inbox is out of storage space."),
    Fault("552 5.2.2 The email account that you tried to reach is over quota."),
]
GREY = [
    Fault("450 4.2.0 <ann@example.org>: Recipient address rejected: Greylisted"),
    Fault("451 4.7.1 Greylisting in action, please come back in 00:05:00"),
]
LATER = [Fault("450 4.3.0 later"), Fault("451 Temporary local problem"), Fault("452 4.3.1 no space")]
TOO_BIG = [
    Fault("552 5.3.4 Message size exceeds fixed limit"),
    Fault("552 message exceeds maximum size"),
]
CONTENT = [Fault("554 5.6.0 Corrupt message content"), Fault("552 5.7.0 a potential security issue")]


def hasty(*names: str) -> Timeouts:
    """Timeouts of which these are short."""
    return replace(QUICK, **dict.fromkeys(names, HASTE))


def once(*faults: Fault) -> list[Fault]:
    """The same, acting one time."""
    return [replace(fault, times=1) for fault in faults]


def at(stage: str, *faults: Fault, **more: Any) -> list[Case]:
    """A case for each of the faults, met by whichever mail comes to this stage."""
    return [Case(Script(faults={stage: fault}), _stage(stage), **more) for fault in faults]


def for_ann(stage: Literal["rcpt", "dot"], *faults: Fault, **more: Any) -> list[Case]:
    """A case for each of the faults, met by one reader every time."""
    if stage == "rcpt":
        return [Case(Script(recipients={ANN: fault}), Stage.RCPT, **more) for fault in faults]
    return [Case(Script(recipients_at_dot={ANN: fault}), Stage.DOT, **more) for fault in faults]


def _stage(name: str) -> Stage:
    return Stage.DOT if name == "quit" else Stage(name)


SENDER = [
    Fault("550 5.7.1 not you"),
    Fault("553 5.1.8 <digest@example.org>: Sender address rejected: Domain not found"),
    Fault("530 5.7.0 Authentication required"),
    Fault("503 5.5.1 what?"),
]
MAIL = {
    "`450`, `451`, `452`: not now, once": at("mail", *once(*LATER)),
    "the same every time": at("mail", *LATER),
    "`550`, `553`, `530`: our sender, our login, once": at("mail", *once(*SENDER)),
    "`550`, `553`, `530` every time": at("mail", *SENDER),
    "`552`: the message is too big, every time": at("mail", *TOO_BIG),
    "`421`: it closes, once": at("mail", *once(*CLOSING)),
    "`421`: it closes every time": at("mail", *CLOSING),
    "`421` with a rebuke (rate, reputation), once": at("mail", *once(*REBUKES)),
    "`421` with a rebuke every time": at("mail", *REBUKES),
    "no whole reply, or one out of place (`354`), once": at("mail", *once(*NO_REPLIES, Fault("354 eh?"))),
    "a hang-up every time": at("mail", Fault(drop="before")),
    "silence for longer than the time limit, once": at("mail", SILENCE, timeouts=hasty("command")),
}

UNASKED = Fault(b"250 ok\r\n354 go ahead\r\n250 2.0.0 queued\r\n", times=1)
RCPT = {
    "`550 5.1.1` and its kin: no such mailbox": for_ann("rcpt", *GONE),
    "`550`, `554`: this mailbox does not take our mail": for_ann("rcpt", *UNWELCOME),
    "`452 4.2.2`, `552 5.2.2`: mailbox full": for_ann("rcpt", *FULL),
    "`450`, `451`: greylisted, taken at the second try": for_ann("rcpt", *once(*GREY)),
    "another `4xx`": for_ann("rcpt", *LATER, Fault("451 4.7.500 Server busy.")),
    "`552 5.3.4`: the message is too big": for_ann("rcpt", TOO_BIG[0]),
    "`550`, `554`: policy, reputation, relaying denied": for_ann("rcpt", *NOT_US),
    "the same for everybody": at("rcpt", *NOT_US),
    "`421`: it closes, once": for_ann("rcpt", *once(*CLOSING)),
    "`421`: it closes every time": for_ann("rcpt", *CLOSING),
    "`421` with a rebuke": for_ann("rcpt", *REBUKES),
    "no whole reply, or one out of place (`354`), once": for_ann(
        "rcpt", *once(*NO_REPLIES, Fault("354 eh?"))
    ),
    "no whole reply, every time": for_ann("rcpt", GARBAGE[0], *HANG_UPS),
    "replies that nothing was asked for, glued to its own": for_ann("rcpt", UNASKED),
    "silence for longer than the time limit, once": for_ann("rcpt", SILENCE, timeouts=hasty("command")),
}

AHEAD = Fault(b"354 go ahead\r\n250 2.0.0 queued before it came\r\n", times=1)
NO_RECIPIENT = Fault("554 5.5.1 no valid recipients")
DATA = {
    "`450`, `451`: not now, once": at("data", *once(*LATER)),
    "`550 5.1.1`: no such mailbox, once": at("data", *once(*GONE[:2])),
    "`552 5.3.4`: the message is too big, once": at("data", *once(TOO_BIG[0])),
    "`554`, `503`: policy or protocol, once": at(
        "data", *once(NO_RECIPIENT, *NOT_US, Fault("503 5.5.1 need RCPT"))
    ),
    "the same every time": at("data", NO_RECIPIENT, *NOT_US),
    "`421`: it closes, once": at("data", *once(*CLOSING)),
    "`421` with a rebuke, once": at("data", *once(*REBUKES)),
    "no whole reply, or one out of place (`250`), once": at("data", *once(*NO_REPLIES, Fault("250 what?"))),
    "“queued” before the message went out, once": at("data", AHEAD),
    "silence for longer than the time limit, once": at("data", SILENCE, timeouts=hasty("data")),
}

BODY = {
    "a hang-up in the middle of a long message, once": at("body", *once(Fault(drop="before")), long=True),
    "it stops reading in the middle of a long message, once": at(
        "body", SILENCE, timeouts=replace(QUICK, block=HASTY_BLOCK), long=True
    ),
    "a hang-up after a message so short that it was out already, once": [
        replace(case, stage=Stage.DOT) for case in at("body", *once(Fault(drop="before")))
    ],
    "`554 5.7.1` and a hang-up before the end of a short message, once": [
        replace(case, stage=Stage.DOT) for case in at("body", *once(Fault("554 5.7.1 spam", close=True)))
    ],
}

DOT = {
    "`450`, `451`, `452`: not now": for_ann("dot", *LATER),
    "`452 4.2.2`, `552 5.2.2`: mailbox full": for_ann("dot", *FULL, Fault("552 Mailbox full")),
    "`550 5.1.1`: no such mailbox": for_ann("dot", *GONE),
    "`554 5.6.0`, `552 5.3.4`: content, size": for_ann("dot", *CONTENT, *TOO_BIG),
    "`550`, `554`: policy, reputation, authentication": for_ann("dot", *NOT_US),
    "the same for everybody": at("dot", *NOT_US),
    "`454`: throttled": for_ann("dot", Fault("454 Throttling failure: Maximum sending rate exceeded.")),
    "`421`: it closes, once": for_ann("dot", *once(*CLOSING)),
    "`421`: it closes every time": for_ann("dot", *CLOSING),
    "`421` with a rebuke": for_ann("dot", *REBUKES),
    "no whole reply, and it had not taken the mail": for_ann("dot", *once(*GARBAGE, HANG_UPS[0])),
    "no whole reply, and it had taken the mail": for_ann(
        "dot", *once(Fault(drop="after"), *ENDLESS, HANG_UPS[1], Fault(b"250", close=True))
    ),
    "a reply out of place (`354`), and it had taken the mail": for_ann("dot", *once(Fault("354 eh?"))),
    "silence for longer than the time limit, and it had taken the mail": for_ann(
        "dot", SILENCE, timeouts=hasty("final")
    ),
}

REFUSED = {ANN: GONE[0]}
FAREWELLS = [CLOSING[0], Fault("502 5.5.1 no"), Fault("354 eh?"), *NO_REPLIES]
AFTERWARDS = {
    "anything but `250` to RSET, after a reader was refused": [
        Case(Script(recipients=REFUSED, faults={"rset": fault})) for fault in FAREWELLS
    ],
    "silence to RSET, after a reader was refused": [
        Case(Script(recipients=REFUSED, faults={"rset": SILENCE}), timeouts=hasty("command"))
    ],
    "anything but `221` to QUIT": at("quit", *FAREWELLS),
}

AS_A_WHOLE = {
    "`421` after every second message": [Case(Script(messages_per_connection=2))],
    "a hang-up between two messages": at("dot", Fault("250 2.0.0 queued", close=True)),
    "replies in TCP segments of one octet": [Case(Script(pieces=1)), Case(Script(pieces=1, security="tls"))],
    "several replies in one TCP segment": [Case(Script(glue=True)), Case(Script(glue=True, pieces=7))],
    "no PIPELINING": [Case(hiding("PIPELINING"))],
    "no SIZE": [Case(hiding("SIZE")), Case(Script(size=None))],
    "no ENHANCEDSTATUSCODES": [Case(hiding("ENHANCEDSTATUSCODES"))],
    "a SIZE smaller than the message": [Case(Script(size=500))],
}

DAYS = [timedelta(hours=8)] * 7
DOUBTFUL = Script(recipients_at_dot={ANN: Fault(drop="after", times=3)})
HELD = Script(recipients_at_dot={ANN: Fault(drop="after", times=1)})
OVER_DAYS = {
    "`450` greylisted, for longer than `give_up_after`": for_ann("rcpt", GREY[0], waits=DAYS),
    "mailbox full, for longer than `give_up_after`": for_ann("dot", FULL[0], waits=DAYS),
    "a hang-up at this reader, for longer than `give_up_after`": for_ann("rcpt", HANG_UPS[0], waits=DAYS),
    "four hang-ups in a row at this reader, and all well ten minutes later": for_ann(
        "rcpt", Fault(drop="before", times=4), waits=[timedelta(minutes=10)]
    ),
    "the mail taken and the reply lost, three times": [
        Case(DOUBTFUL, Stage.DOT, waits=[timedelta(minutes=1)] * 2)
    ],
    'the mail taken and the reply lost, with `after_crash = "hold"`': [
        Case(HELD, Stage.DOT, delivery={"after_crash": "hold"})
    ],
}

MAILING = {
    "MAIL": MAIL,
    "RCPT": RCPT,
    "DATA": DATA,
    "The message": BODY,
    "The final dot": DOT,
    "RSET and QUIT": AFTERWARDS,
    "The connection as a whole": AS_A_WHOLE,
    "Over days": OVER_DAYS,
}
