"""What every reply of a mail server means: sent, later, never for this reader, or our own fault."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from enum import Enum

from digest.delivery import reply_words as words

TEXT_LIMIT = 1000  # characters of a reply that are kept


class Stage(Enum):
    """How far a conversation with the relay has come."""

    CONNECT = "connect"
    TLS = "tls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    """The message is being written; its final dot is not."""
    DOT = "dot"
    """The final dot may be out; only the reply to it says what became of the message."""


class Meaning(Enum):
    """What a reply says, and about whom."""

    SENT = "sent"
    LATER = "later"
    """Not now, for this reader: try again on the retry ladder."""
    READER = "reader"
    """Never, for this reader."""
    MESSAGE = "message"
    """This message is not wanted as it is (size, content): no reader is to blame."""
    US = "us"
    """We are refused (login, policy, reputation, sender): pause or stop, blame no reader."""
    CONNECTION = "connection"
    """The connection is gone or out of step before the message was taken: unsent, reconnect."""
    UNKNOWN = "unknown"
    """The dot went out and no answer came: it may or may not have been delivered."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One SMTP reply: its three-digit code and its text without the codes, lines joined by a line feed."""

    code: int
    text: str

    @property
    def enhanced(self) -> str | None:
        """The status code the text starts with (`5.1.1`, RFC 3463) or names as `(#5.1.1)`, or None."""
        status = r"([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)"
        match = re.match(rf"[\s#(\[<]*{status}", self.text) or re.search(rf"\(#{status}\)", self.text)
        return match[1] if match else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one try.

    `code` and `enhanced` are None where no reply came; `text` is the reply or error, for the ledger.
    `gone` says that the address does not exist, so that mailing it again would only hurt.
    """

    meaning: Meaning
    code: int | None
    enhanced: str | None
    text: str
    gone: bool = False

    @property
    def temporary(self) -> bool:
        """Whether the same may work later; a temporary US asks for a pause, a lasting one for a person."""
        return self.code is None or self.code < 500


def judge(stage: Stage, answer: Reply | BaseException) -> Outcome:
    """What `answer`, received or raised at `stage`, means. Pure; never raises."""
    if isinstance(answer, BaseException):
        return Outcome(
            _meaning_of_error(stage, answer), None, None, _kept(str(answer) or type(answer).__name__)
        )
    reply = Reply(answer.code, _kept(answer.text))
    meaning = _meaning(stage, reply)
    return Outcome(
        meaning, reply.code, reply.enhanced, reply.text, meaning is Meaning.READER and _is_gone(reply)
    )


def _kept(text: str) -> str:
    """A reply's text without what could upset a terminal or a log, and not without end."""
    return re.sub(
        r"[^\n\x20-\x7e\xa0-\U0010ffff]|[\u2028\u2029\ud800-\udfff]", " ", text[:TEXT_LIMIT]
    ).strip()


def _meaning_of_error(stage: Stage, error: BaseException) -> Meaning:
    if stage is Stage.DOT:
        return Meaning.UNKNOWN
    hung_up = isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)
    handshake = stage in OPENING and isinstance(error, ssl.SSLError) and not hung_up
    return Meaning.US if handshake else Meaning.CONNECTION


def _meaning(stage: Stage, reply: Reply) -> Meaning:
    if not 400 <= reply.code < 600:
        return _meaning_of_success(stage, reply.code)
    if stage in OPENING:
        return Meaning.US if reply.code >= 500 else Meaning.CONNECTION
    line = _line(reply)
    known = (rule.meaning for rule in RULES if stage in rule.stages and rule.pattern.match(line))
    return next(known, Meaning.LATER if reply.code < 500 else REFUSED[stage])


def _line(reply: Reply) -> str:
    """`code enhanced text` in one line; addresses go, lest a reader called spam@ change the meaning."""
    said = re.sub(r"\S+@\S+", "@", reply.text).replace("\n", " ")
    return f"{reply.code} {reply.enhanced or '-'} {said}"


def _meaning_of_success(stage: Stage, code: int) -> Meaning:
    """A 2xx to the dot is the only "sent"; any other code that is no refusal is out of step."""
    if stage is Stage.DOT:
        return Meaning.SENT if 200 <= code < 300 else Meaning.UNKNOWN
    return Meaning.CONNECTION


def _is_gone(reply: Reply) -> bool:
    """Whether the reply says that there is no such mailbox, in a code or, lacking a clear one, in words."""
    if reply.enhanced in GONE_CODES:
        return True
    said = re.search(words.any_of(words.NO_SUCH_USER, words.INACTIVE), _line(reply), re.IGNORECASE)
    return said is not None and reply.enhanced in VAGUE_CODES


OPENING = frozenset({Stage.CONNECT, Stage.TLS, Stage.AUTH})
WITH_READER = frozenset({Stage.RCPT, Stage.DATA, Stage.BODY, Stage.DOT})
EVERYWHERE = WITH_READER | {Stage.MAIL}

# What a 5xx means that no rule below knows.
REFUSED = {
    Stage.MAIL: Meaning.US,
    Stage.RCPT: Meaning.READER,
    Stage.DATA: Meaning.US,
    Stage.BODY: Meaning.MESSAGE,
    Stage.DOT: Meaning.MESSAGE,
}

GONE_CODES = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.7.17", "5.7.18"})
VAGUE_CODES = frozenset({None, "5.0.0", "5.1.0", "5.2.1", "5.5.0", "5.7.1"})


