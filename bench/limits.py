"""What the machine itself can do, measured in the same run: the units every cost is given in."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

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


@dataclass(slots=True)
class Beside:
    """S as it was while something else was measured; on a busy machine everything costs more, signatures too."""

    samples: list[float] = field(default_factory=list)

    @property
    def sign(self) -> float:
        """The median."""
        return statistics.median(self.samples)


@contextmanager
def beside() -> Iterator[Beside]:
    """Measure S four times a second, in a thread that uses some two per cent of one core."""
    key = rsa.generate_private_key(65537, 2048)
    seen, ended = Beside(), threading.Event()

    def measure_often() -> None:
        while True:
            started = time.thread_time()
            for _ in range(12):
                key.sign(b"x", padding.PKCS1v15(), hashes.SHA256())
            seen.samples.append((time.thread_time() - started) / 12)
            if ended.wait(0.25):
                return

    thread = threading.Thread(target=measure_often)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()
