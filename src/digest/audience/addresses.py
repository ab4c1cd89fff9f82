"""Addresses: what is one, how mail is addressed to it, and which spellings are the same one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from digest.errors import DigestError

LONGEST = 254  # RFC 5321 §4.5.3.1.3: a path of 256 octets with its angle brackets
PLAIN = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


class NotAnAddress(DigestError):
    """The text is no address that mail can be sent to; the message says why."""


@dataclass(frozen=True, slots=True)
class Address:
    """`email` as mail is addressed to it (domain in ASCII), `canonical` as identity (case-folded)."""

    email: str
    canonical: str

    @property
    def domain(self) -> str:
        """The part after the @, in lower-case ASCII."""
        return self.email.rpartition("@")[2]


def read_address(text: str) -> Address:
    """Check and normalise an address as somebody typed it; raises NotAnAddress.

    The local part keeps its case in `email`: RFC 5321 §2.4 leaves its meaning to the far end, which in
    practice ignores it, so that `canonical` is case-folded.
    """
    text = text.strip().strip("\ufeff")
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain:
        raise NotAnAddress(f"expected an address such as ann@example.org, not {text[:60]!r}")
    if len(text) > LONGEST or len(local) > 64:
        raise NotAnAddress("the address is too long (64 characters before the @, 254 in all)")
    if not PLAIN.fullmatch(local):
        return _read_slowly(text)
    return _address(local, _domain(domain))


def _address(local: str, domain: str) -> Address:
    email = f"{local}@{domain}"
    if len(email) > LONGEST:
        raise NotAnAddress("the address is too long (254 characters, its domain in ASCII)")
    return Address(email, email.casefold())


@lru_cache(maxsize=20_000)
def _domain(domain: str) -> str:
    return _validate(f"x@{domain}").rpartition("@")[2]


def _read_slowly(text: str) -> Address:
    local, _, domain = _validate(text).rpartition("@")
    if not local.isascii():
        raise NotAnAddress(
            "the part before the @ must be ASCII: not every mail server takes others yet (RFC 6531)"
        )
    if not PLAIN.fullmatch(local):
        raise NotAnAddress("the part before the @ must do without quotes: not every mail server takes them")
    return _address(local, domain)


def _validate(text: str) -> str:
    from email_validator import EmailNotValidError, validate_email  # slow to import

    try:
        # Reserved names such as example.org and .test are real to demos and tests; nothing is looked up.
        checked = validate_email(
            text, check_deliverability=False, strict=True, allow_quoted_local=True, test_environment=True
        )
    except EmailNotValidError as error:
        raise NotAnAddress(str(error)) from error
    return f"{checked.local_part}@{checked.ascii_domain}"
