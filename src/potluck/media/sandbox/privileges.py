"""What a process may do by right: users, capabilities, namespaces, resource limits. All given up for good."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import struct
from collections.abc import Callable
from pathlib import Path

from potluck.media.sandbox import kernel
from potluck.media.sandbox.limits import MIB, Limits

NOBODY = 65534
"""The user and group a worker becomes when the server runs as root."""

PROGRAM_FD = 700
"""Where the one program lies that may be executed. Above `OPEN_FILES`, so that no other file ever gets this number."""

OPEN_FILES = 256
_ADDRESS_ROOM = 2048 * MIB  # for mapped libraries, reserved arenas and stacks that are not memory in use

_CLONE_NEWNS, _CLONE_NEWCGROUP, _CLONE_NEWUTS, _CLONE_NEWIPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
_CLONE_NEWUSER, _CLONE_NEWPID, _CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
_SPACES = {"mnt": _CLONE_NEWNS, "net": _CLONE_NEWNET, "pid": _CLONE_NEWPID, "ipc": _CLONE_NEWIPC,
           "uts": _CLONE_NEWUTS, "cgroup": _CLONE_NEWCGROUP}
_CAPSET = {"x86_64": 126, "aarch64": 91, "riscv64": 91}
_CAPABILITIES_V3 = 0x20080522
_UNSHARE = {"x86_64": 272, "aarch64": 97, "riscv64": 97}


def enter_namespaces() -> list[str]:
    """Leave the namespaces of the server: an empty network, an own process table.

    Directly where this process may (root), else by way of a user namespace. The new process table takes effect for
    children only.

    Returns:
        The names of the namespaces that are now own ones; none where the system does not let us.
    """
    if not kernel.LINUX or kernel.machine() not in _UNSHARE:
        return []
    if os.geteuid() == 0 and _unshare(sum(_SPACES.values())):
        return list(_SPACES)
    if not _succeeds_in_child(_enter_as_user):  # half a user namespace would be worse than none
        return []
    _enter_as_user()
    return ["user", *_SPACES]


def _enter_as_user() -> bool:
    user, group = os.geteuid(), os.getegid()
    if not _unshare(_CLONE_NEWUSER | sum(_SPACES.values())):
        return False
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path("/proc/self", name).write_bytes(text.encode())
    return True


def _succeeds_in_child(act: Callable[[], bool]) -> bool:
    child = os.fork()
    if not child:
        try:
            os._exit(0 if act() else 1)
        except OSError:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def _unshare(flags: int) -> bool:
    try:
        kernel.syscall(_UNSHARE[kernel.machine()], flags)
    except OSError:
        return False
    return True


def enter_root() -> bool:
    """Make the working folder the root of all paths, where this process may."""
    try:
        os.chroot(".")
    except (OSError, AttributeError):
        return False
    os.chdir("/")
    return True


def drop_user() -> None:
    """Become nobody if this is root."""
    if os.geteuid() != 0:
        return
    with contextlib.suppress(OSError):
        os.setgroups([])
    with contextlib.suppress(OSError):
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def drop_capabilities() -> None:
    """Give up every capability, and the chance to get one by executing a file."""
    if not kernel.LINUX or kernel.machine() not in _CAPSET:
        return
    with contextlib.suppress(OSError):
        for capability in range(64):
            kernel.prctl(kernel.PR_CAPBSET_DROP, capability)
    with contextlib.suppress(OSError):
        kernel.prctl(kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_CLEAR_ALL)
    header = ctypes.create_string_buffer(struct.pack("Ii", _CAPABILITIES_V3, 0))
    with contextlib.suppress(OSError):
        kernel.syscall(_CAPSET[kernel.machine()], header, ctypes.create_string_buffer(24))


def forbid_privileges() -> bool:
    """No file that is executed from here on gives more rights; needed by Landlock and seccomp."""
    if not kernel.LINUX:
        return False
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    return True


def die_with_parent(parent: int) -> None:
    """End at once when the process that forked this one ends."""
    if kernel.LINUX:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def set_limits(limits: Limits) -> None:
    """Bound memory, processor time, file size and descriptors; leave no core file."""
    with contextlib.suppress(OSError):
        os.nice(limits.nice)
    os.umask(0o077)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    bounds = {
        "RLIMIT_CORE": (0, 0),
        "RLIMIT_DATA": (limits.memory, limits.memory),
        "RLIMIT_AS": (limits.memory + _ADDRESS_ROOM,) * 2,
        "RLIMIT_CPU": (limits.cpu_seconds, limits.cpu_seconds + 1),
        "RLIMIT_FSIZE": (limits.output_bytes, limits.output_bytes),
        "RLIMIT_NOFILE": (OPEN_FILES, OPEN_FILES),
        "RLIMIT_MSGQUEUE": (0, 0),
        "RLIMIT_MEMLOCK": (0, 0),
        "RLIMIT_NICE": (0, 0),
        "RLIMIT_RTPRIO": (0, 0),
    }
    for name, (soft, hard) in bounds.items():
        _bound(getattr(resource, name, None), soft, hard)


def _bound(which: int | None, soft: int, hard: int) -> None:
    if which is None:
        return
    _, most = resource.getrlimit(which)
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(which, (soft, hard))
