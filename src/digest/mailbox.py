"""The grammar of mail addresses: what stands before the @ and behind it (RFC 5321 §4.1.2)."""

from __future__ import annotations

import re

ATOMS = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LONGEST = 254  # RFC 5321 §4.5.3.1.3: a path of 256 octets with its angle brackets
LONGEST_LOCAL = 64  # RFC 5321 §4.5.3.1.1, quotes and backslashes counted

_PLAIN = re.compile(rf"{ATOMS}(?:\.{ATOMS})*")
_QUOTED = re.compile(r'"(?:[ !#-\[\]-~]|\\[ -~])+"')
_DOMAIN = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")


def is_plain(local: str) -> bool:
    """Whether the part before the @ needs no quotes; its length is another question."""
    return _PLAIN.fullmatch(local) is not None


def bare_local(local: str) -> str | None:
    r"""The part before the @ with quotes and backslashes only where they are needed; None for what is none.

    `"ann"` is `ann`, and `"j\ohn doe"` is `"john doe"`: the same mailbox (RFC 5321 §4.1.2).
    """
    if is_plain(local):
        return local
    if not _QUOTED.fullmatch(local):
        return None
    meant = re.sub(r"\\(.)", r"\1", local[1:-1])
    return meant if is_plain(meant) else '"' + re.sub(r'(["\\])', r"\\\1", meant) + '"'


def fits(local: str, domain: str) -> bool:
    """Whether an address in ASCII keeps to the lengths that every mail server takes."""
    return len(local) <= LONGEST_LOCAL and len(local) + len("@") + len(domain) <= LONGEST


def ascii_domain(domain: str) -> str:
    """`domain` with its labels in ASCII (RFC 5891); empty where that cannot be."""
    if domain.isascii():
        return domain
    import idna  # slow to import

    try:
        return idna.encode(domain, uts46=True).decode()
    except UnicodeError:
        return ""


def is_domain(name: str) -> bool:
    """Whether `name` is a domain in ASCII, which need not exist."""
    return _DOMAIN.fullmatch(name) is not None
