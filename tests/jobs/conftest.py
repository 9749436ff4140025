"""Jobs that only tests know, and an engine to run them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from potluck import jobs
from potluck.db.engine import Database
from potluck.jobs import registry
from potluck.jobs.engine import JobEngine
from potluck.social.live import Waker
from potluck.social.model import Actor
from support.cast import local_actor


class Bench:
    """What the jobs of these tests did, and words to add and run them."""

    def __init__(self, db: Database, alice: Actor, eve: Actor) -> None:
        self.db, self.alice, self.eve = db, alice, eve
        self.log: list[str] = []
        self.go_on = asyncio.Event()
        self.begun = asyncio.Event()
        self.errors: list[Exception] = []
        self.ended: list[str] = []

    def engine(self) -> JobEngine:
        """An engine of its own name on the same database."""
        return JobEngine(self.db, Waker(self.db))

    async def add(self, name: str = "two_steps", *args: Any, **more: Any) -> int:
        """Enqueue a job of Alice's."""
        async with self.db.write() as session:
            return await jobs.enqueue(session, name, *args, owner_id=self.alice.id, **more)

    async def state(self, job_id: int) -> jobs.Progress:
        """How it stands."""
        async with self.db.read() as session:
            found = await jobs.one(session, job_id)
        assert found is not None
        return found

    async def is_(self, job_id: int, state: str, progress: float = 0.0) -> bool:
        """Whether it stands so."""
        found = await self.state(job_id)
        return found.state == state and found.progress >= progress

    async def act(self, what: Any, *args: Any, **more: Any) -> Any:
        """One of the functions that take a session, in a transaction."""
        async with self.db.write() as session:
            return await what(session, *args, **more)


@pytest.fixture
async def bench(database: Database, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The jobs: `two_steps` waits between its steps for `go_on`; `trouble` raises what `errors` holds."""
    made = Bench(database, local_actor("alice"), local_actor("eve"))
    async with database.write() as session:
        session.add_all([made.alice, made.eve])
    monkeypatch.setattr(registry, "definitions", {})

    async def ended(_session: Any, row: jobs.JobRow) -> None:
        made.ended.append(row.state)

    @jobs.define("two_steps", queue="transcoding", label="Two steps", ended=ended)
    async def two_steps(job: jobs.Job, number: int = 0) -> None:
        async def first() -> int:
            made.log.append(f"first {number}")
            return number + 1

        async def second() -> None:
            made.log.append(f"second {got}")

        got = await job.step("first", first)
        job.report(0.5, "Half of %(what)s", what="it")
        made.begun.set()
        await made.go_on.wait()
        await job.step("second", second)

    @jobs.define("trouble", queue="general", label="Trouble", attempts=2, ended=ended)
    async def trouble(job: jobs.Job) -> None:
        async def once() -> None:
            made.log.append("once")

        await job.step("once", once)
        made.log.append(f"attempt {job.attempt}")
        if made.errors:
            raise made.errors.pop(0)

    return made


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """One job of a kind of work at a time, over all engines."""
    only = {"transcoding": registry.Limit(1, 1), "general": registry.Limit(8, 8)}
    monkeypatch.setattr(registry, "limits", lambda _settings: only)


