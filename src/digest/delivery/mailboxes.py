"""Addresses as SMTP without SMTPUTF8 writes them."""

from __future__ import annotations

from digest.errors import DigestError
from digest.mailbox import ascii_domain, bare_local, fits, is_domain


class BadRecipient(DigestError, ValueError):
    """The address cannot be written in plain SMTP; only this one reader is affected."""


def ascii_address(address: str) -> str:
    """`address` as SMTP without SMTPUTF8 can carry it: the domain as A-labels (RFC 5321 §4.1.2, RFC 5891).

    Quotes stay where the part before the @ needs them. Raises BadRecipient for anything but
    `local@domain`; the message does not repeat the address.
    """
    written, _, domain = address.rpartition("@")
    local, host = bare_local(written), ascii_domain(domain)
    if local is None:
        raise BadRecipient("the part before the @ has characters that plain SMTP cannot carry")
    if not is_domain(host):
        raise BadRecipient("the part after the @ is not a domain name")
    if not fits(local, host):
        raise BadRecipient("the address is longer than SMTP can carry")
    return f"{local}@{host}"
