"""The seccomp filter of a worker: a list of what it may ask of the kernel; everything else is refused.

It is a classic BPF program, assembled here so that no library is needed. Calls that are fine with any argument come
first, which lets the kernel answer them from a bitmap without running the program. Calls with conditions follow.
Everything that is not listed fails with EPERM; a few that libcs try first fail with ENOSYS, so that they fall back.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from dataclasses import dataclass
from functools import cache

from potluck.media.sandbox import kernel, syscalls

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000
_MODE_FILTER = 2

_LOAD, _JEQ, _JGE, _JSET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000

_ANY_PID = 0x7FEDCBA9  # no process has this number
_CLONE_THREAD = 0x00010000
_PROT_EXEC = 4
_IOCTLS = (0x5401, 0x541B, 0x5450, 0x5451)  # is it a terminal, bytes waiting, close-on-exec off and on
_FCNTLS = (0, 1, 2, 3, 4, 5, 6, 7, 1030, 1033, 1034)  # descriptors, flags, record locks, seals; no signals, no leases
_PRCTLS = (3, 15, 16, 21, 39, 0x53564D41)  # dumpable?, thread name, seccomp?, no_new_privs?, names of mappings
_ARCH_PRCTLS = (0x1002, 0x1003, 0x3001, 0x5001, 0x5003, 0x5005)  # thread pointer; shadow stack on, locked, status


@dataclass(frozen=True, slots=True)
class Instruction:
    """One BPF instruction; jumps count the instructions that are left out."""

    code: int
    value: int
    yes: int = 0
    no: int = 0


def install(program_fd: int | None) -> bool:
    """Put the filter on this process, for good.

    Args:
        program_fd: the descriptor of the one program that may be executed; None for none, and then no memory can be
            made executable either.

    Returns:
        Whether it holds: False where the kernel has no seccomp or the processor is not known.
    """
    if not kernel.LINUX or not syscalls.is_known(kernel.machine()):
        return False
    code = prepare(program_fd).replace(struct.pack("I", _ANY_PID), struct.pack("I", os.getpid()))
    buffer = ctypes.create_string_buffer(code, len(code))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer)))
    try:
        kernel.prctl(kernel.PR_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(header))
    except OSError:
        return False
    return True


@cache
def prepare(program_fd: int | None) -> bytes:
    """The filter but for the process's own number; made once, before workers are forked."""
    return b"".join(struct.pack("HBBI", step.code, step.yes, step.no, step.value)
                    for step in assemble(kernel.machine(), _ANY_PID, program_fd))


def assemble(machine: str, pid: int, program_fd: int | None) -> list[Instruction]:
    """The filter as instructions."""
    number = syscalls.named(machine)
    steps = _head(machine)
    for allowed in syscalls.plain(machine).values():
        steps += _if(allowed, [_end(_ALLOW)])
    for name, values in (("ioctl", _IOCTLS), ("fcntl", _FCNTLS)):
        steps += _if(number[name], _argument_in(1, values, otherwise=errno.ENOTTY if name == "ioctl" else errno.EPERM))
    steps += _if(number["prctl"], _argument_in(0, _PRCTLS))
    if "arch_prctl" in number:
        steps += _if(number["arch_prctl"], _argument_in(0, _ARCH_PRCTLS))
    for name in ("kill", "tgkill"):
        steps += _if(number[name], _argument_in(0, (pid,)))
    steps += _if(number["prlimit64"], _argument_in(2, (0,), wide=True))
    steps += _if(number["clone"], _argument_has(0, _CLONE_THREAD, then=_ALLOW, otherwise=_ERRNO | errno.EPERM))
    for name in ("mmap", "mprotect"):
        executable = _ALLOW if program_fd is not None else _ERRNO | errno.EPERM
        steps += _if(number[name], _argument_has(2, _PROT_EXEC, then=executable, otherwise=_ALLOW))
    if program_fd is not None:
        steps += _if(number["execveat"], _argument_in(0, (program_fd,)))
    for name in ("clone3", "openat2", "futex_waitv"):
        steps += _if(number[name], [_end(_ERRNO | errno.ENOSYS)])
    return [*steps, _end(_ERRNO | errno.EPERM)]


def _head(machine: str) -> list[Instruction]:
    """Foreign calling conventions end the process; the number is then at hand for the rest."""
    steps = [Instruction(_LOAD, _ARCH), Instruction(_JEQ, _AUDIT_ARCH[machine], yes=1), _end(_KILL),
             Instruction(_LOAD, _NUMBER)]
    if machine == "x86_64":
        steps += [Instruction(_JGE, _X32, no=1), _end(_KILL)]
    return steps


def _if(number: int, block: list[Instruction]) -> list[Instruction]:
    return [Instruction(_JEQ, number, no=len(block)), *block]


def _end(verdict: int) -> Instruction:
    return Instruction(_RETURN, verdict)


def _argument_in(index: int, values: tuple[int, ...], *, wide: bool = False,
                 otherwise: int = errno.EPERM) -> list[Instruction]:
    """Allow when the argument (its lower half, or all of it) is one of `values`."""
    low, high = _ARGUMENTS + 8 * index, _ARGUMENTS + 8 * index + 4
    steps = [Instruction(_LOAD, high), Instruction(_JEQ, 0, yes=1), _end(_ERRNO | otherwise)] if wide else []
    steps.append(Instruction(_LOAD, low))
    for value in values:
        steps += [Instruction(_JEQ, value, no=1), _end(_ALLOW)]
    return [*steps, _end(_ERRNO | otherwise)]


def _argument_has(index: int, bit: int, *, then: int, otherwise: int) -> list[Instruction]:
    return [Instruction(_LOAD, _ARGUMENTS + 8 * index), Instruction(_JSET, bit, no=1), _end(then), _end(otherwise)]
