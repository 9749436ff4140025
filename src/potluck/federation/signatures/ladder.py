"""Double-knock: which scheme to sign with, and what an answer teaches about it (protocol §3, "for us").

Pure decisions; the caller sends, and keeps what was learned per origin.

    ladder = start(method, has_query, memory, now)
    while True:
        status = …send, signed with ladder.scheme…
        higher = ladder.after(status)
        if higher is None: break
        ladder = higher
    lesson = ladder.lesson(status, now)     # Memory to store, FORGET to drop the stored one, None to leave it
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from potluck.federation.signatures.request import Scheme

MEMORY_SECONDS = 7 * 86400.0


@dataclass(frozen=True, slots=True)
class Memory:
    """The scheme that last worked with an origin, and when that was learned (Unix time)."""

    scheme: Scheme
    learned_at: float


class Forget(Enum):
    """The one value `FORGET`."""

    FORGET = "forget"


FORGET = Forget.FORGET


@dataclass(frozen=True, slots=True)
class Ladder:
    """Where one request stands: the scheme to sign with now, and those left to try.

    Attributes:
        scheme: to sign this attempt with.
        left: schemes left, in order.
        knocks: statuses that mean "sign differently".
        stored: the scheme that was remembered for the origin, if any.
    """

    scheme: Scheme
    left: tuple[Scheme, ...]
    knocks: frozenset[int]
    stored: Scheme | None = None

    def after(self, status: int) -> Ladder | None:
        """The ladder for the next attempt, or None when the answer stands.

        403 and 404 stand, or a block would double our traffic. A remembered scheme is given up on 401 only.
        """
        refused = status == 401 if self.scheme == self.stored else status in self.knocks
        if not refused or not self.left:
            return None
        return replace(self, scheme=self.left[0], left=self.left[1:])

    def lesson(self, status: int, now: float) -> Memory | Forget | None:
        """What to remember once the answer stands."""
        if 200 <= status < 300 and self.scheme != self.stored:
            if self.scheme is not Scheme.CAVAGE:
                return Memory(self.scheme, now)
            return FORGET if self.stored else None
        if self.stored and (self.scheme != self.stored or status == 401):
            return FORGET
        return None


def start(method: str, has_query: bool, memory: Memory | None, now: float) -> Ladder:
    """The ladder for a new request.

    Args:
        method: POST climbs on 400 and 401 from cavage to RFC 9421; GET on 401 only, by way of cavage without
            query. has_query: whether the url has a query; without one, leaving it out changes nothing.
            memory: what is remembered of the origin; ignored when older than seven days. now: Unix time.
    """
    get = method.upper() == "GET"
    rungs = [Scheme.CAVAGE, Scheme.RFC9421]
    if get and has_query:
        rungs.insert(1, Scheme.CAVAGE_NO_QUERY)
    knocks = frozenset({401}) if get else frozenset({400, 401})
    expired = memory is None or memory.learned_at < now - MEMORY_SECONDS
    if memory is None or expired or (memory.scheme is Scheme.CAVAGE_NO_QUERY and not has_query):
        return Ladder(rungs[0], tuple(rungs[1:]), knocks)
    left = tuple(rung for rung in rungs if rung is not memory.scheme)
    return Ladder(memory.scheme, left, knocks, memory.scheme)
