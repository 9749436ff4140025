"""Sends one Web Push message: encrypted for the app (RFC 8291, or the draft before it), signed by us (VAPID).

Apps say by `standard` which form they read; most relays of older phone apps know only the draft `aesgcm`.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid01, Vapid02

from potluck.federation.errors import FederationError
from potluck.federation.fetch import SafeClient, retry_after
from potluck.social.push import decode, encode, public_bytes

TTL_SECONDS = 48 * 3600
MAX_PAYLOAD = 3800  # push services take 4096 bytes with what encryption adds
_TOKEN_SECONDS = 12 * 3600


@dataclass(frozen=True, slots=True)
class Target:
    """Where and for whom: endpoint, the app's public key and secret (base64url), and the form it reads."""

    endpoint: str
    p256dh: str
    auth: str
    standard: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message: taken, or the endpoint is gone, or neither (try again)."""

    taken: bool
    gone: bool = False
    retry_after: float | None = None
    reason: str = ""


class Sender:
    """Sends with one server's key.

    Args:
        client: for the requests.
        key: the VAPID key.
        contact: `mailto:` or `https:` address for the people who run the push service.
    """

    def __init__(self, client: SafeClient, key: ec.EllipticCurvePrivateKey, contact: str) -> None:
        self._client = client
        self._key = key
        self._contact = contact

    async def send(self, target: Target, payload: bytes, *, urgent: bool) -> Outcome:
        """Send a message; no trouble with the other side is an exception."""
        try:
            body, headers = self.sealed(target, payload)
            headers["Urgency"] = "high" if urgent else "normal"
            answer = await self._client.post(target.endpoint, body, headers)
        except FederationError as error:
            return Outcome(False, reason=str(error)[:200])
        except (http_ece.ECEException, ValueError) as error:
            return Outcome(False, gone=True, reason=f"unusable keys: {error}"[:200])
        if answer.ok:
            return Outcome(True)
        return Outcome(False, gone=answer.status in (404, 410), retry_after=retry_after(answer.headers),
                       reason=f"status {answer.status}")

    def sealed(self, target: Target, payload: bytes) -> tuple[bytes, dict[str, str]]:
        """Body and headers of a message."""
        version = "aes128gcm" if target.standard else "aesgcm"
        salt, own = os.urandom(16), ec.generate_private_key(ec.SECP256R1())
        body = http_ece.encrypt(payload, salt=salt, private_key=own, dh=decode(target.p256dh),
                                auth_secret=decode(target.auth), version=version)
        headers = {"Content-Type": "application/octet-stream", "Content-Encoding": version, "TTL": str(TTL_SECONDS)}
        claims = {"sub": self._contact, "aud": _origin(target.endpoint), "exp": int(time.time()) + _TOKEN_SECONDS}
        if target.standard:
            headers.update(Vapid02(self._key, conf={"no-strict": True}).sign(claims))
        else:
            headers["Encryption"] = f"salt={encode(salt)}"
            headers.update(Vapid01(self._key, conf={"no-strict": True}).sign(
                claims, crypto_key=f"dh={encode(public_bytes(own))}"))
        return body, headers


def _origin(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}"
