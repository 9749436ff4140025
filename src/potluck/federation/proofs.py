"""Object integrity proofs, FEP-8b32: `eddsa-jcs-2022` over the document as received (protocol §5)."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from potluck.federation.errors import SignatureError
from potluck.federation.signatures.keys import (
    PublicKey,
    SigningKey,
    decode_base58btc,
    encode_base58btc,
    verify_bytes,
)
from potluck.federation.signatures.request import check_expiry
from potluck.federation.vocabulary import as_list, format_time, parse_time

_TYPE = "DataIntegrityProof"
_SUITE = "eddsa-jcs-2022"
_PURPOSE = "assertionMethod"
_SIGNATURE_BYTES = 64
_FUTURE = 3600.0  # seconds a signer's clock may be ahead
_MAX_PROOFS = 10


def create(
    document: Mapping[str, Any], key: SigningKey, *, created: datetime | None = None
) -> dict[str, Any]:
    """The document with a proof. Make it before an LD signature.

    Args:
        document: without proof; numbers within 2^53.
        key: an Ed25519 key; its id becomes `verificationMethod` and must be listed by the object's owner.
        created: now by default.

    Raises:
        SignatureError: the key is of another kind, or the document has no canonical JSON.
    """
    if not isinstance(key.private, Ed25519PrivateKey):
        raise SignatureError("proofs need an Ed25519 key")
    proof: dict[str, Any] = {
        "type": _TYPE,
        "cryptosuite": _SUITE,
        "verificationMethod": key.key_id,
        "proofPurpose": _PURPOSE,
        "created": format_time(created or datetime.now(UTC)),
    }
    if "@context" in document:
        proof = {"@context": document["@context"], **proof}
    proof["proofValue"] = encode_base58btc(key.private.sign(_hash(proof) + _hash(document)))
    return {**document, "proof": proof}


def proofs_of(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The proofs of a document that `verify` can check; others are passed over."""
    return [
        proof
        for proof in as_list(document.get("proof"))[:_MAX_PROOFS]
        if isinstance(proof, Mapping)
        and proof.get("type") == _TYPE
        and proof.get("cryptosuite") == _SUITE
        and proof.get("proofPurpose") == _PURPOSE
        and isinstance(proof.get("verificationMethod"), str)
        and isinstance(proof.get("proofValue"), str)
    ]


def verify(
    document: Mapping[str, Any], proof: Mapping[str, Any], public_key: PublicKey, now: float | None = None
) -> bool:
    """Whether one proof of a document is that key's.

    Args:
        document: as received, every member included; parse it with `strictjson.parse(…, unique_keys=True)`.
        proof: one of `proofs_of(document)`.
        public_key: the key that `proof["verificationMethod"]` names; that the object's owner lists it is the
            caller's to check.
        now: Unix time, for tests.

    Raises:
        SignatureError: malformed, out of its time, or with another @context than the document.
    """
    if not isinstance(public_key, Ed25519PublicKey):
        return False
    _check_times(proof, time.time() if now is None else now)
    value = decode_base58btc(proof["proofValue"], 100)
    if len(value) != _SIGNATURE_BYTES:
        raise SignatureError("a proof value must have 64 bytes")
    # An LD signature was made after the proof, so the proof does not cover it.
    secured = {key: member for key, member in document.items() if key not in {"proof", "signature"}}
    if "@context" in proof:
        _check_context(document.get("@context"), proof["@context"])
        secured["@context"] = proof["@context"]
    options = {key: member for key, member in proof.items() if key != "proofValue"}
    return verify_bytes(public_key, value, _hash(options) + _hash(secured), "ed25519")


def _check_context(of_document: Any, of_proof: Any) -> None:
    """The document's @context must begin with the values of the proof's, in their order."""
    wanted = as_list(of_proof)
    if as_list(of_document)[: len(wanted)] != wanted:
        raise SignatureError("the proof was made with another @context")


def _check_times(proof: Mapping[str, Any], now: float) -> None:
    if "created" in proof:
        created = parse_time(proof["created"])
        if created is None or created.timestamp() > now + _FUTURE:
            raise SignatureError("the proof's time is no time or lies in the future")
    if "expires" in proof:
        expires = parse_time(proof["expires"])
        if expires is None:
            raise SignatureError("the proof's expiry is no time")
        check_expiry(expires.timestamp(), now)


def _hash(document: Mapping[str, Any]) -> bytes:
    try:
        return hashlib.sha256(rfc8785.dumps(dict(document))).digest()
    except (rfc8785.CanonicalizationError, ValueError, RecursionError) as error:
        raise SignatureError(f"no canonical JSON: {error}") from error
