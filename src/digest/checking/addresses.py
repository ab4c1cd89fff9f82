"""What is to be said of an address in a mail before anybody asks for it."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from digest.checking.findings import Level
from digest.config.kinds import is_loopback

# Names that stand for somebody else's: RFC 2606 and RFC 6761.
_SAMPLE_HOST = re.compile(r"(?:.*\.)?(?:example(?:\.(?:com|net|org))?|test|invalid|localhost)")
_OTHER_SCHEMES = frozenset(("mailto", "tel", "sms"))
_BROKEN = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029<>\"\\^`{|}]")


def split_address(address: str) -> SplitResult | None:
    """The parts of an address; None where it has none, or a port that is no number."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return parts


def is_sample(host: str) -> bool:
    """Whether a host is this machine or one of the names kept free for examples."""
    return is_loopback(host) or _SAMPLE_HOST.fullmatch(host.lower().rstrip(".")) is not None


def fault(address: str) -> tuple[Level, str] | None:
    """How bad an address is and why, or None for a sound one."""
    parts = split_address(address.strip())
    if parts is None or _BROKEN.search(address.strip()):
        return Level.ERROR, "is not an address"
    if parts.scheme in _OTHER_SCHEMES:
        return None if parts.path else (Level.ERROR, "says nobody to turn to")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return Level.ERROR, "is not absolute" if not parts.scheme else "is no address of the web"
    if "@" in parts.netloc:
        return Level.ERROR, "holds a user name or password"
    if parts.scheme == "http":
        level = Level.WARNING if is_sample(parts.hostname) else Level.ERROR
        return level, "is http, not https"
    return None
