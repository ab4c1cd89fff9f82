"""Addresses: what is one, how mail is addressed to it, and which spellings are the same one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from digest.errors import DigestError
from digest.mailbox import LONGEST, bare_local, fits, is_plain

# Whole sentences, since readers are shown them in their language.
NO_ADDRESS: Final = "expected an address such as ann@example.org"
NOT_LOCAL: Final = "the part before the @ has a character or a dot where no address has one"
NOT_ASCII: Final = (
    "the part before the @ has a letter beyond a to z, which not every mail server takes yet (RFC 6531)"
)
NOT_DOMAIN: Final = "the part after the @ is not a domain such as example.org"
TOO_LONG: Final = "the address is too long (64 characters before the @, 254 in all, its domain in ASCII)"
SENTENCES: Final = (NO_ADDRESS, NOT_LOCAL, NOT_ASCII, NOT_DOMAIN, TOO_LONG)

# Nearly every domain there is. All others, of which some are good, are looked at by a library, slowly.
_LABEL = r"(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ORDINARY = re.compile(
    rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)+(?!(?:arpa|invalid|local|localhost|onion)\Z)(?:[a-z]{{2,63}})"
)


class NotAnAddress(DigestError):
    """The text is no address that mail can be sent to; the message, one of SENTENCES, says why."""


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
    practice ignores it, so that `canonical` is case-folded. It keeps quotes only where it needs them.
    """
    local, at, domain = text.strip().strip("\ufeff").rpartition("@")
    if not at or not local or not domain:
        raise NotAnAddress(NO_ADDRESS)
    if not is_plain(local):
        local = _unusual(local)
    if not _ORDINARY.fullmatch(domain):
        domain = _domain(domain)
    if not fits(local, domain):
        raise NotAnAddress(TOO_LONG)
    return stored_address(f"{local}@{domain}")


def stored_address(email: str) -> Address:
    """An address that was read before and is kept as mail is addressed to it."""
    return Address(email, email.lower())


def _unusual(local: str) -> str:
    """A part before the @ that is no plain word: in quotes, or none at all."""
    bare = bare_local(local)
    if bare is None and "@" in local:
        raise NotAnAddress(NO_ADDRESS)
    if bare is None:
        raise NotAnAddress(NOT_LOCAL if local.isascii() else NOT_ASCII)
    return bare


@lru_cache(maxsize=20_000)
def _domain(domain: str) -> str:
    """The domain in lower-case ASCII; raises NotAnAddress."""
    if domain.isascii() and _ORDINARY.fullmatch(domain.lower()):
        return domain.lower()
    if len(domain) > LONGEST:
        raise NotAnAddress(TOO_LONG)
    from email_validator import EmailNotValidError, validate_email  # slow to import

    try:
        # Reserved names such as example.org and .test are real to demos and tests; nothing is looked up.
        checked = validate_email(
            f"x@{domain}", check_deliverability=False, strict=True, test_environment=True
        )
    except EmailNotValidError as error:
        raise NotAnAddress(NOT_DOMAIN) from error
    return str(checked.ascii_domain)
