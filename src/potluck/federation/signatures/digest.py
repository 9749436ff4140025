"""Digest (RFC 3230) and Content-Digest (RFC 9530) headers of a body."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from functools import lru_cache

import http_sf

from potluck.federation.errors import SignatureError

_HASHES = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}
_PART = re.compile(r"\s*([A-Za-z0-9-]{1,20})=([A-Za-z0-9+/]{1,200}={0,2})\s*")


@lru_cache(maxsize=64)
def make_digest(body: bytes) -> str:
    """`SHA-256=<base64>`: upper case, which some receivers compare exactly (protocol §1).

    The last few are kept: one body goes to many servers.
    """
    return "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")


@lru_cache(maxsize=64)
def make_content_digest(body: bytes) -> str:
    """`sha-256=:<base64>:`."""
    return "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode("ascii") + ":"


def check_digest(value: str, body: bytes) -> None:
    """Check a Digest header against the body.

    There must be a SHA-256 among its parts, and every SHA-256 or SHA-512 part must be right; the name's case
    is free.

    Raises:
        SignatureError: malformed, without SHA-256, or not the body's.
    """
    seen = set()
    for part in value.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise SignatureError("malformed Digest header")
        name = match[1].lower()
        if name in _HASHES:
            _compare(name, _decode(match[2]), body)
            seen.add(name)
    if "sha-256" not in seen:
        raise SignatureError("Digest header without SHA-256")


def check_content_digest(value: str, body: bytes) -> None:
    """Check a Content-Digest header against the body: SHA-256 or SHA-512 needed, every known part right.

    Raises:
        SignatureError: malformed, without a known hash, or not the body's.
    """
    try:
        parts = http_sf.parse(value.encode("ascii"), tltype="dictionary")
    except (http_sf.StructuredFieldError, UnicodeEncodeError) as error:
        raise SignatureError("malformed Content-Digest header") from error
    known = (
        [(name, item) for name, item in parts.items() if name in _HASHES] if isinstance(parts, dict) else []
    )
    if not known:
        raise SignatureError("Content-Digest header without SHA-256")
    for name, item in known:
        given = item[0] if isinstance(item, tuple) else item
        if not isinstance(given, bytes):
            raise SignatureError("malformed Content-Digest header")
        _compare(name, given, body)


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise SignatureError("malformed Digest header") from error


def _compare(name: str, given: bytes, body: bytes) -> None:
    if not hmac.compare_digest(_HASHES[name](body).digest(), given):
        raise SignatureError(f"the {name} digest is not that of the body")
