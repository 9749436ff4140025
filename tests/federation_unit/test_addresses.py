"""Destinations: every range of protocol §18, wrapped addresses, and the operator's exceptions."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potluck.federation.addresses import AddressPolicy, embedded_addresses

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "100.63.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "198.20.0.1",
    "223.255.255.255",
    "2606:2800:220:1::1",
    "2a00:1450:4001::1",
    "2001:4860:4860::8888",
    "2001:200::1",
]
REFUSED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
    "::",
    "::1",
    "::ffff:8.8.8.8",
    "::ffff:127.0.0.1",
    "::8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:2::1",
    "2001:10::1",
    "2001:1ff::1",
    "2001:db8::1",
    "2002::1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "fe80::1%eth0",
    "2606:2800:220:1::1%eth0",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address: str) -> None:
    """Ordinary addresses of the internet may be reached."""
    assert AddressPolicy().permits(address)
    assert AddressPolicy().permits(ip_address(address))


@pytest.mark.parametrize("address", REFUSED)
def test_other_addresses(address: str) -> None:
    """Private, special, wrapped and reserved addresses may not."""
    assert not AddressPolicy().permits(address)
    assert not AddressPolicy().permits(ip_address(address))


@pytest.mark.parametrize("text", ["", "x", "localhost", "127.1", "1.2.3.4/8", "[::1]", "1.2.3.4:80"])
def test_what_is_no_address(text: str) -> None:
    """What is no address is no destination."""
    assert not AddressPolicy().permits(text)


def test_allowed_networks() -> None:
    """A network the operator names opens, in its IPv4-mapped spelling too, and no other."""
    policy = AddressPolicy([ip_network("127.0.0.0/8"), ip_network("fd00::/8")])
    assert policy.allows_http
    assert not AddressPolicy().allows_http
    for address in ("127.0.0.1", "127.9.9.9", "::ffff:127.0.0.1", "fd00::1", "8.8.8.8"):
        assert policy.permits(address)
    for address in ("10.0.0.1", "::1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "fe80::1"):
        assert not policy.permits(address)


def test_allowed_translators_do_not_open_the_inside() -> None:
    """Allowing a NAT64 prefix reaches public IPv4 addresses behind it, not private ones."""
    policy = AddressPolicy([ip_network("64:ff9b::/96")])
    assert policy.permits("64:ff9b::808:808")
    assert not policy.permits("64:ff9b::7f00:1")
    assert not policy.permits("64:ff9b::a9fe:a9fe")
    assert AddressPolicy([ip_network("::1/128")]).permits("::1")
    assert not AddressPolicy([ip_network("::/0")]).permits("2002:7f00:1::1")


@pytest.mark.parametrize(
    ("address", "inner"),
    [
        ("::ffff:1.2.3.4", ["1.2.3.4"]),
        ("::1.2.3.4", ["1.2.3.4"]),
        ("64:ff9b::102:304", ["1.2.3.4"]),
        ("2002:102:304::1", ["1.2.3.4"]),
        ("2001:0:102:304:0:0:fefd:fcfb", ["1.2.3.4", "1.2.3.4"]),
        ("64:ff9b:1:102:3:400::", ["1.2.3.4", "0.0.0.0"]),
        ("2606:2800::1", []),
    ],
)
def test_wrapped_addresses_are_unwrapped(address: str, inner: list[str]) -> None:
    """The IPv4 addresses inside of IPv6 ones are found."""
    found = ip_address(address)
    assert found.version == 6
    assert [str(v4) for v4 in embedded_addresses(found)] == inner


@given(st.ip_addresses())
def test_agrees_with_the_standard_library(address: object) -> None:
    """Whatever Python calls private, loopback, link-local, multicast or reserved is refused."""
    found = ip_address(str(address))
    if not found.is_global or found.is_multicast or found.is_reserved:
        assert not AddressPolicy().permits(found)
