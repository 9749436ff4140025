"""The caller's side: hands a job to the fork server and brings back what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog

from potluck.media.sandbox import memfd, privileges
from potluck.media.sandbox.errors import Crashed, Exhausted, Refused, Unavailable
from potluck.media.sandbox.limits import MIB, Limits
from potluck.media.sandbox.programs import Program, ffmpeg
from potluck.media.sandbox.zygote import PACKET_BYTES

log = structlog.get_logger(__name__)

PROGRAM = "ffmpeg"
"""The name of the task that is a program instead of a function."""

SEALED_BYTES = 128 * MIB
"""Larger files are not copied into sealed memory: the worker gets a read-only descriptor of the file."""

_PACKAGES = ("potluck.media.tasks",)
_START = "from potluck.media.sandbox.zygote import main; main()"
_LINE_BYTES = 4 * MIB
_LOG_BYTES = 64 << 10
_WORDS = 300
_ATTEMPTS = 3
_STALE_SECONDS = 86_400
_STANDING = {
    "GLIBC_TUNABLES": "glibc.cpu.x86_shstk=on",  # user shadow stacks, where processor, kernel and libc have them
    "LC_ALL": "C.UTF-8",
    "VIPS_CONCURRENCY": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}


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
class _Job:
    task: str
    params: Mapping[str, Any]
    limits: Limits
    names: tuple[str, ...]
    fds: tuple[int, ...]  # inputs
    folder: Path
    program: Program | None


@dataclass(slots=True)
class _Words:
    """What the worker said, as it comes in."""

    on_progress: Callable[[float], None] | None
    seconds: float  # how long the whole will be, for programs that count in time
    said: dict[str, Any]

    def hear(self, line: bytes) -> None:
        """Take one line in: JSON from a task, `key=value` from ffmpeg."""
        if line.startswith(b"{"):
            message = json.loads(line)
            if "progress" in message:
                self._tell(float(message["progress"]))
            else:
                self.said.update(message)
        elif line.startswith(b"out_time_us=") and self.seconds > 0 and line[12:].strip().isdigit():
            self._tell(int(line[12:]) / 1_000_000 / self.seconds)

    def _tell(self, fraction: float) -> None:
        if self.on_progress and fraction >= 0:
            self.on_progress(min(1.0, fraction))


class Sandbox:
    """Runs jobs in worker processes. One for each process of the server is enough (`sandbox.run`).

    Args:
        work: folder for what workers write.
        policy: `memfd_noexec`, see `memfd`.
        packages: whose modules hold the tasks.
        paths: further folders to import from (tests).
        without: walls to leave down (tests): root, user, landlock, seccomp, namespaces.
    """

    def __init__(self, work: Path, *, policy: int = memfd.PREFER, packages: tuple[str, ...] = _PACKAGES,
                 paths: tuple[str, ...] = (), without: frozenset[str] = frozenset()) -> None:
        self.work = work
        self.policy = policy
        self.packages = packages
        self.paths = paths
        self.without = without
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        os.register_at_fork(after_in_child=self._forget)

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
        folder = await asyncio.to_thread(self._make_folder)
        try:
            with await asyncio.to_thread(_Inputs, inputs, self.policy) as opened:
                job = _Job(task, params or {}, limits or Limits(), tuple(inputs), opened.fds, folder, program)
                outcome = await self._attempt(job, on_progress)
            yield outcome
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))

    async def _attempt(self, job: _Job, on_progress: Callable[[float], None] | None) -> Outcome:
        """Run the job; again if the fork server ended (it was idle) before it took the job."""
        for _ in range(_ATTEMPTS):
            outcome = await self._once(job, on_progress)
            if outcome:
                return outcome
        raise Unavailable("the fork server of the sandbox does not start")

    async def _once(self, job: _Job, on_progress: Callable[[float], None] | None) -> Outcome | None:
        pairs = [socket.socketpair() for _ in range(3)]
        ours = [pair[0] for pair in pairs]
        try:
            try:
                await asyncio.to_thread(self._send, job, [pair[1].fileno() for pair in pairs])
            finally:
                for _, theirs in pairs:
                    theirs.close()
            words = _Words(on_progress, float(job.params.get("seconds", 0)), {})
            said = asyncio.gather(_listen(ours[0], words), _keep_end(ours[1]), _notices(ours[2]))
            problem, ending, notice = await said
        finally:
            for side in ours:
                side.close()
        if "started" not in notice:
            return None
        return _judge(job, words.said, problem, ending, notice)

    def _send(self, job: _Job, theirs: list[int]) -> None:
        order = json.dumps({
            "task": job.task, "params": job.params, "names": job.names, "limits": asdict(job.limits),
            "program": asdict(job.program) if job.program else None, "without": [*self.without],
        }).encode()
        if len(order) > PACKET_BYTES:
            raise ValueError(f"the parameters of {job.task} are too long")
        folder = os.open(job.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with self._lock:
                for _ in range(_ATTEMPTS):
                    try:
                        socket.send_fds(self._server(), [order], [*theirs, folder, *job.fds])
                    except (BrokenPipeError, ConnectionError):
                        self._stop()
                    else:
                        return
        finally:
            os.close(folder)

    def _server(self) -> socket.socket:
        """The socket to the fork server, which is started if need be."""
        if self._control is None:
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._control.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * PACKET_BYTES)
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own code
                    [sys.executable, "-I", "-c", _START, str(theirs.fileno()), json.dumps(self.packages),
                     json.dumps(self.paths), json.dumps([*self.without])],
                    env=_STANDING, pass_fds=[theirs.fileno()], cwd="/", stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL)
        return self._control

    def close(self) -> None:
        """End the fork server and with it every worker."""
        with self._lock:
            self._stop()

    def _stop(self) -> None:
        if self._control:
            self._control.close()
        if self._process:
            self._process.wait()
        self._control = self._process = None

    def _forget(self) -> None:
        """After a fork: the fork server belongs to the parent."""
        self._lock = threading.Lock()
        if self._control:
            self._control.close()
        self._control = self._process = None

    def _make_folder(self) -> Path:
        self.work.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = Path(tempfile.mkdtemp(dir=self.work)).resolve()
        if os.geteuid() == 0:
            with contextlib.suppress(OSError):
                os.chown(folder, privileges.NOBODY, privileges.NOBODY)
        return folder

    def sweep(self) -> None:
        """Remove what a server that was killed left in the work folder."""
        with contextlib.suppress(OSError):
            for folder in self.work.iterdir():
                if folder.lstat().st_mtime < time.time() - _STALE_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)


class _Inputs:
    """Descriptors of the inputs, open as long as the job is being handed over and done."""

    def __init__(self, inputs: Mapping[str, Path | bytes], policy: int) -> None:
        with contextlib.ExitStack() as stack:
            fds = []
            for data in inputs.values():
                fds.append(_open(data, policy))
                stack.callback(os.close, fds[-1])
            self.fds = tuple(fds)
            self._stack = stack.pop_all()

    def __enter__(self) -> _Inputs:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def _open(data: Path | bytes, policy: int) -> int:
    if isinstance(data, Path) and data.stat().st_size > SEALED_BYTES:
        return os.open(data, os.O_RDONLY | os.O_CLOEXEC)
    return memfd.sealed(data, policy)


async def _listen(channel: socket.socket, words: _Words) -> str:
    """Hear the worker until it hangs up. Returns what was wrong with its words, if anything."""
    reader, writer = await asyncio.open_connection(sock=channel, limit=_LINE_BYTES)
    try:
        while line := await reader.readline():
            words.hear(line)
    except (ValueError, TypeError, RecursionError, ConnectionError) as error:
        return f"the worker talks nonsense: {error}"
    finally:
        writer.close()
    return ""


async def _keep_end(sock: socket.socket) -> str:
    """Read all and keep the end."""
    reader, writer = await asyncio.open_connection(sock=sock)
    kept = b""
    try:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(_LOG_BYTES):
                kept = (kept + data)[-_LOG_BYTES:]
    finally:
        writer.close()
    return kept.decode(errors="replace")


async def _notices(sock: socket.socket) -> dict[str, Any]:
    reader, writer = await asyncio.open_connection(sock=sock)
    told: dict[str, Any] = {}
    try:
        while line := await reader.readline():
            told |= json.loads(line)
    finally:
        writer.close()
    return told


def _judge(job: _Job, said: dict[str, Any], problem: str, ending: str, notice: dict[str, Any]) -> Outcome:
    """Turn what was said and seen into an outcome or an error."""
    code, why = notice.get("ended"), notice.get("why", "")
    if code is None:
        raise Unavailable("the fork server of the sandbox ended")
    if why or code in _SIGNALS:
        raise Exhausted(why or _SIGNALS[code])
    if problem:
        raise Crashed(problem)
    if "exhausted" in said:
        raise Exhausted(str(said["exhausted"]))
    if "refused" in said:
        raise _refusal(said)
    if job.program and code > 0:
        raise _program_error(ending)
    if code != 0 or (not job.program and "result" not in said):
        raise Crashed(f"{job.task} ended with {code}: {ending[-2000:]}")
    for path in _strange(job.folder):
        raise Crashed(f"{job.task} left {path.name}, which is not a plain file")
    return Outcome(said.get("result"), job.folder, ending, said.get("walls", {}), notice["cpu"], notice["memory"])


_SIGNALS = {-signal.SIGXCPU: "CPU time", -signal.SIGXFSZ: "output", -signal.SIGKILL: "memory"}


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


def _strange(folder: Path) -> Iterator[Path]:
    """Anything that is neither a folder nor a file of its own: links, pipes, sockets, devices."""
    for path in folder.rglob("*"):
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) and not (stat.S_ISREG(found.st_mode) and found.st_nlink == 1):
            yield path
