"""The faults of docs/faults.md that Postfix's smtp-sink acts out, by row: its options and our case."""

from __future__ import annotations

from dataclasses import dataclass, replace

from digest.delivery.replies import Stage
from tests.faults.trials import QUICK, Case

SINK = "Postfix's smtp-sink"  # the heading they stand under
MAILBOX_FULL = "452 4.2.2 Mailbox full"
NO_USER = "550 5.1.1 User unknown"
BAD_CONTENT = "554 5.6.0 Corrupt message content"


@dataclass(frozen=True)
class Sink:
    """smtp-sink started with `options`, and the run that meets it."""

    options: tuple[str, ...]
    case: Case


def sinks(stage: Stage, *options: str) -> list[Sink]:
    """One for each way to call it; the words of one may hold spaces, as `-b 452_4.2.2_full`."""
    return [
        Sink(tuple(word.replace("_", " ") for word in words.split()), Case(stage=stage)) for words in options
    ]


def at_each(*options: str) -> list[Sink]:
    """The same at MAIL, RCPT and DATA."""
    stages = (Stage.MAIL, Stage.RCPT, Stage.DATA)
    return [sink for stage in stages for sink in sinks(stage, *(f"{one} {stage.name}" for one in options))]


def with_reply(option: str, reply: str) -> str:
    """The option that sets a reply, in one word."""
    return f"{option} {reply.replace(' ', '_')}"


# Without PIPELINING, since it answers what follows a dot before the dot that it delays.
SLOW = Sink(("-p", "-W", ".:60"), Case(stage=Stage.DOT, timeouts=replace(QUICK, final=0.4)))
SINKS = {
    "nothing at all; `-p`, `-8`, `-E`, `-a`: fewer extensions": sinks(Stage.DOT, "", "-p -8 -E -a"),
    "`-r CONNECT`, `-r EHLO`: `450`": sinks(Stage.CONNECT, "-r CONNECT", "-r EHLO"),
    "`-f CONNECT`, `-f EHLO`: `500`; `-e`, `-P`: no ESMTP": sinks(
        Stage.CONNECT, "-f CONNECT", "-f EHLO", "-e", "-P"
    ),
    "`-q CONNECT`, `-q EHLO`: a hang-up; `-Q`: with `421`": sinks(
        Stage.CONNECT, "-q CONNECT", "-q EHLO", "-Q CONNECT", "-Q EHLO"
    ),
    "`-r MAIL`, `-r RCPT`, `-r DATA`, `-r .`: `450`": [*at_each("-r"), *sinks(Stage.DOT, "-r .")],
    '`-r RCPT -b "452 4.2.2 …"`: every mailbox is full': sinks(
        Stage.RCPT, f"-r RCPT {with_reply('-b', MAILBOX_FULL)}"
    ),
    "`-f MAIL`, `-f RCPT`, `-f DATA`, `-f .`: `500 5.3.0`": [*at_each("-f"), *sinks(Stage.DOT, "-f .")],
    '`-f RCPT -B "550 5.1.1 …"`: nobody lives there': sinks(
        Stage.RCPT, f"-f RCPT {with_reply('-B', NO_USER)}"
    ),
    '`-f . -B "554 5.6.0 …"`: the content': sinks(Stage.DOT, f"-f . {with_reply('-B', BAD_CONTENT)}"),
    "`-q MAIL`, `-q RCPT`, `-q DATA`: a hang-up; `-Q`: with `421`": at_each("-q", "-Q"),
    "`-A 1`: `550` a second after DATA, and it reads no more": sinks(Stage.DOT, "-A 1"),
    "`-q .`: a hang-up after the dot": sinks(Stage.DOT, "-q ."),
    "`-Q .`: `421` after the dot": sinks(Stage.DOT, "-Q ."),
    "`-p -W .:60`: the reply to the dot comes after the time limit": [SLOW],
    "`-r RCPT -q RSET`: `450`, and a hang-up at RSET": sinks(Stage.RCPT, "-r RCPT -q RSET"),
    "`-q QUIT`, `-Q QUIT`, `-f QUIT`": sinks(Stage.DOT, "-q QUIT", "-Q QUIT", "-f QUIT"),
}
