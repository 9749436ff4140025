"""How often something may be tried: token buckets in memory, bounded in number.

Each web process counts for itself; a limit is thus at most multiplied by their number. What must hold absolutely
(single use of codes and tokens) is held by the database instead.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from potluck.settings import current
from potluck.social.errors import TooMany

_MOST = 20_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Limiter:
    """Lets through `burst` tries at once and then one every `seconds_each`, for each key.

    When more keys than fit are in use, the least recently used one is forgotten: an attacker with many addresses can
    so free a single one of them, but never gain more than with yet another address.
    """

    def __init__(self, burst: int, seconds_each: float, *, most: int = _MOST,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._burst = burst
        self._each = seconds_each
        self._most = most
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, key: str, text: str = "Too many attempts. Please wait a while") -> None:
        """Count a try.

        Raises:
            TooMany: there were too many; it says how long to wait.
        """
        if not current().rate_limits:
            return
        bucket = self._refilled(key)
        if bucket.tokens < 1:
            raise TooMany(text, retry_after=max(1, math.ceil((1 - bucket.tokens) * self._each)))
        bucket.tokens -= 1

    def reset(self, key: str) -> None:
        """Forget the tries of a key, after a success."""
        self._buckets.pop(key, None)

    def _refilled(self, key: str) -> _Bucket:
        moment = self._clock()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(self._burst, moment)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
            bucket.tokens = min(self._burst, bucket.tokens + (moment - bucket.at) / self._each)
            bucket.at = moment
        return bucket

    def __len__(self) -> int:
        return len(self._buckets)


def address_key(address: str) -> str:
    """What is counted of an IP address: of IPv6 the /64, since one household has at least as many."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))
    return str(parsed)
