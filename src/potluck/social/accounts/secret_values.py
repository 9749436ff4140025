"""Random secrets, and the only form in which they are kept: their SHA-256.

A random secret of 256 bits needs no slow hash: nobody can guess it. Passwords people choose do (see `passwords`).
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256


def make() -> str:
    """A new secret: 43 characters that need no escaping anywhere."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return sha256(secret.encode()).hexdigest()


def matches(secret: str, kept: str) -> bool:
    """Whether a secret is the one `kept` was made of, in constant time."""
    return hmac.compare_digest(digest(secret), kept)
