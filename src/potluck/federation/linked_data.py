"""Linked Data signatures, `RsaSignature2017`: what Mastodon-style forwarding and relays need (protocol §4).

A verified document says what its RDF says, not what its JSON seems to say: after `verify` only the result of
`compacted` may be processed. Documents that play tricks with JSON-LD are refused before anything is computed.
Each call costs some ten milliseconds of CPU: from a coroutine, run it in a thread. The JSON-LD library (12 MiB, with
lxml) is loaded by the first call.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from potluck.federation import contexts
from potluck.federation.errors import SignatureError
from potluck.federation.linked_data_checks import check_document
from potluck.federation.signatures.keys import PublicKey, SigningKey, decode_base64, verify_bytes
from potluck.federation.signatures.request import check_expiry
from potluck.federation.signatures.signers import sign_rsa
from potluck.federation.vocabulary import AS, CONTEXT, SECURITY_V1, format_time, parse_time

_TYPE = "RsaSignature2017"
_OPTIONS_CONTEXT = "https://w3id.org/identity/v1"
_UNSIGNED_OPTIONS = frozenset({"type", "id", "signatureValue", "@context"})
_FUTURE = 3600.0  # seconds a signer's clock may be ahead
# What a verified document is compacted against: our own terms, and no proof (which JSON-LD reads as a graph).
_OWN_CONTEXT = [AS, SECURITY_V1, CONTEXT[-1]]


def signature_creator(document: Mapping[str, Any]) -> str:
    """The key id that a document's LD signature names.

    Raises:
        SignatureError: there is no RsaSignature2017.
    """
    return str(_signature(document)["creator"])


def verify(document: Mapping[str, Any], public_key: PublicKey, now: float | None = None) -> bool:
    """Whether a document's LD signature is that key's.

    Args:
        document: as received.
        public_key: of the key that `signature_creator` names; that it belongs to the actor is the caller's to
            check. now: Unix time, for tests.

    Raises:
        SignatureError: unsigned, expired, or a document that is refused (unknown contexts, tricks, too
            large).
    """
    signature = _signature(document)
    _check_times(signature, time.time() if now is None else now)
    unsigned = {key: value for key, value in document.items() if key != "signature"}
    check_document(unsigned)
    options = {key: value for key, value in signature.items() if key not in _UNSIGNED_OPTIONS}
    data = _signed_data(unsigned, options)
    return verify_bytes(public_key, decode_base64(signature["signatureValue"]), data, "rsa-sha256")


async def sign(
    document: Mapping[str, Any],
    key: SigningKey,
    *,
    created: datetime | None = None,
    expires: datetime | None = None,
) -> dict[str, Any]:
    """The document with an LD signature, its last property. Make any proof before.

    Args:
        document: with @context and without signature; its contexts must be of the closed set.
        key: an RSA key; its id becomes `creator`.
        created: now by default.
        expires: when readers should stop to believe it, if ever.

    Raises:
        SignatureError: the key is no RSA key, or the document could not be verified by ourselves.
    """
    if not isinstance(key.private, RSAPrivateKey):
        raise SignatureError("LD signatures need an RSA key")
    check_document(document)
    options = {"creator": key.key_id, "created": format_time(created or datetime.now(UTC))}
    if expires is not None:
        options["expires"] = format_time(expires)
    value = await sign_rsa(key.private, _signed_data(document, options))
    signature = {"type": _TYPE, **options, "signatureValue": base64.b64encode(value).decode("ascii")}
    return {**document, "signature": signature}


def compacted(document: Mapping[str, Any]) -> dict[str, Any]:
    """A verified document in our own terms: the only form of it that may be processed.

    Signature and proof are left out. Where two terms of the sender meant one property, it holds both values.

    Raises:
        SignatureError: as `verify`.
    """
    from pyld import jsonld

    plain = {key: value for key, value in document.items() if key not in {"signature", "proof"}}
    check_document(plain)
    try:
        result = jsonld.compact(plain, _OWN_CONTEXT, {"documentLoader": _load})
    except (jsonld.JsonLdError, ValueError, TypeError) as error:
        raise SignatureError(f"not JSON-LD we can read: {error}") from error
    if not isinstance(result, dict) or not {"@graph", "@included", "@reverse"}.isdisjoint(result):
        raise SignatureError("the document is not one object")
    return result


def _signature(document: Mapping[str, Any]) -> Mapping[str, Any]:
    signature = document.get("signature")
    if not isinstance(signature, Mapping) or signature.get("type") != _TYPE:
        raise SignatureError(f"no {_TYPE}")
    for name in ("creator", "created", "signatureValue"):
        if not isinstance(signature.get(name), str):
            raise SignatureError(f"an LD signature needs {name}")
    # Only plain options: their meaning must not depend on anything but the identity context.
    if len(signature) > 10 or not all(isinstance(value, str) for value in signature.values()):
        raise SignatureError("an LD signature holds unusual options")
    return signature


def _check_times(signature: Mapping[str, Any], now: float) -> None:
    created = parse_time(signature["created"])
    if created is None or created.timestamp() > now + _FUTURE:
        raise SignatureError("the LD signature's time is absent or lies in the future")
    if "expires" in signature:
        expires = parse_time(signature["expires"])
        if expires is None:
            raise SignatureError("the LD signature's expiry is not a time")
        check_expiry(expires.timestamp(), now)


def _signed_data(document: Mapping[str, Any], options: Mapping[str, Any]) -> bytes:
    """Two hexadecimal hashes in a row: that of the options, that of the document."""
    hashes = [_hash({"@context": _OPTIONS_CONTEXT, **options}), _hash(document)]
    return "".join(hashes).encode("ascii")


def _hash(document: Mapping[str, Any]) -> str:
    from potluck.federation.canonical import canonical_nquads

    return hashlib.sha256(canonical_nquads(dict(document), _load).encode("utf-8")).hexdigest()


def _load(url: str, _options: object) -> dict[str, Any]:
    """The document loader given to the library: the closed set, nothing else."""
    if not contexts.is_known(url):
        raise SignatureError(f"unknown context {url[:200]!r}")
    return {"contextUrl": None, "documentUrl": url, "document": contexts.load(url)}
