"""Jobs: done once, gone on with after a crash, bounded, cancellable, and explained when they fail."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select, update

from jobs.conftest import Bench
from potluck import jobs
from potluck.db.base import now
from potluck.jobs import claiming, registry
from potluck.jobs.engine import OUR_FAULT, JobEngine
from potluck.jobs.model import JobRow, JobStep
from potluck.social.live import Hub, Waker
from support.cast import ago
from support.databases import statements
from support.servers import eventually


async def _until_begun(bench: Bench, engine: JobEngine) -> None:
    await engine.look()
    await asyncio.wait_for(bench.begun.wait(), 10)
    bench.begun.clear()


async def test_a_job_of_a_transaction_that_fails_is_never_done(bench: Bench) -> None:
    """A job belongs to its cause: without the commit there is none."""
    with pytest.raises(RuntimeError):
        async with bench.db.write() as session:
            await jobs.enqueue(session, "two_steps", 1)
            raise RuntimeError
    await bench.engine().drain()
    assert not bench.log


async def test_a_job_is_done_and_forgotten_later(bench: Bench) -> None:
    """Its steps are done in order, its end is seen, and a week later it is gone."""
    bench.go_on.set()
    job_id = await bench.add("two_steps", 7)
    await bench.engine().drain()
    found = await bench.state(job_id)
    assert (bench.log, found.state, found.progress) == (["first 7", "second 8"], "done", 1.0)
    await bench.act(lambda session: session.execute(update(JobRow).values(finished_at=ago(days=8))))
    await bench.act(jobs.trim)
    async with bench.db.read() as session:
        assert await jobs.one(session, job_id) is None
        assert await session.scalar(select(func.count()).select_from(JobStep)) == 0


async def test_a_key_is_held_by_one_unfinished_job(bench: Bench) -> None:
    """Adding it again gives the one that waits; when that is over, a new one."""
    first = await bench.add("trouble", key="that")
    assert await bench.add("trouble", key="that") == first
    await bench.engine().drain()
    second = await bench.add("trouble", key="that")
    assert second != first
    async with bench.db.read() as session:
        assert (await jobs.progress(session, ["that", "other"]))["that"].id == second


async def test_what_no_version_knows_is_refused_and_what_this_one_does_not_know_waits(bench: Bench) -> None:
    """An engine leaves jobs alone that another version of Potluck added."""
    with pytest.raises(ValueError, match="no job is named"):
        await bench.add("nonsense")
    job_id = await bench.add("trouble")
    await bench.act(lambda session: session.execute(update(JobRow).values(name="from_the_future")))
    await bench.engine().drain()
    assert (await bench.state(job_id)).state == "waiting"


async def test_a_job_waits_for_its_time(bench: Bench) -> None:
    """`run_at` is kept, can be moved, and the engine sleeps until then."""
    job_id = await bench.add("trouble", key="later", run_at=now() + timedelta(seconds=30))
    engine = bench.engine()
    assert 25 < await engine.look() <= 30
    assert (await bench.state(job_id)).state == "waiting"
    assert await bench.act(jobs.move, "later", ago(seconds=1))
    await engine.drain()
    assert (await bench.state(job_id)).state == "done"


async def test_an_idle_engine_hardly_asks(bench: Bench) -> None:
    """One look at an empty table is two reads and no write, and the next is a minute away."""
    engine = bench.engine()
    with statements(bench.db) as sent:
        assert await engine.look() == 60
    assert len([one for one in sent if one.startswith("SELECT")]) == 2
    assert not [one for one in sent if one.startswith(("INSERT", "UPDATE", "DELETE"))]


async def test_a_job_goes_on_where_its_dead_engine_stopped(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another engine takes it over when the lease has run out; the finished step is not done again."""
    job_id = await bench.add("two_steps", 1)
    dead = bench.engine()
    await _until_begun(bench, dead)
    await bench.act(lambda session: session.execute(
        update(JobRow).values(lease_until=ago(seconds=1), worker="elsewhere:1:x")))
    bench.go_on.set()
    await bench.engine().drain()
    assert (await bench.state(job_id)).state == "done"
    await dead.drain()  # it is not dead after all, but what it does now counts for nothing
    assert bench.log == ["first 1", "second 2", "second 2"]
    assert (await bench.state(job_id)).attempts == 2


async def test_a_dead_process_of_this_machine_is_noticed_at_once(bench: Bench) -> None:
    """Its lease need not run out: the process is no more, or its number is ours by now."""
    ours = bench.engine().worker
    host = ours.rsplit(":", 2)[0]
    assert claiming._is_dead(f"{host}:{os.getpid()}:before", ours)
    assert claiming._is_dead(f"{host}:4194305:x", ours)
    assert not claiming._is_dead(f"{host}:1:x", ours)
    assert not claiming._is_dead("elsewhere:4194305:x", ours)


