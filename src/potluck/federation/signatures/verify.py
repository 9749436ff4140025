"""Verification of signed requests, whatever the scheme: first everything but the key, then the key.

parsed = parse_signature(method, target, headers, body=body, base_url=…)   # SignatureError: 401
key = … look up parsed.key_id …
if not verify(parsed, key): …refetch the key once, else 401
"""

from __future__ import annotations

import time
from collections.abc import Collection

from potluck.federation.errors import SignatureError
from potluck.federation.signatures import cavage, rfc9421
from potluck.federation.signatures.keys import PublicKey, verify_bytes
from potluck.federation.signatures.request import Headers, ParsedSignature, RequestHeaders
from potluck.federation.urls import host_of

_MAX_KEY_ID = 2048


def is_signed(headers: Headers) -> bool:
    """Whether a request carries a signature of either scheme."""
    found = RequestHeaders(headers)
    return (
        found.get("signature") is not None or (found.get("authorization") or "")[:10].lower() == "signature "
    )


def parse_signature(
    method: str,
    target: str,
    headers: Headers,
    *,
    base_url: str,
    body: bytes = b"",
    hosts: Collection[str] | None = None,
    now: float | None = None,
) -> ParsedSignature:
    """Read the signature of a request and enforce every rule that needs no key (protocol §2, §3).

    That is: the minimum covered set (target, host, time, digest of the body), the time window of an hour and
    five minutes, the Host against an allow-list, and the digest against the body.

    Args:
        method: GET or POST.
        target: raw path and query of the request line.
        headers: every header of the request, as pairs where the framework can tell repeated ones.
        base_url: public base URL of this server, for example `https://social.example`.
        body: the whole body.
        hosts: normalised `host[:port]` values that a Host header may have; by default that of `base_url`.
        now: Unix time, for tests.

    Raises:
        SignatureError: with a text that may be told to the sender.
    """
    found = RequestHeaders(headers)
    now = time.time() if now is None else now
    if found.get("signature-input") is not None:
        parsed = rfc9421.parse(method, target, found, body, base_url=base_url, now=now)
    else:
        allowed = {host_of(base_url)} if hosts is None else hosts
        parsed = cavage.parse(method, target, found, body, hosts=allowed, now=now)
    if len(parsed.key_id) > _MAX_KEY_ID:
        raise SignatureError("the key id is too long")
    return parsed


def verify(parsed: ParsedSignature, public_key: PublicKey) -> bool:
    """Whether the signature is that key's, over one of the readings of the request."""
    return any(verify_bytes(public_key, parsed.signature, base, parsed.algorithm) for base in parsed.bases)
