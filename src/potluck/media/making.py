"""One attachment in the making: its original at hand, decoders in the sandbox, what they made kept as variants."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.jobs import Job, JobFailed
from potluck.media import files, sandbox
from potluck.media.encoding import Way
from potluck.media.facts import Facts
from potluck.media.sandbox.client import Outcome
from potluck.media.storage import Storage, storage_of
from potluck.settings import Settings
from potluck.social.model import Media

log = structlog.get_logger(__name__)

DAMAGED = "This file cannot be played: it is damaged, or of a kind that is not taken."
TOO_MUCH = "This file needs more %(what)s than this server gives to one file."
GONE = "The file was deleted before it was ready."

_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Made:
    """A file that becomes a variant."""

    name: str
    path: Path
    media_type: str
    facts: dict[str, Any] = field(default_factory=dict)  # width, height, duration, bitrate, meta


@dataclass(slots=True)
class Making:
    """The attachment a job is about."""

    job: Job
    media_id: int
    storage: Storage
    settings: Settings
    original: Path

    @property
    def way(self) -> Way:
        """How to encode, as the settings say."""
        return Way(self.settings.transcoding_preset, self.settings.transcoding_threads)

    @asynccontextmanager
    async def run(self, task: str, *, inputs: Mapping[str, Path | bytes] | None = None,
                  params: Mapping[str, Any] | None = None, limits: sandbox.Limits | None = None,
                  on_progress: Callable[[float], None] | None = None) -> AsyncIterator[Outcome]:
        """Do something in the sandbox; what is wrong with the file becomes words for its owner."""
        async with contextlib.AsyncExitStack() as stack:
            try:
                outcome = await stack.enter_async_context(sandbox.run(
                    task, inputs=inputs or {"file": self.original}, params=params or {}, limits=limits,
                    on_progress=on_progress))
            except sandbox.Refused as reason:
                log.info("media_refused", media=self.media_id, task=task, reason=str(reason))
                raise (JobFailed(DAMAGED) if task == "ffmpeg" else JobFailed(reason.message, **reason.data)) from reason
            except sandbox.Exhausted as reason:
                raise JobFailed(TOO_MUCH, what=reason.what) from reason
            except sandbox.Crashed as reason:
                log.warning("media_crashed_decoder", media=self.media_id, task=task, reason=str(reason))
                raise JobFailed(DAMAGED) from reason
            yield outcome

    async def encode(self, step: str, arguments: Sequence[str], facts: Facts,
                     collect: Callable[[Outcome], tuple[list[Made], Any]], *, span: tuple[float, float],
                     inputs: Mapping[str, Path | bytes] | None = None, output_bytes: int = 0) -> Any:
        """One run of ffmpeg as a step: what `collect` finds becomes variants in the transaction that ends the step.

        Returns:
            What `collect` gave beside the files; kept, and given again after a restart.
        """
        if step in self.job.finished:
            return self.job.finished[step]
        params = {"arguments": list(arguments), "seconds": facts.seconds}
        async with self.run("ffmpeg", inputs=inputs, params=params, limits=self._limits(facts, output_bytes),
                            on_progress=self.job.span(*span)) as outcome:
            made, result = await asyncio.to_thread(collect, outcome)
            return await self.keep(step, made, result)

    async def keep(self, step: str, made: Sequence[Made], result: Any = None) -> Any:
        """Store files, and make them variants in the transaction that ends the step. Several may be one file."""
        types = {one.path: one.media_type for one in made}
        stored = {path: await self.storage.put(path, media_type, move=True) for path, media_type in types.items()}

        async def write(session: AsyncSession) -> Any:
            media = await media_row(session, self.media_id)
            for one in made:
                await files.add_variant(session, self.storage, media, one.name, stored[one.path], **one.facts)
            return result

        return await self.job.step_in(step, write)

    def _limits(self, facts: Facts, output_bytes: int) -> sandbox.Limits:
        """Room and time in proportion to the file: many times what it should need, but an end."""
        size = facts.picture.size if facts.picture else None
        elements = size.width * size.height if size else 0
        cpu = int(300 + facts.seconds * max(1.0, elements / (640 * 360)) * 6)
        memory = 1536 * _MIB + elements * 150 * max(2, self.settings.transcoding_threads)
        return sandbox.Limits(memory=memory, cpu_seconds=cpu, wall_seconds=2.0 * cpu,
                              output_bytes=max(256 * _MIB, output_bytes), files=20)


async def media_row(session: AsyncSession, media_id: int) -> Media:
    """The attachment, locked.

    Raises:
        JobFailed: it is no more.
    """
    row = await session.scalar(select(Media).where(Media.id == media_id).with_for_update().execution_options(
        populate_existing=True))
    if row is None:
        raise JobFailed(GONE)
    return row


@asynccontextmanager
async def making(job: Job, media_id: int) -> AsyncIterator[Making]:
    """The attachment with its original on this machine: where it lies, or fetched from the bucket for the while."""
    storage = storage_of(job.db.settings)
    async with job.db.read() as session:
        variants = (await files.variants_of(session, [media_id])).get(media_id, {})
    if files.ORIGINAL not in variants:
        raise JobFailed(GONE)
    async with at_hand(storage, variants[files.ORIGINAL][1]) as path:
        yield Making(job, media_id, storage, job.db.settings, path)


@asynccontextmanager
async def at_hand(storage: Storage, key: str) -> AsyncIterator[Path]:
    """A stored file as a path on this machine; it must not be changed."""
    path = storage.local.path(key)
    if await asyncio.to_thread(path.exists):
        yield path
        return
    fetched = await asyncio.to_thread(storage.local.arriving)
    try:
        await storage.fetch_to(key, fetched)
        yield fetched
    finally:
        await asyncio.to_thread(fetched.unlink, missing_ok=True)
