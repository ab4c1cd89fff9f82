"""The kinds of value a setting can have, each with a sentence for whoever gets it wrong."""

from __future__ import annotations

import ipaddress
import re
from datetime import time, timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import getaddresses
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator

from digest.mailbox import fits, is_domain, is_plain

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
LONGEST_SPAN = timedelta(days=3650)
LONGEST_URL = 200  # with a reader's token behind it, it must fit on one header line of 998 octets

LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"  # one part of a name in DNS

LONGEST_OWN_DOMAIN = 240  # "digest." before it, it must still be a list id, and behind an @ a Message-ID


def _span(value: object) -> object:
    """`"90 minutes"`, `"2 days"` → timedelta; anything else goes on to pydantic."""
    match = re.fullmatch(r"(\d+)\s*([a-z]+?)s?", value.strip().lower()) if isinstance(value, str) else None
    if match and match[2] in UNITS:
        seconds = int(match[1][:15]) * UNITS[match[2]]  # fifteen digits are too many, and so are more
        value = timedelta(seconds=min(seconds, LONGEST_SPAN.total_seconds() + 1))
    if isinstance(value, timedelta):
        if value > LONGEST_SPAN:
            raise ValueError(f"expected at most {LONGEST_SPAN.days} days")
        return value
    raise ValueError('expected a number and a unit, such as "90 minutes" or "2 days"')


def in_words(span: timedelta) -> str:
    """A span of whole seconds as settings write it, in the largest unit that fits: `2 minutes`."""
    seconds = int(span.total_seconds())
    unit, size = next((unit, size) for unit, size in reversed(UNITS.items()) if seconds % size == 0)
    return f"{seconds // size} {unit}{'' if seconds == size else 's'}"


def _no_breaks(value: str) -> str:
    # One more character, since a break at the very end makes no second line.
    if len(f"{value}.".splitlines()) > 1 or any(ord(c) < 32 or ord(c) == 127 for c in value):
        raise ValueError("expected one line without control characters")
    return value


def _mailbox(value: str) -> str:
    mailboxes = getaddresses([_no_breaks(value)])
    name, address = mailboxes[0] if len(mailboxes) == 1 else ("", "")
    local, _, domain = address.rpartition("@")
    # What a message's headers can carry, so that no address is refused only when mail is made; and nothing
    # in quotes, since an address of our own must get through everywhere.
    named = len(domain) <= LONGEST_OWN_DOMAIN and ("." in domain or domain == "localhost")
    if not (named and is_plain(local) and is_domain(domain) and fits(local, domain)):
        raise ValueError('expected "Name <name@example.org>"')
    try:
        Address(display_name=name, addr_spec=address)
    except HeaderParseError as error:
        raise ValueError('expected "Name <name@example.org>"') from error
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError("expected an IANA time zone such as Europe/Berlin") from error
    return value


def _weekday(value: object) -> object:
    text = str(value).strip().lower()
    for day in WEEKDAYS:
        if text in (day, day[:3]):
            return day
    raise ValueError("expected a weekday such as thursday")


def _clock_time(value: object) -> object:
    if isinstance(value, time):
        return value
    match = re.fullmatch(r"(\d{1,2}):(\d{2})", str(value).strip())
    if not match or int(match[1]) > 23 or int(match[2]) > 59:
        raise ValueError('expected a time of day such as "09:00"')
    return time(int(match[1]), int(match[2]))


def _base_url(value: str) -> str:
    if len(value) > LONGEST_URL:
        raise ValueError(f"expected at most {LONGEST_URL} characters")
    parts = urlsplit(_no_breaks(value))
    if parts.scheme not in ("http", "https") or not parts.hostname or set("?#") & set(value):
        raise ValueError('expected a public address such as "https://digest.example.org"')
    if not value.isascii() or set(' <>"\\') & set(value) or "@" in parts.netloc:
        raise ValueError("expected a plain address without user names, spaces or non-ASCII characters")
    if parts.port == 0:  # and a ValueError of its own for one that is no number up to 65535
        raise ValueError("expected a port between 1 and 65535")
    return parts.scheme + value[len(parts.scheme) :].rstrip("/")


def _list_id(value: str) -> str:
    if value and not re.fullmatch(r"(?=.{3,253}\Z)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+", value):
        raise ValueError('expected a dotted name such as "weekly.example.org" (RFC 2919)')
    return value


def domain_name(value: str) -> str:
    """The domain in small letters; raises ValueError for anything else."""
    if not re.fullmatch(rf"(?=.{{3,253}}\Z){LABEL}(\.{LABEL})+", value):
        raise ValueError('expected a domain such as "example.org", a non-ASCII one as "xn--…"')
    return value.lower()


def _network(value: object) -> object:
    """`"10.0.0.0/8"`, or one address → a network."""
    if isinstance(value, ipaddress.IPv4Network | ipaddress.IPv6Network):
        return value
    try:
        network = ipaddress.ip_network(value.strip() if isinstance(value, str) else "")
    except ValueError as error:
        raise ValueError('expected an address or a network such as "127.0.0.1" or "10.0.0.0/8"') from error
    if network.prefixlen == 0:
        raise ValueError("expected a proxy of yours, not the whole internet: anybody could say who they are")
    return network


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine and nothing else."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"  # any other name is this machine only if a resolver says so


Span = Annotated[timedelta, BeforeValidator(_span)]
Line = Annotated[str, AfterValidator(_no_breaks)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Zone = Annotated[str, AfterValidator(_zone)]
Weekday = Annotated[str, BeforeValidator(_weekday)]
TimeOfDay = Annotated[time, BeforeValidator(_clock_time)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
ListId = Annotated[str, AfterValidator(_list_id)]
Domain = Annotated[str, AfterValidator(domain_name)]
Network = Annotated[ipaddress.IPv4Network | ipaddress.IPv6Network, BeforeValidator(_network)]
