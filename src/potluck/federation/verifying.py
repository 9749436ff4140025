"""Finds out who signed a request that came in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from potluck.federation.errors import (
    FederationError,
    FetchError,
    Forbidden,
    Gone,
    InvalidUri,
    SignatureError,
    TryLater,
    Unauthenticated,
)
from potluck.federation.key_ring import KnownKey
from potluck.federation.signatures.request import ParsedSignature
from potluck.federation.signatures.verify import parse_signature, verify
from potluck.federation.urls import host_of

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """What of a request its signature is about."""

    method: str
    target: str  # raw path and query
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first header with a lower-case name."""
        return next((value for key, value in self.headers if key.lower() == name), None)


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who signed a request."""

    actor_id: int
    actor_uri: str
    host: str


class SignerGone(Unauthenticated):
    """The key's host says 410: the signer was deleted there (protocol §6)."""


async def signatory(federation: Federation, request: ReceivedRequest) -> Signatory:
    """Who signed a request.

    Raises:
        Unauthenticated: nobody, or the signature does not hold.
        SignerGone: the signer's server says that it is deleted.
        Forbidden: somebody or some server we want nothing to do with.
        TryLater: the key could not be fetched just now.
    """
    try:
        parsed = parse_signature(
            request.method, request.target, request.headers, body=request.body, base_url=federation.settings.url)
        host = host_of(parsed.key_id)
    except (SignatureError, InvalidUri) as error:
        raise Unauthenticated(f"The signature is not accepted: {error}") from error
    if await federation.is_blocked(host):
        raise Forbidden("This server does not federate with yours", host)
    key = await _right_key(federation, parsed)
    if key.suspended or key.deleted:
        raise Forbidden("This account is suspended here", key.actor_uri)
    return Signatory(key.actor_id, key.actor_uri, host_of(key.actor_uri))


async def _right_key(federation: Federation, parsed: ParsedSignature) -> KnownKey:
    """The key the signature was made with: the known one, else fetched, at most once."""
    known = await federation.keys.find(parsed.key_id)
    if known is not None and verify(parsed, known.key):
        return known
    if known is not None and (known.is_local or not federation.keys.may_refetch(parsed.key_id)):
        raise Unauthenticated("The signature does not hold")
    try:
        fetched = await federation.fetch_key(parsed.key_id)
    except Gone as error:
        raise SignerGone("The signer is deleted", str(error)) from error
    except FetchError as error:
        if not error.permanent:
            raise TryLater("Your key could not be fetched just now", str(error)) from error
        raise Unauthenticated("Your key could not be fetched", str(error)) from error
    except FederationError as error:
        raise Unauthenticated("Your key is not usable", str(error)) from error
    if fetched is None or not verify(parsed, fetched.key):
        raise Unauthenticated("The signature does not hold")
    return fetched


def header_pairs(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    """Headers as the server hands them over, as text pairs."""
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
