"""Token buckets and fading memories: bounded, and right about time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from potluck.settings import Settings, current, use
from potluck.social.accounts.rate_limits import Limiter, address_key
from potluck.social.errors import TooMany
from potluck.social.fading import FadingCache


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _settings():
    before = current()
    yield use(Settings())
    use(before)


def test_a_burst_and_then_one_at_a_time() -> None:
    """Three at once, then one every ten seconds; it says how long to wait."""
    clock = Clock()
    limiter = Limiter(3, 10, clock=clock)
    for _ in range(3):
        limiter.take("a")
    with pytest.raises(TooMany) as refused:
        limiter.take("a")
    assert refused.value.retry_after == 10
    limiter.take("b")
    clock.now = 10
    limiter.take("a")
    with pytest.raises(TooMany):
        limiter.take("a")
    clock.now = 1000
    for _ in range(3):
        limiter.take("a")


def test_memory_is_bounded() -> None:
    """However many keys come."""
    limiter = Limiter(1, 10, most=100)
    for number in range(1000):
        limiter.take(str(number))
    assert len(limiter) == 100


def test_limits_can_be_switched_off_for_measuring() -> None:
    """By a setting only."""
    use(replace(current(), rate_limits=False))
    limiter = Limiter(1, 10)
    for _ in range(5):
        limiter.take("a")


@pytest.mark.parametrize(("address", "key"), [
    ("203.0.113.9", "203.0.113.9"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), ("::ffff:203.0.113.9", "203.0.113.9"),
    ("nonsense", "unknown")])
def test_what_counts_as_one_address(address, key) -> None:
    """Of IPv6 the network of a household."""
    assert address_key(address) == key


def test_a_cache_fades_and_forgets() -> None:
    """By age, by room, and by wish; what was looked up before a wish is not kept after it."""
    clock = Clock()
    cache: FadingCache[str, int] = FadingCache(2, 10, clock)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert (cache.get("b"), len(cache)) == (None, 2)
    clock.now = 11
    assert cache.get("a") is None
    generation = cache.generation
    cache.put("d", 4)
    cache.forget(lambda value: value == 4)
    assert cache.get("d") is None
    cache.put("e", 5, generation)
    assert cache.get("e") is None
