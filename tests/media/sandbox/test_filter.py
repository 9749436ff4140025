"""The seccomp filter, instruction by instruction, for processors these tests do not run on as well."""

from __future__ import annotations

import errno
from collections.abc import Sequence

import pytest

from potluck.media.sandbox import seccomp, syscalls
from potluck.media.sandbox.seccomp import Instruction

ALLOW, KILL = 0x7FFF0000, 0x80000000
ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
PID, PROGRAM = 4321, 700


def refused(code: int) -> int:
    return 0x00050000 | code


def verdict(program: Sequence[Instruction], arch: int, number: int, arguments: Sequence[int] = ()) -> int:
    """Run the filter as the kernel does."""
    words = [number, arch, 0, 0]
    for argument in (*arguments, 0, 0, 0, 0, 0, 0)[:6]:
        words += [argument & 0xFFFFFFFF, argument >> 32 & 0xFFFFFFFF]
    at, value = 0, 0
    while True:
        step = program[at]
        at += 1
        match step.code:
            case 0x20:
                value = words[step.value // 4]
            case 0x06:
                return step.value
            case 0x15:
                at += step.yes if value == step.value else step.no
            case 0x35:
                at += step.yes if value >= step.value else step.no
            case 0x45:
                at += step.yes if value & step.value else step.no
            case other:
                raise AssertionError(other)


@pytest.fixture(params=ARCH)
def machine(request: pytest.FixtureRequest) -> str:
    return request.param


def test_what_decoders_need_is_allowed(machine: str) -> None:
    """Memory, descriptors, threads, clocks: with any argument."""
    program = seccomp.assemble(machine, PID, None)
    for name, number in syscalls.plain(machine).items():
        assert verdict(program, ARCH[machine], number, [1 << 63] * 6) == ALLOW, name


def test_all_else_is_refused(machine: str) -> None:
    """Every number that is not listed, known today or not."""
    program = seccomp.assemble(machine, PID, None)
    named = syscalls.named(machine)
    listed = {*syscalls.plain(machine).values(), *named.values()}
    for number in set(range(600)) - listed:
        assert verdict(program, ARCH[machine], number) == refused(errno.EPERM)
    for name in ("socket", "connect", "ptrace", "mount", "unshare", "bpf", "keyctl", "io_uring_setup", "execve",
                 "execveat", "fchmod", "fchmodat", "fchownat", "setxattr", "memfd_create", "pidfd_open", "seccomp",
                 "linkat", "symlinkat", "utimensat", "userfaultfd", "setpriority", "personality"):
        assert verdict(program, ARCH[machine], named[name], [700]) == refused(errno.EPERM), name


def test_arguments_decide(machine: str) -> None:
    """Threads but no processes, own signals only, no new code, no raising of limits, harmless ioctls."""
    program, number = seccomp.assemble(machine, PID, None), syscalls.named(machine)

    def of(name: str, *arguments: int) -> int:
        return verdict(program, ARCH[machine], number[name], arguments)

    no = refused(errno.EPERM)
    assert (of("clone", 0x3D0F00), of("clone", 17), of("clone", 0x10000000)) == (ALLOW, no, no)
    assert (of("kill", PID), of("kill", 1), of("kill", 0xFFFFFFFF), of("tgkill", PID, 7)) == (ALLOW, no, no, ALLOW)
    assert (of("mmap", 0, 9, 3), of("mmap", 0, 9, 7), of("mprotect", 0, 9, 4)) == (ALLOW, no, no)
    assert (of("prlimit64", 0, 7, 0), of("prlimit64", 0, 7, 0x7FFF00000000)) == (ALLOW, no)
    assert (of("ioctl", 0, 0x5401), of("ioctl", 0, 0x5412)) == (ALLOW, refused(errno.ENOTTY))
    assert (of("fcntl", 0, 1030), of("fcntl", 0, 8), of("fcntl", 0, 10)) == (ALLOW, no, no)
    assert (of("prctl", 15), of("prctl", 4), of("prctl", 22)) == (ALLOW, no, no)
    assert (of("clone3"), of("openat2")) == (refused(errno.ENOSYS), refused(errno.ENOSYS))


def test_a_program_is_executed_by_its_number_only(machine: str) -> None:
    """A worker that becomes a program may map its code, and execute this one descriptor."""
    program, number = seccomp.assemble(machine, PID, PROGRAM), syscalls.named(machine)
    assert verdict(program, ARCH[machine], number["execveat"], [PROGRAM]) == ALLOW
    assert verdict(program, ARCH[machine], number["execveat"], [PROGRAM - 1]) == refused(errno.EPERM)
    assert verdict(program, ARCH[machine], number["execve"], [PROGRAM]) == refused(errno.EPERM)
    assert verdict(program, ARCH[machine], number["mmap"], [0, 9, 5]) == ALLOW


def test_other_calling_conventions_end_the_process(machine: str) -> None:
    """Numbers mean something else there: 32-bit calls, x32, another processor."""
    program = seccomp.assemble(machine, PID, None)
    assert verdict(program, 0x40000003, syscalls.plain(machine)["read"]) == KILL
    assert verdict(program, 0xC00000F3, syscalls.plain(machine)["read"]) == KILL
    if machine == "x86_64":
        assert verdict(program, ARCH[machine], 0x40000000) == KILL


def test_the_filter_fits_the_kernel(machine: str) -> None:
    """At most 4,096 instructions, no jump beyond 255."""
    program = seccomp.assemble(machine, PID, PROGRAM)
    assert len(program) <= 4096
    assert all(0 <= step.yes < 256 and 0 <= step.no < 256 for step in program)
