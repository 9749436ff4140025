"""The inside of one worker: it puts up the walls, does one job, and ends. Runs in a process forked for it alone."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from potluck.media.sandbox import kernel, landlock, privileges, seccomp
from potluck.media.sandbox.errors import Exhausted, Refused
from potluck.media.sandbox.limits import Limits
from potluck.media.sandbox.programs import CHANNEL, Program, command
from potluck.media.tasks import TASKS, Job

_FOLDER, _FIRST_INPUT = 4, 5
_EXECVEAT = {"x86_64": 322, "aarch64": 281}
_OUT_OF_MEMORY = ("out of memory", "cannot allocate", "unable to allocate", "memory allocation")


@dataclass(frozen=True, slots=True)
class Order:
    """A job as the fork server hands it on."""

    task: str
    params: Mapping[str, Any]
    limits: Limits
    names: tuple[str, ...]  # of the inputs, in the order of their descriptors
    program: Program | None = None  # to become, instead of running a task in Python
    without: frozenset[str] = frozenset()  # walls left down, so that tests see the others hold by themselves


@dataclass(frozen=True, slots=True)
class Descriptors:
    """What a job comes with."""

    channel: int  # the worker's words
    log: int  # its standard error
    folder: int  # where its output goes
    inputs: list[int]


def run(order: Order, fds: Descriptors, *, parent: int, namespaces: list[str]) -> NoReturn:
    """Do the job and end the process. Never returns."""
    code = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        _arrange(fds, order.program)
        job = _enclose(order, parent, namespaces)
        if order.program:
            _become(order.program, job)
        _perform(order.task, job)
        code = 0
    except BaseException:  # noqa: BLE001 - the edge of the process: told in the log, then it ends
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _arrange(fds: Descriptors, program: Program | None) -> None:
    """Give the descriptors their places: 2 log, 3 channel, 4 folder, 5… inputs; close all others."""
    given = [fds.channel, fds.folder, *fds.inputs]
    high = [os.dup(fd) for fd in given]  # out of the way of the places
    base = max([*high, fds.log, _FIRST_INPUT + len(fds.inputs)]) + 1
    parked = [os.dup2(fd, base + index) for index, fd in enumerate(high)]
    os.dup2(fds.log, 2)
    for place, fd in enumerate(parked, start=CHANNEL):
        os.dup2(fd, place, inheritable=True)
    if program:
        opened = os.open(program.path, os.O_RDONLY | os.O_CLOEXEC)
        os.dup2(opened, privileges.PROGRAM_FD, inheritable=False)
    end = CHANNEL + len(given)
    os.closerange(end, privileges.PROGRAM_FD)
    os.closerange(privileges.PROGRAM_FD + 1 if program else privileges.PROGRAM_FD, 65536)


def _enclose(order: Order, parent: int, namespaces: list[str]) -> Job:
    """Put up every wall this system offers, in the order in which each still may."""
    rules = [(_FOLDER, landlock.OUTPUT)]
    if order.program:
        rules += _program_rules(order.program)
    os.fchdir(_FOLDER)
    rooted = False if order.program or "root" in order.without else privileges.enter_root()
    privileges.set_limits(order.limits)
    if "user" not in order.without:
        privileges.drop_user()
    privileges.drop_capabilities()
    privileges.die_with_parent(parent)
    no_new_privileges = privileges.forbid_privileges()
    version = 0 if "landlock" in order.without else landlock.restrict(rules)
    for fd, _ in rules:
        os.close(fd)
    filtered = "seccomp" not in order.without and seccomp.install(privileges.PROGRAM_FD if order.program else None)
    walls = {"landlock": version, "seccomp": filtered, "no_new_privs": no_new_privileges, "namespaces": namespaces,
             "root": rooted, "user": os.geteuid()}
    inputs = {name: _FIRST_INPUT + index for index, name in enumerate(order.names)}
    return Job(inputs, order.params, CHANNEL, walls)


def _program_rules(program: Program) -> list[tuple[int, int]]:
    """The program and its loader may be executed, its libraries read."""
    rules = [(os.open(program.path, os.O_PATH), landlock.EXECUTE | landlock.READ_FILE)]
    if program.loader:
        rules.append((os.open(program.loader, os.O_PATH), landlock.EXECUTE | landlock.READ_FILE))
    rules += [(os.open(path, os.O_PATH), landlock.READ_FILE) for path in program.libraries]
    return rules


def _become(program: Program, job: Job) -> NoReturn:
    """Execute the program in this process; only ever the file that lies at `PROGRAM_FD`."""
    arguments = command(program, job.params["arguments"], job.inputs)
    if not kernel.LINUX or kernel.machine() not in _EXECVEAT:
        os.execve(program.path, arguments, program.environment)  # noqa: S606 - a fixed program, no shell
    _execveat(arguments, [f"{name}={value}" for name, value in program.environment.items()])


def _execveat(arguments: list[str], environment: list[str]) -> NoReturn:
    def vector(words: list[str]) -> ctypes.Array[ctypes.c_char_p]:
        return (ctypes.c_char_p * (len(words) + 1))(*[word.encode() for word in words], None)

    argv, envp = vector(arguments), vector(environment)
    kernel.syscall(_EXECVEAT[kernel.machine()], privileges.PROGRAM_FD, ctypes.create_string_buffer(b""),
                   ctypes.addressof(argv), ctypes.addressof(envp), kernel.AT_EMPTY_PATH)
    raise AssertionError("execveat returned")


def _perform(name: str, job: Job) -> None:
    """Run the task and tell what came of it."""
    gc.disable()  # one job, then the process is gone
    try:
        job.tell({"result": TASKS[name](job), "walls": dict(job.walls)})
    except Refused as refused:
        job.tell({"refused": refused.message, "data": refused.data})
    except Exhausted as exhausted:
        job.tell({"exhausted": exhausted.what})
    except MemoryError:
        job.tell({"exhausted": "memory"})
    except Exception as error:
        if any(words in str(error).lower() for words in _OUT_OF_MEMORY):
            job.tell({"exhausted": "memory"})
            return
        raise
