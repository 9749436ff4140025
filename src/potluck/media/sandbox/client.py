"""The caller's side: hands a job to the fork server and brings back what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from potluck.media.sandbox import memfd, privileges
from potluck.media.sandbox.errors import Unavailable
from potluck.media.sandbox.forking import ForkServer
from potluck.media.sandbox.hearing import Words, keep_end, listen, notices
from potluck.media.sandbox.limits import MIB, Limits
from potluck.media.sandbox.outcomes import Job, Outcome, judge
from potluck.media.sandbox.programs import ffmpeg

__all__ = ["PACKAGES", "PROGRAM", "SEALED_BYTES", "Outcome", "Sandbox"]

PROGRAM = "ffmpeg"
"""The name of the task that is a program instead of a function."""

SEALED_BYTES = 128 * MIB
"""Larger files are not copied into sealed memory: the worker gets a read-only descriptor of the file."""

PACKAGES = ("potluck.media.tasks",)
"""Whose modules hold the tasks."""

_ATTEMPTS = 3
_STALE_SECONDS = 86_400


class Sandbox:
    """Runs jobs in worker processes. One for each process of the server is enough (`sandbox.run`).

    Args:
        work: folder for what workers write.
        policy: `memfd_noexec`, see `memfd`.
        server: forks the workers; may serve several sandboxes.
        without: walls to leave down (tests): root, user, landlock, seccomp; see also `ForkServer`.
    """

    def __init__(self, work: Path, *, policy: int = memfd.PREFER, server: ForkServer | None = None,
                 without: frozenset[str] = frozenset()) -> None:
        self.work = work
        self.policy = policy
        self.without = without
        self.server = server or ForkServer(PACKAGES, without=without)

    @contextlib.asynccontextmanager
    async def run(self, task: str, *, inputs: Mapping[str, Path | bytes], params: Mapping[str, Any] | None = None,
                  limits: Limits | None = None, on_progress: Callable[[float], None] | None = None,
                  ) -> AsyncIterator[Outcome]:
        """Do one job; the files it made are there within the `async with`.

        Args:
            task: name of a task in `media/tasks`, or `ffmpeg`.
            inputs: the bytes or files the worker may read.
            params: what else it is told; must be JSON. For `ffmpeg`: `arguments`, where `-i {name}` is the input
                `name` and outputs are relative paths; `seconds`, how long the output will be, for progress.
            limits: what it may use.
            on_progress: told a fraction from 0 to 1 now and then.

        Raises:
            Refused, Exhausted, Crashed: the bytes are to blame; the same bytes will fail again.
            Unavailable: they are not.
        """
        program = await asyncio.to_thread(ffmpeg) if task == PROGRAM else None
        if task == PROGRAM and program is None:
            raise Unavailable("there is no ffmpeg with the fd protocol (version 6 or later)")
        folder = self.work.resolve() / secrets.token_hex(12)
        try:
            await _settled(self._make, folder)
            with _Inputs() as opened:
                await _settled(opened.open, inputs, self.policy)
                job = Job(task, params or {}, limits or Limits(), tuple(inputs), tuple(opened.fds), folder, program)
                outcome = await self._attempt(job, on_progress)
            yield outcome
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))

    async def _attempt(self, job: Job, on_progress: Callable[[float], None] | None) -> Outcome:
        """Run the job; again if the fork server ended (it was idle) before it took the job."""
        for _ in range(_ATTEMPTS):
            outcome = await self._once(job, on_progress)
            if outcome:
                return outcome
        raise Unavailable("the fork server of the sandbox does not start")

    async def _once(self, job: Job, on_progress: Callable[[float], None] | None) -> Outcome | None:
        pairs = [socket.socketpair() for _ in range(3)]
        ours = [pair[0] for pair in pairs]
        try:
            try:
                await _settled(self._send, job, [pair[1].fileno() for pair in pairs])
            finally:
                for _, theirs in pairs:
                    theirs.close()
            words = Words(on_progress, float(job.params.get("seconds", 0)), {})
            said = asyncio.gather(listen(ours[0], words), keep_end(ours[1]), notices(ours[2]))
            problem, ending, notice = await said
        finally:
            for side in ours:
                side.close()
        if "started" not in notice:
            return None
        return await asyncio.to_thread(judge, job, words.said, problem, ending, notice)

    def _send(self, job: Job, theirs: list[int]) -> None:
        order = json.dumps({
            "task": job.task, "params": job.params, "names": job.names, "limits": asdict(job.limits),
            "program": asdict(job.program) if job.program else None, "without": [*self.without],
        }).encode()
        folder = os.open(job.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self.server.send(order, [*theirs, folder, *job.fds])
        finally:
            os.close(folder)

    def close(self) -> None:
        """End the fork server and with it every worker."""
        self.server.close()

    def _make(self, folder: Path) -> None:
        self.work.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            with contextlib.suppress(OSError):
                os.chown(folder, privileges.NOBODY, privileges.NOBODY)

    def sweep(self) -> None:
        """Remove what a server that was killed left in the work folder."""
        with contextlib.suppress(OSError):
            for folder in self.work.iterdir():
                if folder.lstat().st_mtime < time.time() - _STALE_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)


async def _settled(act: Callable[..., None], *arguments: Any) -> None:
    """Do something in a thread, to its end even if nobody waits any more: it works with descriptors of ours.

    Those are closed after this; a thread that still used their numbers could hand somebody else's to a worker.
    """
    task = asyncio.ensure_future(asyncio.to_thread(act, *arguments))
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    task.result()
    if cancelled:
        raise cancelled


class _Inputs:
    """Descriptors of the inputs, open while the job is being handed over and done."""

    def __init__(self) -> None:
        self.fds: list[int] = []

    def open(self, inputs: Mapping[str, Path | bytes], policy: int) -> None:
        """Open all."""
        for data in inputs.values():
            self.fds.append(_open(data, policy))

    def __enter__(self) -> _Inputs:
        return self

    def __exit__(self, *_: object) -> None:
        for fd in self.fds:
            os.close(fd)


def _open(data: Path | bytes, policy: int) -> int:
    if isinstance(data, Path) and data.stat().st_size > SEALED_BYTES:
        return os.open(data, os.O_RDONLY | os.O_CLOEXEC)
    return memfd.sealed(data, policy)