async def test_an_engine_that_stops_gives_its_jobs_back(bench: Bench) -> None:
    """The next one goes on at once, and the attempt does not count."""
    job_id = await bench.add("two_steps", 1)
    engine = bench.engine()
    await _until_begun(bench, engine)
    await engine.close()
    found = await bench.state(job_id)
    assert (found.state, found.attempts) == ("waiting", 0)
    bench.go_on.set()
    await bench.engine().drain()
    assert bench.log == ["first 1", "second 2"]


async def test_what_takes_its_engine_down_again_and_again_is_given_up(bench: Bench) -> None:
    """After eight begins that nobody saw end, it fails, in words."""
    job_id = await bench.add("trouble")
    await bench.act(lambda session: session.execute(update(JobRow).values(
        state="running", worker="elsewhere:1:x", lease_until=ago(seconds=1), attempts=8)))
    await bench.engine().drain()
    found = await bench.state(job_id)
    assert (found.state, found.message, bench.log) == ("failed", claiming.INTERRUPTED, [])


@pytest.mark.usefixtures("one_at_a_time")
async def test_work_of_a_kind_is_bounded_over_all_engines(bench: Bench) -> None:
    """While one runs, no engine begins another of its kind; others of other kinds are not held up."""
    first, second, other = [await bench.add(name) for name in ("two_steps", "two_steps", "trouble")]
    one, two = bench.engine(), bench.engine()
    await _until_begun(bench, one)
    await two.look()
    await eventually(partial(bench.is_, other, "done"))
    assert [(await bench.state(job_id)).state for job_id in (first, second)] == ["running", "waiting"]
    bench.go_on.set()
    await one.drain()
    await two.drain()
    assert (await bench.state(second)).state == "done"


async def test_two_engines_never_take_the_same_job(bench: Bench) -> None:
    """Each job is done once, however many look at the same moment."""
    for _ in range(6):
        await bench.add("trouble")
    await asyncio.gather(*(bench.engine().drain() for _ in range(3)))
    assert bench.log.count("once") == 6


async def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_soon(bench: Bench) -> None:
    """Only its owner's word counts; afterwards it can be begun anew."""
    waiting = await bench.add("trouble")
    assert not await bench.act(jobs.cancel, waiting, owner_id=bench.eve.id)
    assert await bench.act(jobs.cancel, waiting, owner_id=bench.alice.id)
    running = await bench.add("two_steps", 1, key="it")
    engine = bench.engine()
    await _until_begun(bench, engine)
    assert await bench.act(jobs.cancel_key, "it")
    await engine.look()
    await engine.drain()
    assert [(await bench.state(job_id)).state for job_id in (waiting, running)] == ["cancelled", "cancelled"]
    assert bench.ended == ["cancelled", "cancelled"]
    bench.go_on.set()
    assert await bench.act(jobs.retry, running)
    assert not await bench.act(jobs.retry, running)
    await engine.drain()
    assert bench.log == ["first 1", "first 1", "second 2"]


async def test_trouble_is_tried_again_later_and_then_told_in_words(bench: Bench) -> None:
    """The owner reads a sentence, the administrator the error; trying again goes on after the finished steps."""
    bench.errors += [OSError("disk"), OSError("still"), OSError("never")]
    job_id = await bench.add("trouble")
    engine = bench.engine()
    await engine.drain()
    found = await bench.state(job_id)
    assert (found.state, found.detail) == ("waiting", "OSError: disk")
    assert found.run_at > now()
    await bench.act(lambda session: session.execute(update(JobRow).values(run_at=now())))
    await engine.drain()
    found = await bench.state(job_id)
    assert (found.state, found.message, found.detail) == ("failed", OUR_FAULT, "OSError: still")
    assert bench.ended == ["failed"]
    bench.errors.clear()
    assert await bench.act(jobs.retry, job_id, owner_id=bench.alice.id)
    await engine.drain()
    assert (await bench.state(job_id)).state == "done"
    assert bench.log == ["once", "attempt 1", "attempt 2", "attempt 1"]


async def test_what_cannot_be_done_fails_at_once_with_its_reason(bench: Bench) -> None:
    """`JobFailed` is final and carries words and their values."""
    bench.errors.append(jobs.JobFailed("This file has no %(what)s.", what="sound"))
    job_id = await bench.add("trouble")
    await bench.engine().drain()
    found = await bench.state(job_id)
    assert (found.state, found.message, found.message_data) == (
        "failed", "This file has no %(what)s.", {"what": "sound"})


