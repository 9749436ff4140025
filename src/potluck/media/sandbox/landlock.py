"""Landlock: a process gives up every file, port, socket and signal that it was not expressly left.

The rule set asks for everything the kernel knows to restrict, by the version (ABI) the kernel reports:
files since 1 (moving between folders 2, truncating 3, device ioctls 5), TCP since 4, abstract sockets and signals
since 6. What is not restricted here because an older kernel cannot is named in docs/contributors/sandbox.md.
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable

from potluck.media.sandbox import kernel

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same number on every processor
_VERSION = 1
_PATH_BENEATH = 1
_LOG_NEW_EXEC_ON = 2

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | _TRUNCATE | 1 << 15

OUTPUT = (WRITE_FILE | READ_FILE | READ_DIR | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG
          | _REFER | _TRUNCATE)
"""Rights in the output folder: plain files and folders, nothing else, nothing executable."""


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("fd", ctypes.c_int32))


def abi() -> int:
    """The Landlock version of this kernel, 0 for none."""
    if not kernel.LINUX:
        return 0
    try:
        return kernel.syscall(_CREATE_RULESET, None, 0, _VERSION)
    except OSError:
        return 0


def restrict(rules: Iterable[tuple[int, int]]) -> int:
    """Give up everything but `rules`, for good. Needs no privilege, only `no_new_privs`.

    Args:
        rules: descriptors of folders or files, each with the rights that are kept beneath it.

    Returns:
        The version that was used; 0 when there is no Landlock, and then nothing was given up.
    """
    version = abi()
    if not version:
        return 0
    handled = _handled(version)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = kernel.syscall(_CREATE_RULESET, handled, size, 0)
    try:
        for fd, rights in rules:
            kernel.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, _PathBeneath(_fitting(fd, rights & handled.fs), fd), 0)
        kernel.syscall(_RESTRICT_SELF, ruleset, _LOG_NEW_EXEC_ON if version >= 7 else 0)
    finally:
        os.close(ruleset)
    return version


def _handled(version: int) -> _Ruleset:
    files = 13 + (version >= 2) + (version >= 3) + (version >= 5)
    return _Ruleset((1 << files) - 1, 0b11 if version >= 4 else 0, 0b11 if version >= 6 else 0)


def _fitting(fd: int, rights: int) -> int:
    """A file cannot carry the rights of folders."""
    return rights if stat.S_ISDIR(os.fstat(fd).st_mode) else rights & _FILE_RIGHTS
