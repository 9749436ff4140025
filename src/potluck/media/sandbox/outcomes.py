"""What a job is, and what came of it: an outcome, or one of the errors."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from potluck.media.sandbox.errors import Crashed, Exhausted, Refused, Unavailable
from potluck.media.sandbox.limits import Limits
from potluck.media.sandbox.programs import Program

_WORDS = 300
_NEARLY = 0.95  # the kernel warns by its count of ticks, and what it tells of a process in the end may be less
_SIGNALS = {-signal.SIGXCPU: "CPU time", -signal.SIGXFSZ: "output", -signal.SIGKILL: "memory"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job brought."""

    result: Any  # JSON from the worker: as little to be believed as the input
    folder: Path  # its files: plain ones and folders only; gone after the `async with`
    log: str  # the end of what it said on standard error
    walls: Mapping[str, Any]  # what held
    cpu: float  # seconds
    memory: int  # bytes at the peak, with what it shares with others


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the caller has it."""

    task: str
    params: Mapping[str, Any]
    limits: Limits
    names: tuple[str, ...]
    fds: tuple[int, ...]  # inputs
    folder: Path
    program: Program | None


def judge(job: Job, said: dict[str, Any], problem: str, ending: str, notice: dict[str, Any]) -> Outcome:
    """Turn what was said and seen into an outcome or an error. Blocks.

    Args:
        job: what was to be done.
        said: by the worker.
        problem: what was wrong with its words.
        ending: of its standard error.
        notice: the fork server's.
    """
    code, why = notice.get("ended"), notice.get("why", "")
    if code is None:
        raise Unavailable("the fork server of the sandbox ended")
    if code == -signal.SIGKILL and not why and notice["cpu"] >= job.limits.cpu_seconds:
        why = "CPU time"  # it ignored the warning
    if why or code in _SIGNALS:
        raise Exhausted(why or _SIGNALS[code])
    if problem:
        raise Crashed(problem)
    if "exhausted" in said:
        raise Exhausted(str(said["exhausted"]))
    if "refused" in said:
        raise _refusal(said)
    if job.program and code > 0 and notice.get("cpu", 0.0) >= _NEARLY * job.limits.cpu_seconds:
        raise Exhausted("CPU time")  # ffmpeg takes the signal for a wish to end, and ends
    if job.program and code > 0:
        raise _program_error(ending)
    if code != 0 or (not job.program and "result" not in said):
        raise Crashed(f"{job.task} ended with {code}: {ending[-2000:]}")
    _take_over(job)
    return Outcome(said.get("result"), job.folder, ending, said.get("walls", {}), notice["cpu"], notice["memory"])


def _refusal(said: dict[str, Any]) -> Exception:
    """What the worker refused, in its words: short text, and numbers or short texts in it."""
    data = said.get("data") or {}
    try:
        values = {str(name): value if isinstance(value, int | float) else str(value)[:_WORDS]
                  for name, value in data.items()}
        return Refused(str(said["refused"])[:_WORDS], **values)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return Crashed(f"a refusal that cannot be read: {error!r}")


def _program_error(ending: str) -> Exhausted | Refused:
    if "Cannot allocate memory" in ending:
        return Exhausted("memory")
    if "File too large" in ending:
        return Exhausted("output")
    lines = [line for line in ending.splitlines() if line.strip()]
    return Refused(lines[-1][:_WORDS] if lines else "ffmpeg cannot read the file")


def _take_over(job: Job) -> None:
    """Make the files those of the server's user.

    Raises:
        Crashed: something is neither a folder nor a file of its own, but a link, a pipe, a socket or a device.
    """
    for path in job.folder.rglob("*"):
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) and not (stat.S_ISREG(found.st_mode) and found.st_nlink == 1):
            raise Crashed(f"{job.task} left {path.name}, which is not a plain file")
        if found.st_uid != os.geteuid():
            os.chown(path, os.geteuid(), os.getegid(), follow_symlinks=False)
