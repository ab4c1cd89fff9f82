"""What mail servers say, word by word: patterns, searched for in one line without regard to case."""

from __future__ import annotations


def any_of(*patterns: str) -> str:
    """A pattern that matches wherever one of these does."""
    return f"(?:{'|'.join(patterns)})"


WHO = any_of("user", "recipient", "mailbox", "account", "address", "alias")
NO_SUCH_USER = any_of(
    rf"no such (?:person|{WHO})",
    rf"{WHO}[^.;]{{0,80}}?\b(?:unknown|not found|not exist|doesn'?t exist)",
    rf"(?:unknown|invalid|unrout(?:e)?able|non-?existent) (?:local part|{WHO})",
    rf"not a (?:known|valid) {WHO}",
    r"(?:doesn't|does not) have an? \S+ account",
    "not our customer",
    "no mailbox here",
)
INACTIVE = rf"{WHO}[^.;]{{0,80}}?\b" + any_of(
    "inactive",
    "disabled",
    "deactivated",
    "discontinued",
    "suspended",
    "dormant",
    "no longer (?:active|available|in use|valid)",
)
FULL = any_of(
    r"mailbox (?:is )?full",
    r"over ?quota",
    r"quota ?(?:is ?)?exceeded",
    r"exceeded [^.]{0,40}(?:quota|storage)",
    r"out of storage",
    r"insufficient (?:system )?storage",
    r"not enough (?:disk )?space",
)
TOO_LARGE = any_of(
    r"too (?:large|big)",
    r"exceeds? [^.]{0,60}size",
    r"size (?:limit )?exceed",
    r"(?:maximum|message) (?:message )?size",
)
SENDER = any_of(
    r"sender (?:address )?(?:rejected|denied|refused|verify|is not|not)",
    r"domain of sender",
    r"return.?path",
)
RELAYING = any_of(
    r"relay(?:ing)? (?:access )?(?:is )?(?:denied|not|prohibited)",
    r"(?:not|unable|cannot|permitted|configured) to relay",
    r"no relaying",
    r"rcpthosts",
)
REPUTATION = any_of(
    "spamhaus",
    "spamcop",
    "barracuda",
    "dnsbl",
    r"\brbl\b",
    "(?:block|black) ?list",
    "reputation",
    "unsolicited",
    r"\bspam\b",
    r"\b(?:ip|client|host|server|connection)s?\b[^.;]{0,40}(?:blocked|banned|rejected|refused)",
    r"\b(?:spf|dkim|dmarc)\b",
    "openspf",
    "unauthenticated",
    "ptr record",
    "reverse (?:dns|hostname)",
    "policy (?:reasons|violation)",
    "denied by policy",
    "mismatches client ip",
    r"(?<![?&])\bip=\d",
    "network not allowed",
    "administrative prohibition",
    "not verified",
    "not authori[sz]ed to perform",
)
THROTTLED = any_of(
    "throttl",
    "sending (?:rate|limit|quota)",
    "(?:daily|hourly) (?:user )?(?:sending |message )?(?:quota|limit)",
    "rate.?limited",
    "unusual (?:rate|amount)",
    "unexpected volume",
    "exceeded the rate limit",
    r"too (?:much mail|many recipients) from",
    "same message-id",
)
OURS = any_of(
    r"your (?:\w+ )?account",
    "sending paused",
    "submission quota",
    "relay limit exceeded",
    "has sent to too many recipients",
    "frequency limited",
)
HARMFUL = any_of("virus", "malware", "attachment", "5322", "2822")
CONTENT = any_of("security issue", "header", "malformed", "non-compliant", "bare (?:cr|lf)", "content")
RATE_OF_READER = any_of("too (?:fast|quickly|many|much)", "at a rate")
PER_CONNECTION = any_of(
    r"too many (?:\w+ )?(?:messages|errors|connections|commands|recipients)",
    "per (?:session|connection)",
    "idle",
    "connection expired",
)
AUTHENTICATE = any_of(
    r"auth(?:entication|orization)? (?:is )?required",
    "turn on smtp auth",
    r"must (?:issue|authenticate)",
    r"log ?in (?:first|required)",
)
GREYLISTED = "gr[ae]y-?list"