@dataclass(frozen=True, slots=True)
class Rule:
    """At `stages`, a reply whose line (see `_line`) matches `pattern` has this meaning."""

    meaning: Meaning
    stages: frozenset[Stage]
    pattern: re.Pattern[str]


def _rule(meaning: Meaning, codes: str, said: str = "", stages: frozenset[Stage] = EVERYWHERE) -> Rule:
    return Rule(meaning, stages, re.compile(rf"(?:{codes}) .*?{said}", re.IGNORECASE))


# The first match counts, so what a code says in particular stands above what it says in general.
# Codes are "basic enhanced", with "-" where there is no enhanced one.
RULES = (
    # the connection: 421 closes it; its text says whether that is housekeeping or a rebuke
    _rule(Meaning.CONNECTION, r"421 4\.7\.\d+", words.PER_CONNECTION),
    _rule(Meaning.US, r"421 4\.7\.\d+"),
    _rule(Meaning.US, r"421 \S+", words.any_of(words.THROTTLED, words.REPUTATION)),
    _rule(Meaning.CONNECTION, r"421 \S+"),
    # what we sent too much of, whose reply may have the code of a full or missing mailbox
    _rule(Meaning.US, r"[45]\d\d \S+", words.OURS),
    # codes that speak of an address
    _rule(Meaning.READER, r"5\d\d 5\.(1\.(1|2|3|6|10)|7\.(13|17|18|12\d|13\d))", "", WITH_READER),
    _rule(Meaning.US, r"[45]\d\d [45]\.1\.[78]"),
    # login and transport
    _rule(Meaning.US, r"53[0458] \S+"),
    _rule(Meaning.US, r"[45]\d\d \S+", words.AUTHENTICATE),
    # the message
    _rule(Meaning.MESSAGE, r"5\d\d 5\.(3\.4|2\.3|6\.\d+)"),
    _rule(Meaning.MESSAGE, r"55[24] (-|5\.7\.\d+|5\.0\.0|5\.2\.0)", words.TOO_LARGE),
    _rule(Meaning.MESSAGE, r"552 5\.7\.0"),
    _rule(Meaning.MESSAGE, r"554 -", r"transaction failed: (?:duplicate|missing|expected|invalid)"),
    _rule(Meaning.MESSAGE, r"(523|552) \S+", "", frozenset({Stage.MAIL})),
    # too much at once: for one mailbox, for one transaction, or from us
    _rule(Meaning.LATER, r"4\d\d 4\.2\.\d+"),
    _rule(Meaning.LATER, r"4\d\d \S+", words.GREYLISTED),
    _rule(Meaning.LATER, r"5\d\d 5\.2\.1", words.RATE_OF_READER),
    _rule(Meaning.LATER, r"5\d\d 5\.(2\.2|3\.1)"),
    _rule(Meaning.LATER, r"5\d\d 5\.5\.3", "", WITH_READER),
    _rule(Meaning.LATER, r"55[0-4] (-|5\.0\.0|5\.1\.0|5\.2\.0)", words.FULL, WITH_READER),
    _rule(Meaning.US, r"4\d\d 4\.7\.(2[3-9]|3\d|40)"),
    _rule(Meaning.US, r"[45]\d\d \S+", words.THROTTLED),
    _rule(Meaning.US, r"5\d\d 5\.4\.5"),
    # words that speak of us
    _rule(Meaning.US, r"[45]\d\d \S+", words.RELAYING),
    _rule(Meaning.US, r"[45]\d\d \S+", words.SENDER),
    _rule(Meaning.MESSAGE, r"5\d\d 5\.7\.\d+", words.HARMFUL),
    _rule(Meaning.US, r"(5\d\d \S+|45\d 4\.7\.\d+)", words.REPUTATION),
    _rule(Meaning.US, r"45\d 4\.7\.\d+", r"(client host|helo command) rejected"),
    # words that speak of the reader, where the code is vague or says no more than "policy"
    _rule(
        Meaning.READER,
        r"5\d\d (-|5\.0\.0|5\.5\.0|5\.7\.1)",
        words.any_of(words.NO_SUCH_USER, words.INACTIVE),
        WITH_READER,
    ),
    _rule(
        Meaning.READER,
        r"5\d\d (-|5\.5\.0)",
        words.any_of("mailbox unavailable", "account is blocked"),
        WITH_READER,
    ),
    _rule(Meaning.READER, r"5\d\d 5\.7\.\d+", r"(recipient address rejected|resolver\.rst)", WITH_READER),
    _rule(Meaning.READER, r"5\d\d 5\.[124]\.\d+", "", WITH_READER),
    # the rest of the policy and protocol codes
    _rule(Meaning.MESSAGE, r"5\d\d 5\.7\.\d+", words.CONTENT, frozenset({Stage.BODY, Stage.DOT})),
    _rule(Meaning.US, r"5\d\d 5\.7\.\d+"),
    _rule(Meaning.READER, r"(501|553) \S+", "", frozenset({Stage.RCPT})),
    _rule(Meaning.US, r"(50\d \S+|5\d\d 5\.5\.\d+)"),
    _rule(Meaning.LATER, r"552 \S+", "", frozenset({Stage.RCPT})),
    _rule(Meaning.US, r"55[04] -", r"(access denied|no smtp service)"),
)
