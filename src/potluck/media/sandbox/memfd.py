"""Untrusted bytes in sealed memory: a file without a name that nobody can change or execute any more."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from pathlib import Path

from potluck.media.sandbox.errors import Unavailable

_MFD_CLOEXEC, _MFD_ALLOW_SEALING, _MFD_NOEXEC_SEAL = 1, 2, 8
_F_SEAL_SEAL, _F_SEAL_SHRINK, _F_SEAL_GROW, _F_SEAL_WRITE, _F_SEAL_EXEC = 1, 2, 4, 8, 0x20
_F_ADD_SEALS = 1033
_CHUNK = 1 << 20

ALLOW, PREFER, REQUIRE = 0, 1, 2
"""Policies as of `vm.memfd_noexec`: executable ones are fine; not where the kernel (6.3) knows better; never."""


def sealed(data: bytes | Path, policy: int = PREFER) -> int:
    """A descriptor of a sealed copy of `data`, at its beginning.

    Args:
        data: the bytes, or the file that holds them.
        policy: `ALLOW`, `PREFER` or `REQUIRE`.

    Raises:
        Unavailable: the policy asks for more than this kernel has.
        OSError: the file cannot be read, or there is no memory.
    """
    fd = _create(policy)
    try:
        if isinstance(data, Path):
            _copy(data, fd)
        else:
            _write(fd, data)
        os.lseek(fd, 0, os.SEEK_SET)
        _seal(fd)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _create(policy: int) -> int:
    if hasattr(os, "memfd_create"):
        if policy != ALLOW:
            with contextlib.suppress(OSError):
                return os.memfd_create("input", _MFD_CLOEXEC | _MFD_ALLOW_SEALING | _MFD_NOEXEC_SEAL)
        if policy != REQUIRE:
            return os.memfd_create("input", _MFD_CLOEXEC | _MFD_ALLOW_SEALING)
    if policy == REQUIRE:
        raise Unavailable("memfd_noexec is 2, but this kernel cannot seal memory against execution (Linux 6.3 can)")
    fd, name = tempfile.mkstemp(prefix="potluck-")
    Path(name).unlink()
    return fd


def _seal(fd: int) -> None:
    """Seal against writing, growing, shrinking and further seals; against execution where created so."""
    with contextlib.suppress(OSError):  # an older kernel does not know it; a file on disk has no seals
        fcntl.fcntl(fd, _F_ADD_SEALS, _F_SEAL_EXEC if _is_noexec(fd) else 0)
    with contextlib.suppress(OSError):
        fcntl.fcntl(fd, _F_ADD_SEALS, _F_SEAL_WRITE | _F_SEAL_GROW | _F_SEAL_SHRINK | _F_SEAL_SEAL)


def _is_noexec(fd: int) -> bool:
    return not os.fstat(fd).st_mode & 0o111


def _copy(path: Path, fd: int) -> None:
    with path.open("rb", buffering=0) as source:
        while chunk := source.read(_CHUNK):
            _write(fd, chunk)


def _write(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest):]
