"""Addresses and domains as SMTP without SMTPUTF8 writes them."""

from __future__ import annotations

import re

import idna

from digest.errors import DigestError

ATOMS = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"(?=.{{1,64}}\Z){ATOMS}(\.{ATOMS})*")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")


class BadRecipient(DigestError, ValueError):
    """The address cannot be written in plain SMTP; only this one reader is affected."""


def ascii_address(address: str) -> str:
    """`address` as SMTP without SMTPUTF8 can carry it: the domain as A-labels (RFC 5321 §4.1.2, RFC 5891).

    Raises BadRecipient for anything but `dot-atom@domain`; the message does not repeat the address.
    """
    local, _, domain = address.rpartition("@")
    if not _LOCAL.fullmatch(local):
        raise BadRecipient("the part before the @ has characters or a length that plain SMTP cannot carry")
    host = ascii_domain(domain)
    if not is_domain(host) or len(local) + len(host) > 253:
        raise BadRecipient("the part after the @ is not a domain name")
    return f"{local}@{host}"


def ascii_domain(domain: str) -> str:
    """`domain` with its labels in ASCII; empty where that cannot be."""
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode()
    except UnicodeError:
        return ""


def is_domain(name: str) -> bool:
    """Whether `name` is a domain in ASCII, which need not exist."""
    return _DOMAIN.fullmatch(name) is not None
