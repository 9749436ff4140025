"""What a job brings back, and how each way of going wrong is told."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from potluck.media.sandbox import MIB, Crashed, Exhausted, Limits, Refused, Unavailable, memfd
from potluck.media.sandbox.client import Sandbox

from .conftest import fork_server

SMALL = Limits(memory=128 * MIB, cpu_seconds=1, wall_seconds=60, output_bytes=8 * MIB, files=20)
SCRIPT = b"#!/bin/sh\necho out"


async def outcome_of(sandbox: Sandbox, name: str, limits: Limits = SMALL, **params: Any) -> Any:
    async with sandbox.run(f"breakouts.{name}", inputs={"script": SCRIPT}, params=params, limits=limits) as outcome:
        return outcome.result


async def test_a_job_brings_a_result_files_and_progress(sandbox: Sandbox, tmp_path: Path) -> None:
    """Inputs are bytes or files; files it made are there within the `async with` and gone after it."""
    source = tmp_path / "script"
    source.write_bytes(SCRIPT)
    heard: list[float] = []
    for data in (SCRIPT, source):
        async with sandbox.run("breakouts.good", inputs={"script": data}, params={"word": "hello"},
                               on_progress=heard.append) as outcome:
            assert outcome.result["word"] == "hello"
            assert (outcome.folder / "copy").read_bytes() == SCRIPT
            assert (outcome.folder / "inner" / "two").read_bytes() == b"2"
            folder = outcome.folder
        assert not folder.exists()
    assert heard == [0.25, 1.0] * 2


async def test_jobs_run_at_once(sandbox: Sandbox) -> None:
    """Many callers share the fork server; each gets what is his."""
    words = [str(number) for number in range(12)]
    results = await asyncio.gather(*(outcome_of(sandbox, "good", word=word) for word in words))
    assert [result["word"] for result in results] == words


@pytest.mark.parametrize(("name", "what"), [
    ("hog_memory", "memory"), ("hog_shared_memory", "memory"), ("spin", "CPU time"), ("write", "output"),
    ("write_spread", "output"), ("write_many", "files"),
])
async def test_each_bound_ends_a_job(sandbox: Sandbox, name: str, what: str) -> None:
    """Memory, processor time, output and files: who takes more is ended, and told which it was."""
    with pytest.raises(Exhausted) as caught:
        await outcome_of(sandbox, name)
    assert caught.value.what == what
    assert caught.value.permanent


@pytest.mark.parametrize("name", ["sleep", "flood"])
async def test_time_ends_a_job(sandbox: Sandbox, name: str) -> None:
    """Doing nothing for too long ends a job as well, and so does talking without end."""
    with pytest.raises(Exhausted, match="time"):
        await outcome_of(sandbox, name, Limits(wall_seconds=0.3))


async def test_endless_talk_is_heard_slowly(sandbox: Sandbox) -> None:
    """A worker that floods the server with words is slowed down instead of keeping it busy."""
    heard: list[float] = []
    with pytest.raises(Exhausted, match="time"):
        async with sandbox.run("breakouts.flood", inputs={"script": SCRIPT}, limits=Limits(wall_seconds=0.5),
                               on_progress=heard.append):
            pass
    assert 0 < len(heard) < 5000  # hundreds a second, and what lies in the socket when it ends


async def test_holes_in_files_count(sandbox: Sandbox) -> None:
    """A file that claims to be large is as much for whoever copies it."""
    with pytest.raises(Exhausted, match="output"):
        await outcome_of(sandbox, "write_holes")


async def test_who_ignores_the_end_of_processor_time_is_told_of_it(sandbox: Sandbox) -> None:
    """The kernel's second word is the last one."""
    with pytest.raises(Exhausted, match="CPU time"):
        await outcome_of(sandbox, "spin_on")


