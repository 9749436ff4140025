"""The one normaliser of hosts and uris: used before every storage, comparison and request.

Hosts are compared in one spelling (lower case, IDNA A-labels, no trailing dot, no default port), so that a
block or an ownership check cannot be passed by another spelling of the same host (protocol §7 and §18).
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NamedTuple
from urllib.parse import quote, urljoin

import idna

from potluck.federation.errors import InvalidUri

MAX_URI_LENGTH = 2048
_MAX_HOST_LENGTH = 253

_URI = re.compile(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?", re.IGNORECASE | re.DOTALL)
_AUTHORITY = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]]*)(?::([0-9]{0,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# Controls, every kind of white space, format characters that reorder or hide text, and lone surrogates; and
# what browsers turn into a slash or cut away, so that two programs would see two uris. The joiners U+200C and
# U+200D stay, as Persian words and emoji in paths need them.
_FORBIDDEN = re.compile(
    r"[\x00-\x20\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200b\u200e\u200f\u2028-\u202f"
    r"\u205f-\u206f\u3000\ufeff\ufff9-\uffff\ud800-\udfff\\<>\"]"
)
_TO_ENCODE = re.compile(r"[^!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]")
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Parts(NamedTuple):
    """A uri taken apart; host and port are normalised, the rest is as written."""

    scheme: str
    host: str  # bare, an IPv6 address without brackets
    port: int
    path: str  # as written, may be empty
    query: str  # with its "?", or empty
    fragment: str  # with its "#", or empty

    @property
    def authority(self) -> str:
        """Host with its non-default port, as in a Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and non-default port."""
        return f"{self.scheme}://{self.authority}"

    @property
    def target(self) -> str:
        """Path and query as they stand in a request line."""
        return (self.path or "/") + self.query


@lru_cache(maxsize=4096)
def normalise_host(host: str) -> str:
    """The one spelling of a host name or address, without port.

    Args:
        host: a domain in Unicode or A-labels, an IPv4 address, or an IPv6 address with or without brackets.

    Raises:
        InvalidUri: not a host name. Addresses in other than the usual notation (`127.1`, `0x7f.1`,
            `2130706433`) are refused, because resolvers and parsers disagree about them.
    """
    name = host.strip().rstrip(".") if host.endswith(".") and not host.endswith("..") else host.strip()
    if name.startswith("[") or ":" in name:
        return _ipv6(name)
    name = _to_ascii(name)
    labels = name.split(".")
    if len(name) > _MAX_HOST_LENGTH or not all(_LABEL.fullmatch(label) for label in labels):
        raise InvalidUri(f"not a host name: {host[:300]!r}")
    if labels[-1].isdigit() or labels[-1].startswith("0x"):
        try:
            return str(IPv4Address(name))
        except AddressValueError as error:
            raise InvalidUri(f"not a plain IPv4 address: {host[:300]!r}") from error
    return name


def _to_ascii(name: str) -> str:
    if name.isascii():
        return name.lower()
    if len(name) > _MAX_HOST_LENGTH:
        raise InvalidUri("host name too long")
    try:
        return idna.encode(name, uts46=True).decode("ascii").lower().rstrip(".")
    except (idna.IDNAError, UnicodeError) as error:
        raise InvalidUri(f"not an internationalised host name: {name[:300]!r}") from error


def _ipv6(name: str) -> str:
    bare = name[1:-1] if name.startswith("[") and name.endswith("]") else name
    try:
        address = IPv6Address(bare)
    except AddressValueError as error:
        raise InvalidUri(f"not an IPv6 address: {name[:300]!r}") from error
    if address.scope_id is not None:
        raise InvalidUri(f"an address with a zone means nothing elsewhere: {name[:300]!r}")
    return address.compressed


@lru_cache(maxsize=4096)
def normalise_authority(authority: str) -> str:
    """The one spelling of `host` or `host:port`, as people type domains and as handles carry them.

    Port 443 is dropped, any other port is kept.

    Raises:
        InvalidUri: not a host with an optional port.
    """
    host, port = _split_authority(authority, 443)
    shown = f"[{host}]" if ":" in host else host
    return shown if port == 443 else f"{shown}:{port}"


def _split_authority(authority: str, default_port: int) -> tuple[str, int]:
    match = _AUTHORITY.fullmatch(authority)
    if not match or not match[1]:
        raise InvalidUri(f"no host, or user information, in {authority[:300]!r}")
    port = int(match[2]) if match[2] else default_port
    if not 0 < port < 65536:
        raise InvalidUri(f"impossible port in {authority[:300]!r}")
    return normalise_host(match[1]), port


@lru_cache(maxsize=4096)
def split(uri: str) -> Parts:
    """Take an http(s) uri apart.

    Raises:
        InvalidUri: another scheme, no host, user information, a control or otherwise forbidden character,
            or more than 2048 characters.
    """
    if len(uri) > MAX_URI_LENGTH:
        raise InvalidUri(f"uri longer than {MAX_URI_LENGTH} characters")
    if _FORBIDDEN.search(uri):
        raise InvalidUri(f"forbidden character in uri {uri!r}")
    match = _URI.fullmatch(uri)
    if not match:
        raise InvalidUri(f"not an http(s) uri: {uri!r}")
    scheme = match[1].lower()
    if "@" in match[2]:
        raise InvalidUri(f"user information in uri {uri!r}")
    host, port = _split_authority(match[2], _DEFAULT_PORTS[scheme])
    return Parts(scheme, host, port, match[3], match[4] or "", match[5] or "")


def check_uri(uri: str, allow_http: bool = False) -> str:
    """The one spelling of a uri that may be stored, compared byte for byte, and fetched.

    Scheme and host are normalised; path, query and fragment stay as written, because they are the owner's.

    Args:
        uri: anything a document says.
        allow_http: a test or private network: plain http and any port are taken, too.

    Raises:
        InvalidUri: not acceptable as an id; the text says why.
    """
    if not isinstance(uri, str):
        raise InvalidUri(f"a uri must be text, not {type(uri).__name__}")
    parts = split(uri)
    if not allow_http:
        if parts.scheme != "https":
            raise InvalidUri(f"not https: {uri!r}")
        if parts.port != 443:
            raise InvalidUri(f"port other than 443 in uri {uri!r}")
    return f"{parts.origin}{parts.path}{parts.query}{parts.fragment}"


def is_uri(value: object, allow_http: bool = False) -> bool:
    """Whether `check_uri` would take the value."""
    try:
        check_uri(value, allow_http)  # type: ignore[arg-type]  # any value is checked
    except InvalidUri:
        return False
    return True


@lru_cache(maxsize=4096)
def origin_of(uri: str) -> str:
    """`https://host[:port]` of a uri (FEP-fe34: scheme, host and port).

    Raises:
        InvalidUri: see `split`.
    """
    return split(uri).origin


@lru_cache(maxsize=4096)
def host_of(uri: str) -> str:
    """Host of a uri, with its port unless that is the scheme's default.

    Raises:
        InvalidUri: see `split`.
    """
    return split(uri).authority


def same_origin(a: str, b: str) -> bool:
    """Whether two uris have scheme, host and port in common; False when either is not a uri."""
    try:
        return split(a).origin == split(b).origin
    except InvalidUri:
        return False


def same_host(a: str, b: str) -> bool:
    """Whether two uris have host and port in common; False when either is not a uri."""
    try:
        return split(a).authority == split(b).authority
    except InvalidUri:
        return False


def without_fragment(uri: str) -> str:
    """The uri up to its `#`: what travels in a request."""
    return uri.partition("#")[0]


def request_url(uri: str) -> str:
    """The ASCII form of a uri as it goes over the wire: without fragment, other characters percent-encoded.

    Raises:
        InvalidUri: see `split`.
    """
    parts = split(uri)
    target = parts.target
    if _TO_ENCODE.search(target):
        target = quote(target, safe="!#$%&'()*+,/:;=?@[]~")
    return parts.origin + target


def join(base: str, reference: str) -> str:
    """A reference (Location header, Link, href) made absolute against the uri it was found in.

    Raises:
        InvalidUri: the result is not an http(s) uri.
    """
    try:
        joined = urljoin(base, reference.strip(" \t\r\n"))
    except ValueError as error:
        raise InvalidUri(f"not a uri reference: {reference[:300]!r}") from error
    split(joined)
    return joined
