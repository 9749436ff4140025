"""What the machine itself can do, measured in the same run: the units every cost is given in."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa


@dataclass(frozen=True, slots=True)
class Limits:
    """CPU seconds of one RSA-2048 signature (S) and of one verification, on one core."""

    sign: float
    verify: float


def measure() -> Limits:
    """Measure for about a second."""
    key = rsa.generate_private_key(65537, 2048)
    data = b"(request-target): post /inbox\nhost: example.org"
    signature = key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    public = key.public_key()
    return Limits(
        _cost(lambda: key.sign(data, padding.PKCS1v15(), hashes.SHA256())),
        _cost(lambda: public.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())),
    )


def _cost(act: Callable[[], object]) -> float:
    """CPU seconds of one call, the best of five rounds of a tenth of a second."""
    best = float("inf")
    for _ in range(5):
        started, calls = time.process_time(), 0
        while time.process_time() - started < 0.1:
            act()
            calls += 1
        best = min(best, (time.process_time() - started) / calls)
    return best
