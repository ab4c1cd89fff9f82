"""Whether one more is let in through the form: how often it may be used, by whom and for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from digest.app.parts import App
from digest.audience.addresses import Address
from digest.audience.likeness import mailbox_of
from digest.audience.limits import TooMany
from digest.delivery.destinations import group_by_domain
from digest.tokens import client_hash

# Their customers have nothing to do with one another: many of them at once are no attack on anybody.
PROVIDERS = frozenset(group_by_domain({}))


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who filled a form in: from which network address, if that is known; who is not `genuine`, a program."""

    client: str | None
    genuine: bool = True


def admit(app: App, address: Address, visitor: Visitor, now: datetime) -> bool:
    """Count one more; returns whether the address may have a mail, which its visitor must not be told.

    Raises TooMany, and counts nothing, where this client or all together have asked too often: whom it was
    for plays no part in that. What one client asks beyond its limit takes nothing from the others.
    """
    limits, allowances = app.settings.signup, app.allowances
    silent = (
        ("address", address.canonical, limits.per_address),
        ("mailbox", mailbox_of(address), limits.per_mailbox),
        ("domain", address.domain, limits.per_domain),
    )
    # All whose address is not known are one client: nobody gets round the limit by hiding it.
    loud = (("client", visitor.client or "unknown", limits.per_client), ("all", "", limits.in_all))
    with app.database.write() as session:
        for kind, of, limit in loud:
            if until := allowances.count(session, kind, of, limit, now):
                raise TooMany(until)
        full = {kind for kind, of, limit in silent if allowances.count(session, kind, of, limit, now)}
    if address.domain in PROVIDERS:
        full.discard("domain")
    return visitor.genuine and not full


def hashed(app: App, client: str | None) -> str | None:
    """What a consent keeps of the network address it came from."""
    return client_hash(app.settings.keys.suppression_key(), client) if client else None