async def test_a_caller_that_leaves_at_any_moment_leaves_nothing_behind(sandbox: Sandbox) -> None:
    """No folder, no descriptor, no worker, however early or late it is cancelled."""
    await outcome_of(sandbox, "good", word="one")  # the fork server is there
    before, open_before = set(sandbox.work.iterdir()), set(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for pause in (0, 0.001, 0.002, 0.005, 0.01, 0.02):
        task = asyncio.create_task(outcome_of(sandbox, "sleep"))
        await asyncio.sleep(pause)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await asyncio.to_thread(wait_until, lambda: set(sandbox.work.iterdir()) == before)
    await asyncio.to_thread(wait_until, lambda: not workers_of(sandbox))
    assert len(os.listdir("/proc/self/fd")) <= len(open_before) + 1  # noqa: PTH208


async def test_threads_are_bounded_by_memory(sandbox: Sandbox) -> None:
    """A bomb of threads stops at the memory of the job."""
    assert await outcome_of(sandbox, "hog_threads") < 300


@pytest.mark.parametrize(("name", "params"), [
    ("use_memory_badly", {}), ("die", {"signal": signal.SIGABRT}), ("die", {"signal": signal.SIGSEGV}),
    ("babble", {"words": "{}\n"}), ("babble", {"words": '{"result": 1}\n', "code": 3}),
    ("babble", {"words": "{not json\n"}), ("babble", {"words": '{"progress": "x"}\n'}),
    ("babble", {"words": '{"result":' + "[" * 100_000 + "\n"}), ("unknown", {}),
])
async def test_a_worker_that_dies_or_talks_nonsense_crashed(sandbox: Sandbox, name: str,
                                                            params: dict[str, Any]) -> None:
    """Whatever a worker that was taken over says or does, the server gets one error of its own."""
    with pytest.raises(Crashed):
        await outcome_of(sandbox, name, **params)


async def test_words_after_the_result_do_not_hide_a_refusal(sandbox: Sandbox) -> None:
    """What a worker refuses stays refused."""
    with pytest.raises(Refused, match="no picture"):
        await outcome_of(sandbox, "babble", words='{"refused": "no picture"}\n{"result": 1}\n')


async def test_only_plain_files_come_out(sandbox_without: Callable[..., Sandbox]) -> None:
    """Without walls a worker could leave a link or a pipe: the server does not touch it."""
    bare = sandbox_without("landlock", "seccomp", "root", "namespaces")
    with pytest.raises(Crashed, match="not a plain file"):
        await outcome_of(bare, "files", path="/nowhere")


async def test_who_stops_waiting_stops_the_worker(sandbox: Sandbox) -> None:
    """A cancelled caller ends its worker, and the folder is gone."""
    started = asyncio.Event()

    async def wait() -> None:
        async with sandbox.run("breakouts.sleep", inputs={"script": SCRIPT}, on_progress=lambda _: started.set()):
            pass

    before = set(sandbox.work.iterdir())
    task = asyncio.create_task(wait())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert set(sandbox.work.iterdir()) == before
    await asyncio.to_thread(wait_until, lambda: not workers_of(sandbox))


async def test_workers_end_with_the_server(sandbox_without: Callable[..., Sandbox]) -> None:
    """When the server is gone, so are the fork server and whoever works for it."""
    for walls in ((), ("namespaces",)):
        sandbox = Sandbox(sandbox_without().work, server=fork_server(frozenset(walls)))
        started = asyncio.Event()

        async def wait(mine: Sandbox = sandbox, told: asyncio.Event = started) -> None:
            async with mine.run("breakouts.sleep", inputs={"script": SCRIPT}, on_progress=lambda _: told.set()):
                pass

        task = asyncio.create_task(wait())
        await started.wait()
        family = family_of(sandbox)
        assert family
        await asyncio.to_thread(sandbox.close)
        with pytest.raises(Unavailable):
            await task
        await asyncio.to_thread(wait_until, lambda pids=family: not any(map(is_alive, pids)))


async def test_the_fork_server_is_started_anew(sandbox_without: Callable[..., Sandbox]) -> None:
    """A fork server that was killed is replaced at the next job."""
    sandbox = sandbox_without("root")
    await outcome_of(sandbox, "good", word="one")
    family = family_of(sandbox)
    os.kill(family[0], signal.SIGKILL)
    await asyncio.to_thread(wait_until, lambda: not any(map(is_alive, family)))
    assert (await outcome_of(sandbox, "good", word="two"))["word"] == "two"


async def test_sealed_memory_outside_of_any_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    """The seals hold by themselves; policy 2 refuses a kernel without them, 1 does with less, 0 does not ask."""
    fd = memfd.sealed(SCRIPT, memfd.REQUIRE)
    for act in (lambda: os.write(fd, b"x"), lambda: os.ftruncate(fd, 0), lambda: os.ftruncate(fd, 1 << 20),
                lambda: os.fchmod(fd, 0o700), lambda: os.execve(fd, ["sh"], {})):
        with pytest.raises(PermissionError):
            act()
    os.close(fd)
    real = os.memfd_create

    def old_kernel(name: str, flags: int) -> int:
        if flags & 8:
            raise OSError(22, "Invalid argument")
        return real(name, flags)

    monkeypatch.setattr(os, "memfd_create", old_kernel)
    for policy in (memfd.ALLOW, memfd.PREFER):
        fd = memfd.sealed(SCRIPT, policy)
        with pytest.raises(PermissionError):
            os.write(fd, b"x")
        os.close(fd)
    with pytest.raises(Unavailable, match="memfd_noexec"):
        memfd.sealed(SCRIPT, memfd.REQUIRE)


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what comes within a moment; a test that waits in vain fails by its time limit."""
    while not condition():
        time.sleep(0.02)


def workers_of(sandbox: Sandbox) -> list[int]:
    """Processes below the fork server proper."""
    family = family_of(sandbox)
    return [pid for pid in family if is_alive(pid) and b"potluck.media.sandbox" in command(pid)][2:]


def family_of(sandbox: Sandbox) -> list[int]:
    """The fork server and all below it."""
    assert sandbox.server.process_id
    found = [sandbox.server.process_id]
    for pid in found:
        children = Path(f"/proc/{pid}/task/{pid}/children")
        found += [int(child) for child in children.read_text().split()] if children.exists() else []
    return found


def command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
