"""Double-knock: the order of schemes, what stands, and what is remembered (protocol §3)."""

from __future__ import annotations

import pytest

from potluck.federation.signatures.ladder import FORGET, MEMORY_SECONDS, Forget, Memory, start
from potluck.federation.signatures.request import Scheme
from potluck.federation.signatures.signer import LocalMemory

NOW = 1_800_000_000.0
CAVAGE, NO_QUERY, RFC = Scheme.CAVAGE, Scheme.CAVAGE_NO_QUERY, Scheme.RFC9421


def climb(
    method: str, statuses: list[int], *, query: bool = False, stored: Scheme | None = None, age: float = 0
) -> tuple[list[Scheme], Memory | Forget | None]:
    """Send until an answer stands; statuses are answered in order, the last one again and again."""
    ladder = start(method, query, Memory(stored, NOW - age) if stored else None, NOW)
    tried = []
    while True:
        tried.append(ladder.scheme)
        status = statuses[min(len(tried), len(statuses)) - 1]
        higher = ladder.after(status)
        if higher is None:
            return tried, ladder.lesson(status, NOW)
        ladder = higher


@pytest.mark.parametrize(
    ("method", "query", "expected"),
    [
        ("POST", False, [CAVAGE, RFC]),
        ("POST", True, [CAVAGE, RFC]),
        ("GET", False, [CAVAGE, RFC]),
        ("GET", True, [CAVAGE, NO_QUERY, RFC]),
    ],
)
def test_the_rungs(method: str, query: bool, expected: list[Scheme]) -> None:
    """POST: cavage, then RFC 9421. GET: without the query in between, if there is one."""
    assert climb(method, [401], query=query) == (expected, None)


@pytest.mark.parametrize("status", [200, 202, 204, 403, 404, 405, 406, 410, 422, 429, 500, 503])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_answers_stand(method: str, status: int) -> None:
    """Only 401 (and 400 to a POST) is about the signature; blocks must not double our traffic."""
    assert climb(method, [status], query=True) == ([CAVAGE], None)


def test_400_counts_for_post_only() -> None:
    """Mastodon answers an unparsable header with 400; a GET's 400 means something else."""
    assert climb("POST", [400, 202]) == ([CAVAGE, RFC], Memory(RFC, NOW))
    assert climb("GET", [400], query=True) == ([CAVAGE], None)


def test_success_is_remembered() -> None:
    """The scheme that worked after a knock is stored; the default needs no storing."""
    assert climb("GET", [401, 200], query=True)[1] == Memory(NO_QUERY, NOW)
    assert climb("GET", [401, 401, 200], query=True)[1] == Memory(RFC, NOW)
    assert climb("POST", [202])[1] is None
    assert climb("POST", [401, 403])[1] is None


def test_a_memory_is_used_first() -> None:
    """What worked is tried first, and left as it is when it works again."""
    assert climb("POST", [202], stored=RFC) == ([RFC], None)
    assert climb("GET", [200], stored=NO_QUERY, query=True) == ([NO_QUERY], None)
    assert climb("POST", [400], stored=RFC) == ([RFC], None)


def test_a_memory_that_fails_is_dropped() -> None:
    """A stored scheme that gets 401 is forgotten, and the ladder starts again once."""
    assert climb("POST", [401, 202], stored=RFC) == ([RFC, CAVAGE], FORGET)
    assert climb("POST", [401], stored=RFC) == ([RFC, CAVAGE], FORGET)
    assert climb("GET", [401, 401, 200], stored=RFC, query=True) == (
        [RFC, CAVAGE, NO_QUERY],
        Memory(NO_QUERY, NOW),
    )


def test_a_memory_expires() -> None:
    """After seven days the default is tried again."""
    assert climb("POST", [202], stored=RFC, age=MEMORY_SECONDS + 1) == ([CAVAGE], None)
    assert climb("POST", [202], stored=RFC, age=MEMORY_SECONDS - 1) == ([RFC], None)


def test_without_query_there_is_one_cavage() -> None:
    """Leaving out a query that is not there is no other scheme."""
    assert climb("POST", [400, 202], stored=NO_QUERY) == ([CAVAGE, RFC], Memory(RFC, NOW))


def test_the_local_memory_is_bounded() -> None:
    """The oldest origins are forgotten first, and any on request."""
    memory = LocalMemory(2)
    for number in range(3):
        memory.learn(f"https://{number}.example", Memory(RFC, NOW))
    assert memory.recall("https://0.example") is None
    assert memory.recall("https://2.example") == Memory(RFC, NOW)
    memory.learn("https://2.example", None)
    assert memory.recall("https://2.example") is None
