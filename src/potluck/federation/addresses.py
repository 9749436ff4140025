"""Which IP addresses a request of ours may reach: the public internet, and ranges the operator has named.

The ranges are those at the end of protocol §18 (IANA special-purpose registries). IPv4 addresses wrapped in
IPv6 ones are unwrapped first, since a translator or tunnel on the way would carry the request to the inner
address.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_REFUSED_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network; Linux connects 0.0.0.0 to itself
            "10.0.0.0/8",
            "100.64.0.0/10",  # carrier-grade NAT
            "127.0.0.0/8",
            "168.63.129.16/32",  # public by its number, but the host service inside of Azure
            "169.254.0.0/16",  # link-local, and the metadata service of most clouds
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # Teredo, benchmarking, ORCHID and other special blocks
            "2001:db8::/32",
            "2002::/16",  # 6to4
            "3fff::/20",
        ),
    )
)
_MAPPED = IPv6Network("::ffff:0:0/96")
_COMPATIBLE = IPv6Network("::/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")


def embedded_addresses(address: IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses wrapped in an IPv6 one: mapped, compatible, NAT64, 6to4, Teredo (server, client)."""
    value = int(address)
    if address in _SIX_TO_FOUR:
        return [IPv4Address(value >> 80 & 0xFFFFFFFF)]
    if address in _TEREDO:
        return [IPv4Address(value >> 64 & 0xFFFFFFFF), IPv4Address(~value & 0xFFFFFFFF)]
    if address in _NAT64_LOCAL:
        # RFC 6052: a /48 prefix puts 16 bits before and 16 bits behind the reserved octet; /96 ends in them.
        split = (value >> 64 & 0xFFFF) << 16 | value >> 40 & 0xFFFF
        return [IPv4Address(split), IPv4Address(value & 0xFFFFFFFF)]
    if any(address in network for network in (_MAPPED, _COMPATIBLE, _NAT64)):
        return [IPv4Address(value & 0xFFFFFFFF)]
    return []


def is_public(address: Address) -> bool:
    """Whether an address is an ordinary one of the public internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    return address in _GLOBAL_V6 and not any(address in network for network in _REFUSED_V6)


class AddressPolicy:
    """Judges destinations.

    Args:
        allowed: networks that may be reached although they are private (setting `allow_private`). An allowed
            IPv6 range does not let through IPv4 addresses wrapped in it that are themselves refused.
    """

    def __init__(self, allowed: Sequence[Network] = ()) -> None:
        self.allowed = tuple(allowed)
        self._permits = lru_cache(maxsize=4096)(self._judged)  # each is asked for twice: when found, when connected

    @property
    def allows_http(self) -> bool:
        """Whether plain http and other ports are taken: only where private networks are allowed."""
        return bool(self.allowed)

    def permits(self, ip: Address | str) -> bool:
        """Whether a connection to this address may be made; anything that is no address is refused."""
        return self._permits(ip)

    def _judged(self, ip: Address | str) -> bool:
        try:
            address = ip if isinstance(ip, (IPv4Address, IPv6Address)) else ip_address(ip)
        except ValueError:
            return False
        if isinstance(address, IPv6Address):
            return self._permits_v6(address)
        return is_public(address) or self._is_allowed(address)

    def _permits_v6(self, address: IPv6Address) -> bool:
        if address in _MAPPED:
            # The same destination as the inner address, in a spelling no resolver of ours gives.
            return self._is_allowed(IPv4Address(int(address) & 0xFFFFFFFF))
        if self._is_allowed(address):
            return int(address) < 2 or all(map(self.permits, embedded_addresses(address)))
        return address.scope_id is None and is_public(address)

    def _is_allowed(self, address: Address) -> bool:
        return any(address in network for network in self.allowed if network.version == address.version)


def permitted(policy: AddressPolicy, addresses: Iterable[str]) -> list[str]:
    """Those of the addresses a connection may be made to, in order."""
    return [address for address in addresses if policy.permits(address)]
