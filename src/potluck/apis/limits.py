"""How many calls an account or address may make in five minutes, and the headers that tell apps where they stand."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache

from potluck.apis.errors import ApiError
from potluck.social.act_limits import Standing

WINDOW_SECONDS = 300
LIMIT = 300
STRICT_WINDOW_SECONDS = 1800
STRICT_LIMIT = 30
_MOST_KEYS = 100_000


class Windows:
    """Counters per key in fixed windows of time; they are all forgotten when a window ends, so memory is bounded."""

    def __init__(self, limit: int, seconds: int) -> None:
        self.limit = limit
        self.seconds = seconds
        self._window = 0
        self._counts: dict[str, int] = {}

    def count(self, key: str, limit: int | None = None) -> list[tuple[str, str]]:
        """Count one call; returns the three headers.

        Args:
            limit: instead of the usual one.

        Raises:
            ApiError: the limit is reached (429).
        """
        limit = limit or self.limit
        now = time.time()
        window = int(now // self.seconds)
        if window != self._window or len(self._counts) >= _MOST_KEYS:
            self._window = window
            self._counts.clear()
        used = self._counts[key] = self._counts.get(key, 0) + 1
        end = (window + 1) * self.seconds
        headers = [("x-ratelimit-limit", str(limit)),
                   ("x-ratelimit-remaining", str(max(0, limit - used))),
                   ("x-ratelimit-reset", _stamp(end))]
        if used > limit:
            wait = max(1, int(end - now))
            raise ApiError(429, "Too many requests", headers={**dict(headers), "retry-after": str(wait)})
        return headers

    def clear(self) -> None:
        """Count anew."""
        self._counts.clear()


def headers_of(standing: Standing | None) -> list[tuple[str, str]]:
    """The three headers for what is limited by itself, instead of those for calls."""
    if standing is None:
        return []
    return [("x-ratelimit-limit", str(standing.limit)), ("x-ratelimit-remaining", str(standing.remaining)),
            ("x-ratelimit-reset", _stamp(int(standing.resets_at.timestamp())))]


@lru_cache(maxsize=4)
def _stamp(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
