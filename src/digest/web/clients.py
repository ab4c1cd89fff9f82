"""Which network address a request comes from, also behind proxies, if the settings trust them."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from starlette.requests import Request

Host = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

HEADER: Final = "x-forwarded-for"


def client_of(request: Request, trusted: Sequence[Network]) -> str | None:
    """The client as it is counted; None where there is no telling."""
    peer = request.client.host if request.client else None
    return counted(client_address(peer, request.headers.getlist(HEADER), trusted))


def client_address(peer: str | None, forwarded: Sequence[str], trusted: Sequence[Network]) -> Host | None:
    """The nearest address that is no trusted proxy; None where there is no telling.

    `peer` is who is connected to us, `forwarded` the lines of X-Forwarded-For in their order. Each proxy
    writes whom it heard from at the end, so we walk from there, and only from a trusted one to the next:
    whatever stands further left may be made up. A trusted one that wrote what is no address counts itself.
    """
    hops = [hop for line in forwarded for hop in line.split(",")]
    found = _read(peer or "")
    while found is not None and hops and any(found in network for network in trusted):
        before = _read(hops.pop())
        if before is None:
            break
        found = before
    return found


def counted(address: Host | None) -> str | None:
    """What is one client: an IPv4 address, or the /64 that an IPv6 one lies in, which is one line's."""
    if address is None or isinstance(address, IPv4Address):
        return str(address) if address else None
    return str(IPv6Network((int(address) >> 64 << 64, 64)))


def _read(hop: str) -> Host | None:
    """`192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`; an IPv4 address in IPv6 is one."""
    text = hop.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
