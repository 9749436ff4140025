"""Finds the programs the tests need from the operating system, and installs them where that is ours to do.

As root on Debian or Ubuntu (a container, a CI runner) they are installed by apt; anybody else is told what to install.
A test run without one of them fails: tests that quietly do not run would look like tests that pass.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from places import SetupError, run, say

_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_APT_ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
_ATTEMPTS = 3


def chromium() -> Path | None:
    """The browser: `POTLUCK_TEST_CHROMIUM`, else the first known name on PATH."""
    named = os.environ.get("POTLUCK_TEST_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, _CHROMIUM_NAMES)), None)
    return Path(found) if found else None


def postgres_programs() -> Path | None:
    """The folder with `initdb` and `postgres`: the newest of Debian's, else the one on PATH."""
    debian = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if (folder / "initdb").exists()]
    if debian:
        return max(debian, key=lambda folder: float(folder.parent.name))
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def has_libatomic() -> bool:
    """Whether the library is there that Playwright's own Node asks for on Linux."""
    if sys.platform != "linux":
        return True
    try:
        ctypes.CDLL("libatomic.so.1")
    except OSError:
        return False
    return True


_NEEDED: dict[str, Callable[[], object]] = {
    "chromium": chromium, "postgresql": postgres_programs, "libatomic1": has_libatomic,
}


def ensure() -> None:
    """See that every program the tests need is there.

    Raises:
        SetupError: one is missing and cannot be installed by this user.
    """
    missing = [package for package, find in _NEEDED.items() if not find()]
    if not missing:
        return
    install(missing, why="the tests need them")
    still = [package for package in missing if not _NEEDED[package]()]
    if still:
        raise SetupError(f"after installing {' '.join(still)} the programs are still not found")


def install(packages: Iterable[str], *, why: str) -> None:
    """Install Debian packages if this is root on such a system.

    Args:
        packages: names as apt knows them.
        why: half a sentence for the message.

    Raises:
        SetupError: this user cannot install packages, or apt failed; the text says what to type.
    """
    names = list(packages)
    wanted = " ".join(names)
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SetupError(f"missing: {wanted} ({why}).\nInstall them, on Debian or Ubuntu with:\n"
                         f"    sudo apt-get install --no-install-recommends {wanted}")
    say(f"installing {wanted} by apt: {why}")
    _apt("update")
    _apt("install", "--yes", "--no-install-recommends", *names)


def _apt(*words: str) -> None:
    """Run apt-get; a mirror that stumbles gets another chance."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            run("apt-get", "--quiet", "-o", "DPkg::Lock::Timeout=300", *words,
                env={**os.environ, **_APT_ENVIRONMENT})
        except SetupError:
            if attempt == _ATTEMPTS:
                raise
            time.sleep(5 * attempt)
        else:
            return
