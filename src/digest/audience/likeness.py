"""Which addresses may well be one mailbox: for counting only, never for who is who."""

from __future__ import annotations

from typing import Final

from digest.audience.addresses import Address

GOOGLE: Final = frozenset({"gmail.com", "googlemail.com"})


def mailbox_of(address: Address) -> str:
    """The address without its tag (`ann+news@`), and at Gmail without the dots, which mean nothing there.

    Most providers deliver a tagged address to the same mailbox; where one does not, two people share a count.
    """
    local, _, domain = address.canonical.rpartition("@")
    local = local.partition("+")[0] or local
    if domain in GOOGLE:
        local, domain = local.replace(".", "") or local, "gmail.com"
    return f"{local}@{domain}"
