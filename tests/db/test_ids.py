"""Ids: time-ordered, unique over processes, small enough for every client."""

import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potluck.db.ids import NODES, IdGenerator, floor_at, time_of

module = sys.modules["potluck.db.ids"]


def test_unique_over_two_nodes() -> None:
    """Two processes with different node numbers never make the same id, however fast they are."""
    first, second = IdGenerator(1), IdGenerator(2)
    made = [generator.new() for _ in range(10_000) for generator in (first, second)]
    assert len(set(made)) == len(made)


def test_unique_over_threads() -> None:
    """Threads of one process share a generator without repeating an id."""
    generator, made = IdGenerator(3), []

    def work() -> None:
        made.append([generator.new() for _ in range(5_000)])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({value for part in made for value in part}) == 20_000


def test_monotonic() -> None:
    """Every id is larger than the one made before it."""
    generator = IdGenerator(63)
    made = [generator.new() for _ in range(20_000)]
    assert made == sorted(made)


def test_borrows_when_a_millisecond_is_used_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """More ids than one millisecond holds are taken from the next ones; nothing waits and nothing repeats."""
    moment = 1_790_000_000.0
    monkeypatch.setattr(module.time, "time", lambda: moment)
    generator = IdGenerator(5)
    made = [generator.new() for _ in range(200)]
    assert len(set(made)) == 200
    assert time_of(made[0]) == datetime.fromtimestamp(moment, UTC)
    assert time_of(made[-1]) - time_of(made[0]) == timedelta(milliseconds=3)


def test_clock_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is set back does not make ids run backwards."""
    generator = IdGenerator()
    before = generator.new()
    monkeypatch.setattr(module.time, "time", lambda: 1_500_000_000.0)
    assert generator.new() > before


@given(st.integers(0, NODES - 1), st.datetimes(datetime(2008, 1, 1), datetime(2077, 1, 1), timezones=st.just(UTC)))
def test_below_two_to_the_53(node: int, moment: datetime) -> None:
    """Every id until 2077 is a number that JavaScript holds exactly."""
    assert 0 < IdGenerator(node).at(moment) < 2**53


@given(st.datetimes(datetime(2008, 1, 3), datetime(2026, 1, 1), timezones=st.just(UTC)))
def test_at_sorts_by_time(moment: datetime) -> None:
    """The id of something said earlier elsewhere stands for the second in which it was said."""
    made, second = IdGenerator().at(moment), moment.replace(microsecond=0)
    assert floor_at(second) <= made < floor_at(second + timedelta(seconds=1))


def test_old_things_rarely_clash() -> None:
    """Things from before the epoch are spread over a whole day, so that an archive of them gets different ids."""
    generator = IdGenerator()
    made = [generator.at(datetime(1999, 1, 1, tzinfo=UTC)) for _ in range(20_000)]
    assert len(set(made)) == len(made)
    assert max(made) < floor_at(datetime(2008, 1, 3, tzinfo=UTC))


def test_new_things_get_an_id_of_now() -> None:
    """What was said within the last ten minutes, or claims to be from the future, sorts by its arrival."""
    generator = IdGenerator()
    for published in (datetime.now(UTC) - timedelta(minutes=5), datetime.now(UTC) + timedelta(hours=20)):
        assert abs(time_of(generator.for_time(published)).timestamp() - time.time()) < 1
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    assert abs(time_of(generator.for_time(hour_ago)) - hour_ago) < timedelta(seconds=2)