async def test_a_job_can_wait_for_something(bench: Bench) -> None:
    """`JobPostponed` has it gone on with later, and counts as no failure."""
    bench.errors.append(jobs.JobPostponed(now() + timedelta(minutes=5)))
    job_id = await bench.add("trouble")
    await bench.engine().drain()
    found = await bench.state(job_id)
    assert (found.state, found.attempts) == ("waiting", 0)
    assert found.run_at > now() + timedelta(minutes=4)


async def test_a_step_in_a_transaction_is_done_exactly_once(bench: Bench) -> None:
    """What it wrote and its result are kept together or not at all."""
    async def write(session: Any) -> str:
        await jobs.enqueue(session, "trouble", key=f"child {len(bench.log)}")
        bench.log.append("wrote")
        if len(bench.log) == 1:
            raise OSError("crash")
        return "kept"

    got = []

    @jobs.define("parent", queue="general", label="Parent")
    async def parent(job: jobs.Job) -> None:
        got.append(await job.step_in("write", write))
        got.append(await job.step_in("write", write))

    await bench.add("parent")
    engine = bench.engine()
    await engine.drain()
    await bench.act(lambda session: session.execute(update(JobRow).values(run_at=now())))
    await engine.drain()
    assert (got, bench.log[:2]) == (["kept", "kept"], ["wrote", "wrote"])
    async with bench.db.read() as session:
        assert set((await session.scalars(select(JobRow.key).where(JobRow.key.is_not(None)))).all()) == {"child 1"}


async def test_the_owner_sees_progress_live_and_nobody_else(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin, progress in words, and end reach the owner's channel of jobs."""
    monkeypatch.setattr("potluck.jobs.engine.FLUSH_SECONDS", 0.02)
    async with Hub(bench.db, Waker(bench.db)) as hub, \
            hub.listen({f"jobs:{bench.alice.id}"}) as hers, \
            hub.listen({f"home:{bench.alice.id}", f"jobs:{bench.eve.id}"}) as others:
        job_id = await bench.add("two_steps", 1, subject="holiday.mp4")
        engine = bench.engine()
        await _until_begun(bench, engine)
        await eventually(partial(bench.is_, job_id, "running", 0.5))
        bench.go_on.set()
        await engine.drain()
        await hub.dispatch()
        told = [hers.get_nowait() for _ in range(hers.qsize())]
        assert [(one.data["state"], one.data["progress"]) for one in told if one] == [
            ("running", 0.0), ("running", 0.5), ("done", 1.0)]
        assert told[1] is not None
        assert told[1].data["message"] % told[1].data["message_data"] == "Half of it"
        assert told[1].data["subject"] == "holiday.mp4"
        assert others.empty()


async def test_lists_show_each_owner_only_their_own(bench: Bench) -> None:
    """Newest first, page by page; administrators see all and the counts."""
    first, second = [await bench.add("trouble") for _ in range(2)]
    async with bench.db.read() as session:
        assert [job.id for job in await jobs.of_owner(session, bench.alice.id)] == [second, first]
        assert [job.id for job in await jobs.of_owner(session, bench.alice.id, before=second)] == [first]
        assert not await jobs.of_owner(session, bench.eve.id)
        assert await jobs.one(session, first, owner_id=bench.eve.id) is None
        assert [job.id for job in await jobs.listed(session, "waiting", 1)] == [second]
        assert not await jobs.listed(session, "failed")
        assert await jobs.counts(session) == {"waiting": 2}


async def test_two_jobs_of_one_name_are_a_mistake(bench: Bench) -> None:
    """A name and a queue say what they mean."""
    with pytest.raises(ValueError, match="two jobs"):
        jobs.define("trouble", queue="general", label="Another")(test_an_engine_begins_what_comes_while_it_sleeps)
    with pytest.raises(ValueError, match="no queue"):
        jobs.define("other", queue="nowhere", label="Other")
    assert registry.label("unheard_of") == "unheard_of"


async def test_an_engine_begins_what_comes_while_it_sleeps(bench: Bench) -> None:
    """An engine runs until it is cancelled, and begins what comes meanwhile."""
    bench.go_on.set()
    async with Waker(bench.db) as waker:
        engine = JobEngine(bench.db, waker)
        running = asyncio.create_task(engine.run())
        await asyncio.sleep(0)
        job_id = await bench.add("two_steps", 1)
        await eventually(partial(bench.is_, job_id, "done"))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
