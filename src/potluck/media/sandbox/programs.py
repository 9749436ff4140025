"""The one program a worker may become: ffmpeg. Where it lies, what it loads, and what it is told.

It is handed its inputs as descriptors, which needs the `fd` protocol of ffmpeg 6 or later; a system's ffmpeg that is
older is passed over for the one that comes with imageio-ffmpeg.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

_LOADERS = ("ld-linux", "ld-musl", "/ld.so")
_SECONDS = 20
CHANNEL = 3
"""Where a worker's words go, ffmpeg's progress among them."""

_OPTIONS = ("-hide_banner", "-nostdin", "-y", "-loglevel", "warning", "-nostats", "-progress", f"pipe:{CHANNEL}")


@dataclass(frozen=True, slots=True)
class Program:
    """An executable with all it opens while it starts."""

    path: str
    loader: str = ""
    libraries: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()  # before all others


@cache
def ffmpeg() -> Program | None:
    """The ffmpeg in use: the system's when it is new enough, else imageio-ffmpeg's; None when there is neither."""
    for path in (shutil.which("ffmpeg"), _bundled()):
        if path and _reads_descriptors(path):
            return replace(inspect(str(Path(path).resolve())), options=_OPTIONS)
    return None


def inspect(path: str) -> Program:
    """Find out which loader and libraries `path` needs, from the system's own loader."""
    listing = subprocess.run(["ldd", path], capture_output=True, text=True, timeout=_SECONDS, check=False).stdout  # noqa: S603, S607
    files = [word for line in listing.splitlines() for word in line.split() if word.startswith("/")]
    loader = next((file for file in files if any(name in file for name in _LOADERS)), "")
    libraries = [*(file for file in files if file != loader), "/etc/ld.so.cache"]
    return Program(path, loader, tuple(file for file in libraries if Path(file).exists()),
                   {"LC_ALL": "C.UTF-8", "GLIBC_TUNABLES": "glibc.cpu.x86_shstk=on"})


def _bundled() -> str | None:
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        return None


def _reads_descriptors(path: str) -> bool:
    try:
        listed = subprocess.run([path, "-hide_banner", "-protocols"], capture_output=True, text=True,  # noqa: S603
                                timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return "fd" in listed.stdout.split()


def command(program: Program, arguments: Sequence[str], inputs: Mapping[str, int]) -> list[str]:
    """The command line: `-i {name}` stands for the input `name`."""
    words = [Path(program.path).name, *program.options]
    for word in arguments:
        name = word[1:-1] if word.startswith("{") and word.endswith("}") else ""
        if name in inputs and words[-1] == "-i":
            words[-1:] = ["-fd", str(inputs[name]), "-i", "fd:"]
        else:
            words.append(word)
    return words
